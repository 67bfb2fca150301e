"""Keep what goes to the centre to the rate of the hour: one allowance for all requests of this process.

Processes of one gateway divide the rate among them (share.py).
The rate is looked up for every piece, so it changes at the hour without a restart. Time passes by the steady clock;
only the hour is read from the time of day, in the site's time zone.
"""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from services.linker.gateway.delivery.share import Share
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
    """The bytes that may go. share: None has the whole.  now: the time of day at the site.

    steady: seconds.  sleep: waits; a test replaces these.
    """

    def __init__(
        self,
        rates: RateByHour,
        share: Share | None = None,
        *,
        now: Callable[[], dt.time] = SYSTEM_TIME.time_of_day,
        steady: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rates, self._share = rates, share
        self._now, self._steady, self._sleep = now, steady, sleep
        self._free_at = 0.0

    @property
    def limit(self) -> float:
        """The bytes a second of this hour, of all processes of the gateway; 0 is no limit."""
        return self._rates.at(self._now())

    @property
    def rate(self) -> float:
        """The bytes a second of this hour that this process has; 0 is no limit."""
        return self.limit / (self._share.count if self._share is not None else 1)

    async def take(self, size_bytes: int) -> None:
        """Wait until so many bytes may go; those who wait go in the order in which they came.

        Raises Transient while it is not known how many divide the limit.
        """
        if not self.limit:
            self._free_at = 0.0
            return
        while self._share is not None and (wait_s := await self._share.wait_s()):
            await self._sleep(wait_s)
        rate = self.rate
        if not rate:  # the hour has changed
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
