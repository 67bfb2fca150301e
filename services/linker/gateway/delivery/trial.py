"""Tell one bad item from an outage, by whether the centre takes others in the same round. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
IN_ROW, IN_ROW_AWAY = 8, 2
"""How many failures in a row, nothing being taken in between, are an outage; and while it lasts."""


@dataclass
class Trial:
    """One round of sending. in_row_most: as above.  taken: answers that were about the items.  in_row: failures."""

    in_row_most: int
    taken: int = 0
    in_row: int = 0
    reason: str = ""
    retry_after_s: float = 0.0

    @property
    def is_outage(self) -> bool:
        """Say whether so much failed in a row that it is not one item's fault."""
        return self.in_row >= self.in_row_most

    @property
    def has_contrast(self) -> bool:
        """Say whether what failed did so while others were taken."""
        return bool(self.taken) and not self.is_outage

    def took(self) -> None:
        """Note that the centre answered about an item."""
        self.taken += 1
        self.in_row = 0

    def failed(self, reason: str, retry_after_s: float) -> None:
        """Note that it failed for an item, which may be the item's fault or the centre's."""
        self.in_row += 1
        self.reason, self.retry_after_s = reason, retry_after_s


def of(tries: int) -> Trial:
    """Return a round's trial. tries: how often in a row the centre was away."""
    return Trial(IN_ROW_AWAY if tries else IN_ROW)


def turned(items: Sequence[T], tries: int) -> list[T]:
    """Return the items of a round; while the centre is away another one is first each time."""
    if not tries or not items:
        return list(items)
    first = (tries - 1) % len(items)
    return [*items[first:], *items[:first]]
