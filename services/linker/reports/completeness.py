"""What a gateway tells the centre of a day: counts of what it received, and where that is. Pure; no row of anybody.

received = stored + refused + waiting + deleted + differences, in contents: Instances and reports.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

MOST_DAYS: Final = 62
Day = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Number = Annotated[int, Meta(ge=0, le=1 << 53)]


class DayCounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One day of one site. counted_at: when the gateway counted it, RFC 3339.

    deleted: withdrawn, or deleted at the centre; part of stored in what a centre of before is told.
    """

    day: Day
    received: Number
    stored: Number
    refused: Number
    waiting: Number
    differences: Number
    deleted: Number = 0
    received_bytes: Number = 0
    counted_at: Annotated[str, Meta(max_length=40)] = ""

    @property
    def adds_up(self) -> bool:
        """Whether everything that was received is stored, refused, waiting or deleted."""
        return self.received == self.stored + self.refused + self.waiting + self.deleted and not self.differences

    @property
    def of_before(self) -> "DayCounts":
        """The same for a centre that does not know of deleted."""
        return msgspec.structs.replace(self, stored=self.stored + self.deleted, deleted=0)


class CompletenessReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest days of a site."""

    site: Annotated[str, Meta(min_length=1, max_length=64)]
    days: Annotated[tuple[DayCounts, ...], Meta(max_length=MOST_DAYS)]


def day_counts(shown: Mapping[str, Any]) -> DayCounts:
    """Return the counts of a day of the gateway's ledger, as it shows it. Raises KeyError and TypeError."""
    sums = {name: int(shown[name]["contents"]) for name in ("received", "stored", "refused", "waiting")}
    deleted = int(shown.get("deleted", {"contents": 0})["contents"])
    placed = sums["stored"] + sums["refused"] + sums["waiting"] + deleted
    return DayCounts(
        day=str(shown["day"]),
        **sums,
        deleted=deleted,
        differences=max(0, sums["received"] - placed),
        received_bytes=int(shown["received"]["size_bytes"]),
        counted_at=str(shown["counted_at"]),
    )
