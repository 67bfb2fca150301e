"""What the archive keeps of bytes that no record names."""

import msgspec

from shared.documents import Collection


class SuspectRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A blob that no record names.

    seen_at: when that was found first, seconds since 1970.  sweep: the number of the sweep that found it.
    """

    blob: str
    seen_at: float
    sweep: int = 0


class SweepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How many sweeps for bytes without a record were made."""

    id: str
    number: int


SUSPECTS = Collection(name="orphan_suspects", type=SuspectRecord, key="blob")
SWEEPS = Collection(name="orphan_sweeps", type=SweepRecord, key="id")
