"""Repeat one piece of the gateway's work under a lease: again at once while there is work, else after a rest.

The rest ends early when the wake-up event is set in this process; what another process has made due is seen after the
rest, ``sweep_s``. While the centre is away the wait grows, and one shipment at a time is tried until it is back. The
backlog waits in the ``deliveries`` collection, so after a restart this or another process goes on where it stopped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.linker.gateway.records import WORKERS, WorkerStatus
from services.linker.settings import LinkerSettings
from shared import clock
from shared.documents import Documents
from shared.errors import Transient
from shared.lease import Lease, Leases
from shared.logs import decided


@dataclass
class Outage:
    """Whether the centre is away, as one worker sees it. reason: a word. tries: how often in a row."""

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
class DeliveryWorker:
    """Repeats a round in whichever process of the linker has the lease of its name.

    round: do what is due and return how much was done; notes an outage instead of raising it.  rest_s: how long to rest
    when nothing was done; 0 takes ``sweep_s``.
    """

    name: str
    round: Callable[[Outage], Awaitable[int]]
    settings: LinkerSettings
    documents: Documents
    leases: Leases
    wake_up: asyncio.Event
    rest_s: float = 0.0
    outage: Outage = field(default_factory=Outage)
    _reported: WorkerStatus | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        await self.leases.work_under_lease(f"linker-{self.name}", self._repeat)

    async def _repeat(self, _: Lease) -> None:
        self.outage.over()
        self._reported = None
        while True:
            self.wake_up.clear()
            moved = await self._once()
            await self._report()
            if self.outage.tries:
                delay = self.delay_s
                decided("centre-away", level="warning", service="linker", reason=self.outage.reason, duration_s=delay)
                await asyncio.sleep(delay)
            elif not moved:
                await self._rest()

    async def _once(self) -> int:
        tries, moved = self.outage.tries, 0
        try:
            moved = await self.round(self.outage)
        except Transient as error:  # our own ports: as bad as an outage, and as temporary
            self.outage.seen(type(error).__name__, 0.0)
        if self.outage.tries == tries:
            self.outage.over()
        return moved

    @property
    def delay_s(self) -> float:
        """Return the wait after a failure: doubled each time, bounded, and never less than the centre asked for."""
        doubled = self.settings.retry_first_s * 2.0 ** min(self.outage.tries - 1, 20)
        return max(min(doubled, self.settings.retry_max_s), self.outage.retry_after_s)

    async def _report(self) -> None:
        """Write the outage, if it changed, for the pages and figures that any process serves."""
        tries = self.outage.tries
        next_at = clock.now() + self.delay_s if tries else 0.0
        status = WorkerStatus(name=self.name, tries=tries, reason=self.outage.reason, next_at=next_at)
        if status == self._reported:
            return
        try:
            await self.documents.put(WORKERS, status)
            self._reported = status
        except Transient as error:
            decided("status-not-written", level="warning", service="linker", error=type(error).__name__)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self.rest_s or self.settings.sweep_s):
                await self.wake_up.wait()
        except TimeoutError:
            return
