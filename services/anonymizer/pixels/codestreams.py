"""What the readers of compressed frames give back."""

from typing import Final, NamedTuple

Buffer = bytes | memoryview
UNREADABLE: Final = "codestream-not-readable"
UNUSED_BITS: Final = "unused-bits"
"""The codestream may hold more bits of a sample than Bits Stored: only decoding tells."""


class Codestream(NamedTuple):
    """A compressed frame with nothing in it that is no image.

    parts: its bytes, stretches of the input where they are kept.  precision: the most bits that a decoder makes of a
    sample.
    """

    parts: list[Buffer]
    size: int
    precision: int
    rows: int
    columns: int
    components: int
