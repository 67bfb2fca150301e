"""Encapsulated pixel data with nothing in them that is no image: fragment by fragment, by each codestream's own end.

Nothing is decoded. Frames are found by the offset tables where these are right, else by their fragments; tables are
written anew where anything else changes. Pure.

Source: PS3.5 A.4 (encapsulation), PS3.3 C.7.6.3.1.8 (Extended Offset Table).
"""

import mmap
import struct
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from services.anonymizer.pixels.codestreams import UNREADABLE, UNUSED_BITS, Codestream
from services.anonymizer.pixels.frame_codecs import reader_of
from services.anonymizer.pixels.layout import Layout
from shared.dicom import elements
from shared.dicom.elements import EXPLICIT_LITTLE, Element, FileBytes
from shared.errors import Refused

Buffer = bytes | memoryview
Span = tuple[int, int]
_ITEM: Final = 8  # bytes of an Item's tag and length
_LARGEST_OFFSET: Final = (1 << 32) - 1
_BEGINS: Final = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")  # of JPEG, JPEG-LS and JPEG 2000 codestreams
_RELEASED: Final = 4 << 20  # bytes of a mapped file after whose frames its pages leave memory


class Encapsulated(NamedTuple):
    """Pixel data in fragments. parts: None where nothing changes.  sizes: of the frames, each with its padding.

    has_one_each: whether each frame has one fragment, as an Extended Offset Table asks.
    """

    parts: list[Buffer] | None
    sizes: list[int]
    has_one_each: bool

    @property
    def offsets(self) -> list[int]:
        """Return where the Item of each frame begins, counted from the first (PS3.5 A.4)."""
        return [0, *accumulate(size + _ITEM for size in self.sizes[:-1])]


def cleared(
    data: FileBytes, element: Element, layout: Layout, transfer_syntax_uid: str, *, decoded: bool
) -> Encapsulated:
    """Return the pixel data with nothing but the image.

    decoded: the unused bits have been looked at. Raises Refused where the frames cannot be told, a codestream cannot be
    read or has another size than the image, and with reason UNUSED_BITS where only decoding tells what they hold.
    """
    spans = elements.fragments(data, element, len(data))
    if len(spans) < 2:
        raise Refused(UNREADABLE, "encapsulated pixel data have no fragment (PS3.5 A.4)")
    read = reader_of(transfer_syntax_uid)
    table = data[slice(*spans[0])]
    groups = _frames(data, spans[1:], layout.frames, _offsets(table))
    view, since = memoryview(data), 0
    frames: list[Codestream] = []
    is_clear = groups[-1][-1] == spans[-1]
    for group in groups:
        stretches = [view[begin:end] for begin, end in group]
        frame = stretches[0] if len(stretches) == 1 else memoryview(b"".join(stretches))
        codestream = read(frame, layout)
        _check(codestream, layout, decoded=decoded)
        frames.append(codestream)
        is_clear = is_clear and _is_same(codestream, frame)
        since = _release(data, since + len(frame))
    as_stored = Encapsulated(None, [_even(frame.size) for frame in frames], all(len(group) == 1 for group in groups))
    if is_clear and (not table or table == _table([group[0][0] - groups[0][0][0] for group in groups])):
        return as_stored
    one_each = as_stored._replace(has_one_each=True)
    return one_each._replace(parts=_written(frames, _table(one_each.offsets) if table else b""))


def _offsets(table: bytes) -> list[int]:
    return [offset for (offset,) in struct.iter_unpack("<I", table[: len(table) // 4 * 4])]


def _table(offsets: Sequence[int]) -> bytes:
    """Return the Basic Offset Table; none where it cannot hold the offsets (PS3.5 A.4)."""
    return struct.pack(f"<{len(offsets)}I", *offsets) if offsets[-1] <= _LARGEST_OFFSET else b""


def _frames(data: FileBytes, fragments: list[Span], frames: int, offsets: list[int]) -> list[list[Span]]:
    """Return the fragments of each frame; those behind the last frame are part of it, or left out."""
    if frames == 1:
        return [fragments]
    if len(fragments) == frames:
        return [[fragment] for fragment in fragments]
    items = [begin - fragments[0][0] for begin, _ in fragments]
    if len(offsets) == frames and offsets[0] == 0 and offsets == sorted(set(offsets) & set(items)):
        cuts = [*(bisect_left(items, offset) for offset in offsets), len(items)]
        return [fragments[low:high] for low, high in pairwise(cuts)]
    begins = [number for number, (begin, _) in enumerate(fragments) if data[begin : begin + 4].startswith(_BEGINS)]
    if begins[:1] == [0] and len(begins) >= frames:
        cuts = [*begins, len(fragments)]
        return [fragments[low:high] for low, high in pairwise(cuts)][:frames]
    if not begins and len(fragments) > frames:  # RLE has one fragment for each frame: PS3.5 A.4.2
        return [[fragment] for fragment in fragments[:frames]]
    raise Refused(UNREADABLE, "the fragments are not those of Number of Frames (PS3.5 A.4)")


def _check(codestream: Codestream, layout: Layout, *, decoded: bool) -> None:
    """Refuse a frame that shows more than the image has, or whose samples have more bits."""
    if codestream.rows > layout.rows or codestream.columns > layout.columns or codestream.components > layout.samples:
        raise Refused("codestream-too-large", "it has more samples than Rows, Columns and Samples per Pixel say")
    if layout.has_unused_bits and codestream.precision > layout.stored and not decoded:
        raise Refused(UNUSED_BITS, "the codestream has more bits for a sample than Bits Stored (PS3.5 8.2)")


def _is_same(codestream: Codestream, frame: memoryview) -> bool:
    """Say whether the frame is the codestream, padded to even length."""
    if len(codestream.parts) != 1 or codestream.parts[0] != frame[: codestream.size]:
        return False
    padding = bytes(frame[codestream.size :])
    return not padding or (codestream.size & 1 == 1 and padding == b"\0")


def _written(frames: Sequence[Codestream], table: bytes) -> list[Buffer]:
    """Return Items with the table and the frames, one fragment for each, and the delimiter."""
    parts: list[Buffer] = [elements.header(elements.ITEM, b"", len(table), EXPLICIT_LITTLE), table]
    for frame in frames:
        parts.append(elements.header(elements.ITEM, b"", _even(frame.size), EXPLICIT_LITTLE))
        parts += frame.parts
        if frame.size & 1:
            parts.append(b"\0")
    return [*parts, elements.header(elements.SEQUENCE_END, b"", 0, EXPLICIT_LITTLE)]


def _even(size: int) -> int:
    return size + (size & 1)


def _release(data: FileBytes, since: int) -> int:
    """Let the pages of a mapped file leave memory, now and then; return how many bytes were read since."""
    if since < _RELEASED or not isinstance(data, mmap.mmap):
        return since
    data.madvise(mmap.MADV_DONTNEED)
    return 0
