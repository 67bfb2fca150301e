"""Finds where the frames of an Instance lie, at store time, so that one frame can be read without the others.

Source: PS3.5 A.4 and Annex A (encapsulation, Basic and Extended Offset Table: PS3.3 C.7.6.3.1.8).
"""

import struct
from bisect import bisect_left
from itertools import pairwise

from services.archive.attributes.dicom_json import Header
from services.archive.pixels.shape import KEYWORDS, shape_in
from services.archive.records import Pixels
from shared.dicom import elements
from shared.dicom.elements import Buffer
from shared.dicom.file_format import Part10
from shared.dicom.json_values import integer
from shared.errors import Refused

Span = tuple[int, int]
_JPEG_ENDS = b"\xff\xd9"


def pixels_of(file: Part10[Buffer], header: Header) -> Pixels | None:
    """Return where pixel data and frames are; None if there are no pixel data."""
    element = header.pixels
    if element is None:
        return None
    keyword = KEYWORDS[f"{element.tag:08X}"]
    stated = max(1, integer(header.attributes, "00280008", 1))
    if not element.undefined:
        return Pixels(keyword, element.value, element.end, min(stated, _native_frames(header, element.length)))
    fragments = elements.fragments(file.data, element, len(file.data))
    frames = min(stated, max(1, len(fragments) - 1))  # each frame has a fragment of its own (PS3.5 A.4)
    spans = _frames(file, fragments, frames, _extended(file, header))
    return Pixels(keyword, element.value, fragments[-1][1] if fragments else element.value, frames, True, spans)


def _native_frames(header: Header, size_bytes: int) -> int:
    """Return how many frames begin within the pixel data, whatever Number of Frames says; at least one."""
    try:
        bits = shape_in(header.attributes).frame_bits
    except Refused:
        return 1
    return max(1, -(-size_bytes * 8 // bits))


def _frames(file: Part10[Buffer], items: list[Span], frames: int, extended: list[int]) -> tuple[tuple[Span, ...], ...]:
    table, fragments = (items[0], items[1:]) if items else ((0, 0), [])
    if frames == 1:
        return (tuple(fragments),)
    offsets = extended or _basic(file, table)
    if len(offsets) == frames and fragments:
        base = fragments[0][0] - 8
        return _by_offsets(fragments, [base + offset for offset in offsets])
    if len(fragments) == frames:
        return tuple((fragment,) for fragment in fragments)
    return _by_ends(file, fragments, frames)


def _basic(file: Part10[Buffer], table: Span) -> list[int]:
    raw = bytes(file.data[table[0] : table[1]])
    return [item[0] for item in struct.iter_unpack("<I", raw[: len(raw) // 4 * 4])]


def _extended(file: Part10[Buffer], header: Header) -> list[int]:
    span = header.bulk.get("7FE00001")
    raw = bytes(file.data[span[0] : span[1]]) if span else header.extended_offsets
    return [item[0] for item in struct.iter_unpack("<Q", raw[: len(raw) // 8 * 8])]


def _by_offsets(fragments: list[Span], starts: list[int]) -> tuple[tuple[Span, ...], ...]:
    """Each frame is the fragments whose Items begin at or after its offset and before the next frame's."""
    items = [fragment[0] - 8 for fragment in fragments]
    cuts = [bisect_left(items, start) for start in starts] + [len(items)]
    return tuple(tuple(fragments[low:high]) for low, high in pairwise(cuts))


def _by_ends(file: Part10[Buffer], fragments: list[Span], frames: int) -> tuple[tuple[Span, ...], ...]:
    """Without a table, a frame ends with the fragment that ends with its codestream's end marker (PS3.5 A.4)."""
    groups: list[tuple[Span, ...]] = []
    current: list[Span] = []
    for start, end in fragments:
        current.append((start, end))
        if bytes(file.data[max(start, end - 4) : end]).rstrip(b"\0").endswith(_JPEG_ENDS):
            groups.append(tuple(current))
            current = []
    return tuple(groups) if len(groups) == frames and not current else ()
