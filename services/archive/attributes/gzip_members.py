"""Gzip members that can be put in a row without being one member each: one stream, for clients that stop at the first.

RFC 1952 lets members follow each other, but browsers and curl read only the first. So a member made here ends its
blocks with a full flush: cut off its header and its end, what is left are whole deflate blocks on a byte boundary, and
blocks in a row are one deflate stream (RFC 1951 3.2.3). The checksum of the whole is combined from the members'.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final

from isal import igzip, isal_zlib

HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # RFC 1952 2.3: no name, no time, unknown system
END: Final = b"\x03\x00"  # an empty last block
FLUSHED: Final = b"\x00\x00\xff\xff"  # what a flush leaves: an empty stored block
_TRAILER = struct.Struct("<II")
_TAIL = len(END) + _TRAILER.size
_RAW = -15


def member(data: bytes, level: int = 1) -> bytes:
    """Return the data as a gzip member that ``joined`` can put in a row."""
    machine = isal_zlib.compressobj(level, isal_zlib.DEFLATED, _RAW)
    blocks = machine.compress(data) + machine.flush(isal_zlib.Z_FULL_FLUSH)
    return b"".join((HEADER, blocks, END, _TRAILER.pack(isal_zlib.crc32(data), len(data) & 0xFFFFFFFF)))


def joined(members: Iterable[bytes]) -> Iterator[bytes]:
    """Yield one gzip stream that holds what the members hold, in order, without inflating them."""
    yield HEADER
    checksum = size = 0
    for each in members:
        whole = each if is_joinable(each) else member(inflated(each))
        each_checksum, each_size = _TRAILER.unpack_from(whole, len(whole) - _TRAILER.size)
        checksum = isal_zlib.crc32_combine(checksum, each_checksum, each_size)
        size += each_size
        yield whole[len(HEADER) : -_TAIL]
    yield END + _TRAILER.pack(checksum, size & 0xFFFFFFFF)


def joined_size(members: Iterable[bytes]) -> int | None:
    """Return the length of the stream; None if a member was made otherwise and must be made anew."""
    total = len(HEADER) + _TAIL
    for each in members:
        if not is_joinable(each):
            return None
        total += len(each) - len(HEADER) - _TAIL
    return total


def is_joinable(each: bytes) -> bool:
    """Say whether a gzip member was made by ``member``."""
    return each.startswith(HEADER) and each[-_TAIL - len(FLUSHED) : -_TRAILER.size] == FLUSHED + END


def inflated(each: bytes) -> bytes:
    """Return what a gzip member holds."""
    return bytes(igzip.decompress(each))  # type: ignore[no-untyped-call]
