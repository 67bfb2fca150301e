"""Which deliveries go first: what a person asked for, without holding up the others for good. Pure.

Of what goes, at least one in four is of the bulk while any of it waits; all else that has priority goes before it.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from services.linker.gateway.records import Delivery, Lane

SHARE: Final = 4
"""One in so many of a round is of the bulk."""


def is_urgent(delivery: Delivery) -> bool:
    """Say whether a delivery has priority."""
    return delivery.lane == Lane.PRIORITY


def chosen(urgent: Sequence[Delivery], due: Iterable[Delivery], most: int) -> list[Delivery]:
    """Return what a round takes, of so many at most: what has priority first, and a share for the others.

    urgent: the oldest that have priority.  due: the oldest of all.
    """
    bulk = [each for each in due if not is_urgent(each)]
    share = min(len(bulk), max(1, most // SHARE))
    first = list(urgent[: most - share])
    return [*first, *bulk[: most - len(first)]]
