"""Reads from the first bytes of a codestream how many samples it decodes to, before anything is decoded. Pure.

Source: ITU-T T.81 B.2.2 (JPEG), T.87 C.2.2 (JPEG-LS), T.800 A.5.1 and I.4 (JPEG 2000 and its file format), T.814
(HTJ2K: the same SIZ).
"""

import struct
from typing import Final

from shared.errors import Refused

MAX_FRAME_BYTES: Final = 1 << 29
"""Of one decoded frame. The largest frames that modalities make, of mammography and digital radiography, stay under
100 MB; what rendering holds beside a frame is a few times as much."""
_SOI, _SOC, _JP2 = b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  "
_STARTS_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_BOXES: Final = 64  # before the codestream of a JP2 file, at most


def samples_of(data: bytes) -> int | None:
    """Return how many samples the codestream decodes to; None if it is none of these, or does not say."""
    try:
        if data.startswith(_SOI):
            return _jpeg(data)
        if data.startswith(_JP2):
            data = data[_codestream_of_jp2(data) :]
        return _jpeg_2000(data) if data.startswith(_SOC) else None
    except (struct.error, IndexError):
        return None  # it ends within its header: decoders refuse it


def check(data: bytes, samples: int, sample_bytes: int) -> None:
    """Refuse a frame that would cost more than it may. samples: by Rows, Columns and Samples per Pixel.

    Raises Refused for a frame over MAX_FRAME_BYTES, and for a codestream of more samples than that.
    """
    if samples * sample_bytes > MAX_FRAME_BYTES:
        raise Refused("frame-too-large", f"a decoded frame has at most {MAX_FRAME_BYTES >> 20} MiB")
    coded = samples_of(data)
    if coded is not None and coded > samples:
        raise Refused("codestream-too-large", "it has more samples than Rows, Columns and Samples per Pixel say")


def _jpeg(data: bytes) -> int | None:
    pos = 2
    while pos + 4 <= len(data):
        marker = data[pos + 1]
        if data[pos] != 0xFF:
            return None
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            pos += 1 if marker == 0xFF else 2
            continue
        if marker in _STARTS_OF_FRAME:
            rows, columns, components = struct.unpack_from(">HHB", data, pos + 5)
            return int(rows * columns * components)
        pos += 2 + int.from_bytes(data[pos + 2 : pos + 4])
    return None


def _codestream_of_jp2(data: bytes) -> int:
    pos = 0
    for _ in range(_BOXES):
        length, kind = struct.unpack_from(">I4s", data, pos)
        if kind == b"jp2c":
            return pos + (16 if length == 1 else 8)
        pos += struct.unpack_from(">Q", data, pos + 8)[0] if length == 1 else max(8, length)
    return len(data)


def _jpeg_2000(data: bytes) -> int:
    """Return the image area of SIZ times its components; where its parts differ in size, the largest."""
    right, bottom, left, top = struct.unpack_from(">IIII", data, 8)
    (components,) = struct.unpack_from(">H", data, 40)
    return int(max(0, right - left) * max(0, bottom - top) * components)
