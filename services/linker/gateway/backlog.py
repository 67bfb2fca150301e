"""How much waits to be delivered, for how long, and when it may be over: figures, a page, and a check of readiness."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, WORKERS, Delivery
from services.linker.links.states import DeliveryKind, DeliveryState
from shared import clock
from shared.documents import Condition, Eq, Order, Range

MOST = 500
"""Of how many deliveries, the oldest, Instances and bytes are added up: each may hold 200 Instances."""
FRESH_S = 15.0
RATE_S: Final = 900.0
UNKNOWN: Final = -1
"""In place of a figure that nobody can know."""
_ANSWERED: Final = (DeliveryState.DONE, DeliveryState.FAILED, DeliveryState.PENDING)


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What is due, or will be, and not delivered.

    deliveries, instances, bytes_waiting: of images.  is_about: the latter two are estimated from the oldest deliveries.
    reports: how many.  oldest_at: since when the oldest has been due, seconds since 1970; 0 if none waits.
    next_at: when the centre is tried next while it is away, or when the first becomes due; 0 is now, or nothing waits.
    reason: why the centre takes nothing, empty if it does.
    rate: bytes of images a second that were delivered in the last RATE_S.  limit: of this hour; 0 is none.
    """

    deliveries: int = 0
    instances: int = 0
    bytes_waiting: int = 0
    is_about: bool = False
    reports: int = 0
    oldest_at: float = 0.0
    next_at: float = 0.0
    reason: str = ""
    rate: float = 0.0
    limit: float = 0.0

    @property
    def end_s(self) -> int:
        """In how many seconds the images will have gone, at the rate of late; UNKNOWN while nothing goes."""
        if not self.deliveries:
            return 0
        return UNKNOWN if self.reason or self.rate <= 0 else int(self.bytes_waiting / self.rate)


def extrapolated(deliveries: int, seen: list[Delivery]) -> tuple[int, int]:
    """Return how many Instances and bytes wait in so many deliveries. seen: the oldest of them. Pure."""
    refs = [ref for delivery in seen for ref in delivery.waiting]
    factor = max(1.0, deliveries / len(seen)) if seen else 1.0
    return round(len(refs) * factor), round(sum(ref.size_bytes for ref in refs) * factor)


@dataclass
class Backlog:
    """What waits. The figures are kept for a moment, as several ask for them. limit: of this hour, bytes a second."""

    deps: GatewayDeps
    limit: Callable[[], float] = lambda: 0.0
    _waiting: Waiting | None = None
    _at: float = 0.0

    async def waiting(self) -> Waiting:
        """Return what waits, as it was at most FRESH_S ago."""
        if self._waiting is None or time.monotonic() - self._at > FRESH_S:
            self._waiting, self._at = await self._read(), time.monotonic()
        return self._waiting

    async def figures(self) -> Mapping[str, int]:
        """Return Instances, bytes and reports that wait, for how long the oldest of each kind, and when it may end."""
        waiting = await self.waiting()
        return {
            "backlog instances": waiting.instances,
            "backlog bytes": waiting.bytes_waiting,
            "backlog reports": waiting.reports,
            "delivered of late, bytes a second": int(waiting.rate),
            "backlog ends, seconds": waiting.end_s,
            "next try, seconds": max(0, int(waiting.next_at - clock.now())) if waiting.next_at else 0,
            "oldest undelivered instances, seconds": await self._oldest_s(DeliveryKind.INSTANCES),
            "oldest undelivered report, seconds": await self._oldest_s(DeliveryKind.REPORT),
        }

    async def is_delivered_in_time(self) -> str:
        """Return "ok", or how long the oldest has been due if that is longer than the settings allow."""
        waited_s = max([await self._oldest_s(kind) for kind in DeliveryKind])
        late = waited_s > self.deps.settings.undelivered_late_s
        return f"a delivery has been due for {waited_s} s" if late else "ok"

    async def _read(self) -> Waiting:
        documents, now = self.deps.documents, clock.now()
        pending = Eq("state", DeliveryState.PENDING)
        images = (Eq("kind", DeliveryKind.INSTANCES), pending)
        deliveries = await documents.count(DELIVERIES, *images)
        seen = (await documents.find(DELIVERIES, *images, order=(Order("due_at"),), limit=MOST)).documents
        instances, size_bytes = extrapolated(deliveries, seen)
        first = (await documents.find(DELIVERIES, pending, order=(Order("due_at"),), limit=1)).documents
        away = [each for each in (await documents.find(WORKERS)).documents if each.tries]
        due_at = first[0].due_at if first else 0.0
        return Waiting(
            deliveries=deliveries,
            instances=instances,
            bytes_waiting=size_bytes,
            is_about=deliveries > len(seen),
            reports=await documents.count(DELIVERIES, Eq("kind", DeliveryKind.REPORT), pending),
            oldest_at=due_at if due_at <= now else 0.0,
            next_at=max([each.next_at for each in away], default=due_at if due_at > now else 0.0),
            reason=away[0].reason if away else "",
            rate=await self._rate(now),
            limit=self.limit(),
        )

    async def _rate(self, now: float) -> float:
        """Return the bytes a second of the deliveries that ended within RATE_S, of many the newest."""
        size_bytes, span_s = 0, RATE_S
        for state in _ANSWERED:
            where: tuple[Condition, ...] = (Eq("kind", DeliveryKind.INSTANCES), Eq("state", state))
            ended = Range("done_at", now - RATE_S, None)
            order = (Order("done_at", descending=True),)
            page = await self.deps.documents.find(DELIVERIES, *where, ended, order=order, limit=MOST)
            size_bytes += sum(_confirmed_bytes(each) for each in page.documents)
            if page.next is not None:
                span_s = min(span_s, max(1.0, now - page.documents[-1].done_at))
        return size_bytes / span_s

    async def _oldest_s(self, kind: DeliveryKind) -> int:
        """Return for how long the oldest delivery has been due without an answer about it; 0 if none is."""
        where = (Eq("kind", kind), Eq("state", DeliveryState.PENDING))
        page = await self.deps.documents.find(DELIVERIES, *where, order=(Order("due_at"),), limit=1)
        return max(0, int(clock.now() - page.documents[0].due_at)) if page.documents else 0


def _confirmed_bytes(delivery: Delivery) -> int:
    return sum(ref.size_bytes for ref in delivery.instances if ref.sop_instance_uid in delivery.confirmed)
