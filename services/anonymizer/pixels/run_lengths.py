"""An RLE frame with nothing behind or between its segments. Pure.

The segments are unpacked by a C library, which tells whether their last byte is needed; only of one with a surplus the
runs are counted.

Source: PS3.5 Annex G.
"""

import struct
from typing import Any, Final

import imagecodecs
import numpy as np

from services.anonymizer.pixels import native
from services.anonymizer.pixels.codestreams import UNREADABLE, UNUSED_BITS, Codestream
from services.anonymizer.pixels.layout import Layout
from services.anonymizer.pixels.runs import Runs
from shared.errors import Refused

_HEADER_BYTES: Final = 64
_OFFSETS: Final = 15


def cleared(data: memoryview, layout: Layout) -> Codestream:
    """Return what is unpacked to the image; raise Refused for what is no RLE frame of this layout.

    Raises Refused with reason UNUSED_BITS if something stands in the unused bits of its samples.
    """
    planes = layout.samples * -(-layout.allocated // 8)
    begins = _segments(data, planes)
    runs, offsets, unpacked = Runs(data), [], []
    pixels = layout.rows * layout.columns
    kept: list[tuple[int, int]] = []
    at = _HEADER_BYTES
    for begin, end in zip(begins, [*begins[1:], len(data)], strict=True):
        used, plane = _used(data[begin:end], pixels)
        unpacked.append(plane)
        offsets.append(at)
        kept.append((begin, begin + used))
        at += used + (used & 1)
    runs.put(struct.pack("<16I", planes, *offsets, *[0] * (_OFFSETS - planes)), 0, _HEADER_BYTES)
    for begin, end in kept:
        runs.keep(begin, end)
        if (end - begin) & 1:
            runs.put(b"\0", end, end + 1)
    if layout.has_unused_bits and native.has_surplus(_samples(unpacked, layout), layout):
        raise Refused(UNUSED_BITS, "the unused bits of samples hold something (PS3.5 8.1.1)")
    return Codestream(runs.parts(), runs.size, layout.stored, layout.rows, layout.columns, layout.samples)


def _segments(data: memoryview, planes: int) -> list[int]:
    if len(data) < _HEADER_BYTES or planes > _OFFSETS:
        raise Refused(UNREADABLE, "an RLE frame has no header (PS3.5 G.5)")
    count, *offsets = struct.unpack_from("<16I", data)
    begins = list(offsets[:planes])
    if count != planes or begins != sorted(begins) or begins[0] < _HEADER_BYTES or begins[-1] > len(data):
        raise Refused(UNREADABLE, "an RLE frame has other segments than its samples need (PS3.5 G.5)")
    return begins


def _used(segment: memoryview, pixels: int) -> tuple[int, bytes]:
    """Return how many bytes of a segment the pixels take, and their bytes."""
    size = len(segment)
    for used in (size, size - 1):  # as it is, or with a byte of padding
        plane = _unpacked(segment[:used])
        if plane is not None and len(plane) == pixels and len(_unpacked(segment[: used - 1]) or b"") < pixels:
            return used, plane
    used = _counted(segment, pixels)
    plane = _unpacked(segment[:used])
    if plane is None or len(plane) < pixels:
        raise Refused(UNREADABLE, "an RLE segment is unpacked to less than its pixels (PS3.5 G.3)")
    return used, plane[:pixels]


def _unpacked(segment: memoryview) -> bytes | None:
    """Return what a segment is unpacked to, None for one that ends within a run."""
    try:
        plane: Any = imagecodecs.packbits_decode(bytes(segment))
    except imagecodecs.PackbitsError:
        return None
    return bytes(plane)


def _counted(segment: memoryview, pixels: int) -> int:
    """Return how many bytes the runs of so many pixels take (PS3.5 G.3.2)."""
    pos = unpacked = 0
    while unpacked < pixels and pos < len(segment):
        control = segment[pos]
        if control < 128:
            unpacked += control + 1
            pos += control + 2
        else:
            unpacked += 257 - control if control > 128 else 0
            pos += 2 if control > 128 else 1
    return min(pos, len(segment))


def _samples(planes: list[bytes], layout: Layout) -> memoryview:
    """Return the samples in little endian; the most significant byte of each has the first segment (PS3.5 G.2)."""
    size = -(-layout.allocated // 8)
    rows = [np.frombuffer(plane, np.uint8) for plane in planes]
    samples = [np.stack(rows[first : first + size][::-1], axis=-1) for first in range(0, len(rows), size)]
    return memoryview(np.concatenate(samples).tobytes())
