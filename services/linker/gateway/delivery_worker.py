"""Run a courier's rounds: at once while there is work, else when the bell rings or the sweep is due.

When the centre is away the wait grows, and one shipment at a time is tried until it is back; the backlog waits in the
``deliveries`` collection, so a restart goes on exactly where it stopped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.linker.settings import LinkerSettings
from shared.errors import Transient
from shared.logs import decided


@dataclass
class Outage:
    """Whether the centre is away, as one courier sees it. reason: a word. tries: how often in a row."""

    tries: int = 0
    reason: str = ""
    retry_after_s: float = 0.0

    def seen(self, reason: str, retry_after_s: float) -> None:
        """Note one more failure."""
        self.tries += 1
        self.reason = reason
        self.retry_after_s = retry_after_s

    def over(self) -> None:
        """Note that a round went without a failure."""
        self.tries, self.reason, self.retry_after_s = 0, "", 0.0


@dataclass
class Courier:
    """Repeats a round.

    round: do what is due and return how much was done; notes an outage instead of raising it.  rest_s: how long to rest
    when nothing was done; 0 takes the sweep's time.
    """

    name: str
    round: Callable[[Outage], Awaitable[int]]
    settings: LinkerSettings
    bell: asyncio.Event
    rest_s: float = 0.0
    outage: Outage = field(default_factory=Outage)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self.bell.clear()
            tries = self.outage.tries
            try:
                moved = await self.round(self.outage)
            except Transient as error:  # our own ports: as bad as an outage, and as temporary
                self.outage.seen(type(error).__name__, 0.0)
                moved = 0
            if self.outage.tries == tries:
                self.outage.over()
            if self.outage.tries:
                delay = self.delay_s
                decided("centre-away", level="warning", service="linker", reason=self.outage.reason, duration_s=delay)
                await asyncio.sleep(delay)
            elif not moved:
                await self._rest()

    @property
    def delay_s(self) -> float:
        """Return the wait after a failure: doubled each time, bounded, and never less than the centre asked for."""
        doubled = self.settings.retry_first_s * 2.0 ** min(self.outage.tries - 1, 20)
        return max(min(doubled, self.settings.retry_max_s), self.outage.retry_after_s)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self.rest_s or self.settings.sweep_s):
                await self.bell.wait()
        except TimeoutError:
            return
