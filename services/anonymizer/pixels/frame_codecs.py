"""Which reader takes the frames of a Transfer Syntax; those without one are refused. Pure.

Source: PS3.5 8.2, A.4; PS3.6 Annex A.
"""

from collections.abc import Callable
from typing import Final

from services.anonymizer.pixels import jpeg_2000_segments, jpeg_segments, native, run_lengths
from services.anonymizer.pixels.codestreams import Codestream
from services.anonymizer.pixels.layout import Layout
from shared.errors import Refused

Reader = Callable[[memoryview, Layout], Codestream]
_JPEG: Final = ("50", "51", "57", "70", "80", "81", "52", "53", "54", "55", "56", "58", "59", "60", "61", "62", "63")
_JPEG_2000: Final = ("90", "91", "92", "93", "201", "202", "203")
_RLE, _UNCOMPRESSED = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1.98"


def reader_of(transfer_syntax_uid: str) -> Reader:
    """Return what reads one frame; raise Refused where nothing tells where a frame ends and what is in it."""
    reader = _READERS.get(transfer_syntax_uid)
    if reader is None:
        raise Refused("pixel-data-not-checked", "what else stands in pixel data of this Transfer Syntax is not known")
    return reader


def _uncompressed(frame: memoryview, layout: Layout) -> Codestream:
    """Return one native frame in its fragment (PS3.5 A.4.13)."""
    one = layout._replace(frames=1)
    parts = native.cleared(frame, one, one.native_bits, little=True, words=False) or [frame]
    size = sum(len(part) for part in parts)
    return Codestream(parts, size, layout.stored, layout.rows, layout.columns, layout.samples)


def _jpeg(frame: memoryview, _: Layout) -> Codestream:
    return jpeg_segments.cleared(frame)


def _jpeg_2000(frame: memoryview, _: Layout) -> Codestream:
    return jpeg_2000_segments.cleared(frame)


_READERS: Final[dict[str, Reader]] = {
    **{f"1.2.840.10008.1.2.4.{number}": _jpeg for number in _JPEG},
    **{f"1.2.840.10008.1.2.4.{number}": _jpeg_2000 for number in _JPEG_2000},
    _RLE: run_lengths.cleared,
    _UNCOMPRESSED: _uncompressed,
}
