"""What all scrubs share: how one is waited for, how fast it reads, and what it says of what it cannot read."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from shared.errors import Transient
from shared.lease import LeaseLost
from shared.logs import decided
from shared.metrics import SCRUBBED
from shared.supervision import origin

DAY_S = 86_400.0
IDLE_S = 3600.0
"""How often it is asked whether the next scrub is to begin."""
AWAY_S = 60.0
"""After which a store that did not answer is asked again."""


async def scrub_when_due(service: str, rate_bytes: float, scrub: Callable[[float], Awaitable[bool]]) -> None:
    """Have a store scrubbed whenever it is time, never at a rate of 0; a store that does not answer is waited for.

    scrub: does it if it is due, and says whether it did; it gets the seconds since it last did, by this process' own
    clock.  rate_bytes: a second.  Raises LeaseLost.
    """
    if not rate_bytes:
        await asyncio.Event().wait()
    waited_s = 0.0
    while True:
        wait_s = IDLE_S
        try:
            if await scrub(waited_s):
                waited_s = 0.0
        except LeaseLost:
            raise
        except Transient as error:
            decided("scrub-waits", level="warning", service=service, error=type(error).__name__)
            wait_s = AWAY_S
        await asyncio.sleep(wait_s)
        waited_s += wait_s


async def keep_to_rate(size_bytes: int, rate_bytes: float, started: float) -> None:
    """Wait until so many bytes are read at the rate. started: when their reading began, by the monotonic clock."""
    await asyncio.sleep(max(0.0, size_bytes / rate_bytes - (time.monotonic() - started)))


def note_unread(service: str, error: Exception) -> None:
    """Count and log what could not be read, while others can; the next scrub meets it again."""
    SCRUBBED.labels(service, "unread").inc()
    kind, place = type(error).__name__, origin(error) or None
    decided("not-compared", level="error", service=service, error=kind, origin=place)
