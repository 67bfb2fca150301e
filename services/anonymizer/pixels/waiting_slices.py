"""Slices of one Series that several events bring while a look is underway, looked at as one batch.

A look takes longer than a slice takes to arrive. A gateway that is fed faster than it looks would fall behind for good
if each event's slices were looked at alone; together they have the two ends and the middle of one batch.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from services.anonymizer.pixels.series_ends import Slice

Look = Callable[[Sequence[Slice], int], Awaitable[set[str]]]
"""Takes slices of one Series, and how many others arrived with them; returns the keys of those that are suspect."""


class _Share:
    """What one event brings. beside: how many slices were being looked at when it came.  suspects: the outcome."""

    def __init__(self, slices: Sequence[Slice], beside: int) -> None:
        self.slices, self.beside = slices, beside
        self.suspects: set[str] | None = None


class _Series:
    """Who waits for one Series. underway: how many slices are being looked at."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.shares: list[_Share] = []
        self.underway = 0


class WaitingSlices:
    """Lets one look at a Series run at a time in this process; all slices that wait for it are in the next one."""

    def __init__(self) -> None:
        self._series: dict[str, _Series] = {}

    async def suspects(self, series: str, slices: Sequence[Slice], look: Look) -> set[str]:
        """Return the keys of suspect slices, these and perhaps others. Raises what look raises for these slices.

        A look that fails, or is cancelled, leaves the others' slices to the next one.
        """
        row = self._series.setdefault(series, _Series())
        own = _Share(slices, row.underway)
        row.shares.append(own)
        try:
            async with row.lock:
                return await _looked(row, look) if own.suspects is None else own.suspects
        finally:
            row.shares.remove(own)
            if not row.shares:
                self._series.pop(series, None)


async def _looked(row: _Series, look: Look) -> set[str]:
    """Look at all that wait, and tell each what came out."""
    shares = [each for each in row.shares if each.suspects is None]
    together = {each.key: each for share in shares for each in share.slices}
    row.underway = len(together)
    try:
        suspects = await look(list(together.values()), max(share.beside for share in shares))
    finally:
        row.underway = 0
    for share in shares:
        share.suspects = suspects
    return suspects
