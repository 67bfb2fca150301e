"""Search all bytes of a Part 10 file for a string, in every encoding it could be in."""

import contextlib
import io
import zlib

import pydicom
from pydicom.filereader import read_preamble
from pydicom.uid import DeflatedExplicitVRLittleEndian

_CODECS = ("utf-8", "cp932", "euc_jp", "iso2022_jp_2", "iso2022_jp_1", "gb18030", "euc_kr", "utf-16-le", "latin-1")
_PIXELS = 4096


def found(text: str, data: bytes) -> bool:
    """Say whether text is in the plain bytes of a file, in any encoding."""
    return any(needle in data for needle in needles(text)) or any(needle in plain(data) for needle in needles(text))


def needles(text: str) -> set[bytes]:
    """Return text in all encodings; of ISO 2022 the inner bytes, of three letters or more."""
    result = set()
    for codec in _CODECS:
        with contextlib.suppress(UnicodeEncodeError):
            raw = text.encode(codec)
            if codec.startswith("iso2022") and not text.isascii():
                raw = raw.removeprefix(b"\x1b$B").removeprefix(b"\x1b$(D").removesuffix(b"\x1b(B")
            if len(raw) > 3 or (text.isascii() and len(raw) > 1):
                result.add(raw)
    return result


def plain(data: bytes) -> bytes:
    """Return the bytes with a deflated Data Set inflated, and without large pixel values."""
    if DeflatedExplicitVRLittleEndian.encode() in data[:1024]:
        stream = io.BytesIO(data)
        read_preamble(stream, force=False)
        pydicom.filereader._read_file_meta_info(stream)
        data = data[: stream.tell()] + zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[stream.tell() :])
    for tag in (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10"):
        start = data.rfind(tag)
        if 0 <= start < len(data) - _PIXELS:
            size = int.from_bytes(data[start + 8 : start + 12], "little" if tag[0] == 0xE0 else "big")
            if start + 12 + size <= len(data) and size:
                data = data[: start + 12] + data[start + 12 + size :]
    return data
