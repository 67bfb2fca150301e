"""Keep what goes to the centre to the rate of the hour: one allowance for all requests of this process.

The rate is looked up for every piece, so it changes at the hour without a restart. Time passes by the steady clock;
only the hour is read from the time of day, in the site's time zone.
"""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from shared.site.times import SYSTEM_TIME
from shared.text.hours import RateByHour

PIECE_S = 0.25
"""How much of the allowance is taken at once, in seconds of the rate: the burst, too."""
BATCH_S = 60.0
"""How long one Store request may take by the rate: what has priority, and a cut connection, cost at most this."""
_LEAST_BYTES = 1024
_LEAST_BATCH = 1 << 20


def batch_bytes(most: int, rate: float, streams: int) -> int:
    """Return how large a Store request may be. rate: bytes a second of all streams; 0 is no limit. Pure."""
    return min(most, max(_LEAST_BATCH, int(rate * BATCH_S / streams))) if rate else most


class Allowance:
    """The bytes that may go. now: the time of day at the site.  steady: seconds.  sleep: waits."""

    def __init__(
        self,
        rates: RateByHour,
        *,
        now: Callable[[], dt.time] = SYSTEM_TIME.time_of_day,
        steady: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rates, self._now, self._steady, self._sleep = rates, now, steady, sleep
        self._free_at = 0.0

    @property
    def rate(self) -> float:
        """The bytes a second of this hour; 0 is no limit."""
        return self._rates.at(self._now())

    async def take(self, size_bytes: int) -> None:
        """Wait until so many bytes may go; those who wait go in the order in which they came."""
        rate = self.rate
        if not rate:
            self._free_at = 0.0
            return
        now = self._steady()
        self._free_at = max(self._free_at, now - PIECE_S) + size_bytes / rate
        if self._free_at > now:
            await self._sleep(self._free_at - now)

    async def pieces(self, data: bytes) -> AsyncIterator[bytes]:
        """Yield data in pieces, each when it may go."""
        start = 0
        while start < len(data):
            rate = self.rate
            size = max(_LEAST_BYTES, int(rate * PIECE_S)) if rate else len(data)
            piece = data[start : start + size]
            await self.take(len(piece))
            yield piece
            start += size
