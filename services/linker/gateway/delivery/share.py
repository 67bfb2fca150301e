"""Among how many processes of a gateway the limit of the bandwidth is divided: those that may deliver at this moment.

Whoever delivers has a lease of a delivery worker, so the records of these leases say how many there are. All together
never have more than the limit: a process counts anew at a third of the time to live of a lease; one that begins to
deliver beside others lets nothing go for that time to live, until all have counted it; one that stopped, or could not
renew, delivers no more before its lease is another's. While the records cannot be read, the last number holds for the
time to live, by when the leases are lost as well; then nothing goes.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

from shared.errors import Transient
from shared.lease import LEASES, RENEWALS, LeaseRecord, Leases

DELIVERING: Final = ("linker-images", "linker-reports")
"""The leases of those that send Instances and reports."""
_Term = tuple[str, int]
"""Name and fence of a lease: one holder's term."""


def others_of(records: Collection[LeaseRecord], owner: str) -> frozenset[str]:
    """Return who else has a lease. Pure."""
    return frozenset(record.owner for record in records) - {"", owner}


def terms_of(records: Collection[LeaseRecord], owner: str) -> frozenset[_Term]:
    """Return which leases are ours, and since which taking. Pure."""
    return frozenset((record.name, record.fence) for record in records if record.owner == owner)


class Share:
    """How many divide the limit. steady: seconds."""

    def __init__(self, leases: Leases, *, steady: Callable[[], float] = time.monotonic) -> None:
        self._leases, self._steady = leases, steady
        self._turn = asyncio.Lock()
        self._looked_at = -float("inf")
        self._begins_at = 0.0
        self._terms: frozenset[_Term] = frozenset()
        self.count = 1

    async def wait_s(self) -> float:
        """Return after how many seconds to ask again, as nothing may go yet; 0: a count-th of the limit may go.

        Raises Transient while the number is not known.
        """
        every_s = self._leases.ttl_s / RENEWALS
        async with self._turn:
            if self._steady() - self._looked_at >= every_s:
                await self._look()
        return min(every_s, max(0.0, self._begins_at - self._steady()))

    async def _look(self) -> None:
        began, owner = self._steady(), self._leases.owner
        try:
            async with asyncio.timeout(self._leases.ttl_s / RENEWALS):
                records = (await self._leases.documents.get_many(LEASES, DELIVERING)).values()
        except (Transient, TimeoutError) as error:
            if began - self._looked_at < self._leases.ttl_s:
                return
            raise Transient("who delivers is not known") from error
        others, terms = others_of(records, owner), terms_of(records, owner)
        is_new = not terms & self._terms
        self.count, self._terms, self._looked_at = len(others) + 1, terms, began
        if not others:
            self._begins_at = began
        elif is_new:
            self._begins_at = self._steady() + max(self._leases.ttl_s, *(record.ttl_s for record in records))
