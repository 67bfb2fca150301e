"""How many bytes and bits an image has, by its Attributes alone: what is beyond is no image. Pure.

Source: PS3.3 C.7.6.3 (Image Pixel), C.7.6.6 (Multi-frame); PS3.5 8.1.1 (bits of a Pixel Cell), 8.2 (frames).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from shared.dicom.elements import Syntax
from shared.errors import Refused
from shared.whole_numbers import whole_number

UNCLEAR: Final = "image-size-unclear"
SAMPLES, PHOTOMETRIC, FRAMES, ROWS, COLUMNS = 0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011
ALLOCATED, STORED, HIGH_BIT, REPRESENTATION, PADDING = 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280120
_ORDER: Final = (SAMPLES, PHOTOMETRIC, FRAMES, ROWS, COLUMNS, ALLOCATED, STORED, HIGH_BIT, REPRESENTATION, PADDING)
_MOST_FRAMES: Final = (1 << 31) - 1  # of an IS
_SUBSAMPLED: Final = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})  # two samples for each pixel, where not compressed


class Layout(NamedTuple):
    """The Image Pixel Module. padding: the bits of Pixel Padding Value (0028,0120), None without one."""

    rows: int
    columns: int
    samples: int
    frames: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    photometric: str
    padding: int | None

    @property
    def native_bits(self) -> int:
        """Return the bits of all frames where they are not compressed; frames follow each other without a gap."""
        samples = 2 if self.photometric in _SUBSAMPLED else self.samples
        return self.rows * self.columns * samples * self.allocated * self.frames

    @property
    def has_unused_bits(self) -> bool:
        """Say whether a Pixel Cell has bits that are of no sample: there overlay planes were kept (PS3.5 8.1.2)."""
        return self.stored < self.allocated

    @property
    def unused_low_bits(self) -> int:
        """Return how many bits are below those of the sample."""
        return self.high_bit + 1 - self.stored


def layout_of(values: Mapping[int, bytes], syntax: Syntax) -> Layout:
    """Return the layout by the values of IMAGE_TAGS; raise Refused where they do not say how large the image is."""
    return _layout(tuple(values.get(tag, b"") for tag in _ORDER), syntax)


@lru_cache(256)
def _layout(values: tuple[bytes, ...], syntax: Syntax) -> Layout:
    by_tag = dict(zip(_ORDER, values, strict=True))

    def number(tag: int, missing: int = 0) -> int:
        value = by_tag[tag]
        return int(syntax.u16.unpack_from(value)[0]) if len(value) >= 2 else missing

    allocated = number(ALLOCATED)
    stored = number(STORED, allocated)
    layout = Layout(
        rows=number(ROWS),
        columns=number(COLUMNS),
        samples=number(SAMPLES, 1),
        frames=_frames(by_tag[FRAMES]),
        allocated=allocated,
        stored=stored,
        high_bit=number(HIGH_BIT, stored - 1),
        signed=number(REPRESENTATION) == 1,
        photometric=by_tag[PHOTOMETRIC].decode("ascii", "replace").strip(" \0"),
        padding=number(PADDING) if by_tag[PADDING] else None,
    )
    if min(layout.rows, layout.columns, layout.samples, layout.frames, layout.allocated) < 1:
        raise Refused(UNCLEAR, "Rows, Columns, Bits Allocated or Number of Frames do not say how large the image is")
    if layout.has_unused_bits and not layout.stored - 1 <= layout.high_bit < layout.allocated:
        raise Refused(UNCLEAR, "Bits Stored and High Bit do not fit into Bits Allocated (PS3.5 8.1.1)")
    return layout


def _frames(value: bytes) -> int:
    """Return Number of Frames, 1 where it is missing or 0, as senders write it; -1 for what is no number."""
    text = value.decode("ascii", "replace").strip(" \0").removeprefix("+")
    if not text:
        return 1
    number = whole_number(text, _MOST_FRAMES)
    return -1 if number is None else max(1, number)
