"""Keeps work whose cost grows with what there is to a share of the time: the longer it took, the longer it waits."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Pace:
    """One for each such work. share: of the time.  longest_s: the longest pause.

    wake: called when a round that was put off may go.
    """

    def __init__(
        self, share: float, longest_s: float, wake: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._share, self._longest_s, self._wake, self._clock = share, longest_s, wake, clock
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def round(self, work: Callable[[], Awaitable[int]]) -> int:
        """Return what the work returns; 0 without doing any if it is too soon after the last time."""
        began = self._clock()
        if began < self._next:
            self._put_off(self._next - began)
            return 0
        try:
            return await work()
        finally:
            ended = self._clock()
            self._next = ended + min(self._longest_s, (ended - began) * (1 / self._share - 1))

    def _put_off(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        self._wake()
