"""What of merges the gateway still has to tell the centre."""

import enum

import msgspec

from shared.documents import Collection


class ToldState(enum.StrEnum):
    """Whether the centre knows it."""

    DUE = "due"
    DONE = "done"


class MergeDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was said of merges. id: the name by which receipts know it.  merges: ids of the records.

    receipts: that it came by, and told: those for which it was said to be delivered.  revision: counts what was added.
    """

    id: str
    state: ToldState
    merges: tuple[str, ...]
    receipts: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    revision: int = 0


MERGE_DELIVERIES = Collection(name="merge_deliveries", type=MergeDelivery, key="id", fields=("state",))
