"""What the archive keeps of its own room: evictions that have begun, and what the last look found."""

import msgspec

from shared.documents import Collection


class EvictionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An eviction of one Study that has begun: these blobs are to go. Deleted when they are gone."""

    study_instance_uid: str
    blobs: tuple[str, ...]


class SpaceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the last look at the room found. at: seconds since 1970.

    held_bytes: of all Studies, before.  over_bytes: what should have gone and may not, by what stays.
    kept, unproven: Studies passed over because they stay, or because nobody has said that they can be recalled.
    """

    name: str
    at: float
    held_bytes: int = 0
    over_bytes: int = 0
    kept: int = 0
    unproven: int = 0


EVICTIONS = Collection(name="evictions", type=EvictionRecord, key="study_instance_uid")
SPACE = Collection(name="space", type=SpaceRecord, key="name")
