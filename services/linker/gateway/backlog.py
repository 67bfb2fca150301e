"""How much waits to be delivered, and for how long: figures, and a check of readiness."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES
from services.linker.links.states import DeliveryKind, DeliveryState
from shared import clock
from shared.documents import Eq, Order

MOST = 200
"""Of how many deliveries, the oldest, Instances and bytes are counted: each may hold 200 Instances."""
FRESH_S = 15.0


@dataclass
class Backlog:
    """What is due and not delivered. The figures are kept for a moment, as several ask for them."""

    deps: GatewayDeps
    _figures: Mapping[str, int] | None = None
    _at: float = 0.0

    async def figures(self) -> Mapping[str, int]:
        """Return Instances and bytes of the oldest deliveries that wait, and for how long the oldest of each kind."""
        if self._figures is None or time.monotonic() - self._at > FRESH_S:
            self._figures, self._at = await self._read(), time.monotonic()
        return self._figures

    async def is_delivered_in_time(self) -> str:
        """Return "ok", or how long the oldest has been due if that is longer than the settings allow."""
        waited_s = max([await self._oldest_s(kind) for kind in DeliveryKind])
        late = waited_s > self.deps.settings.undelivered_late_s
        return f"a delivery has been due for {waited_s} s" if late else "ok"

    async def _read(self) -> Mapping[str, int]:
        waiting = Eq("state", DeliveryState.PENDING)
        instances = Eq("kind", DeliveryKind.INSTANCES)
        page = await self.deps.documents.find(DELIVERIES, instances, waiting, order=(Order("due_at"),), limit=MOST)
        refs = [ref for delivery in page.documents for ref in delivery.waiting]
        return {
            "backlog instances": len(refs),
            "backlog bytes": sum(ref.size_bytes for ref in refs),
            "oldest undelivered instances, seconds": await self._oldest_s(DeliveryKind.INSTANCES),
            "oldest undelivered report, seconds": await self._oldest_s(DeliveryKind.REPORT),
        }

    async def _oldest_s(self, kind: DeliveryKind) -> int:
        """Return for how long the oldest delivery has been due without an answer about it; 0 if none is."""
        where = (Eq("kind", kind), Eq("state", DeliveryState.PENDING))
        page = await self.deps.documents.find(DELIVERIES, *where, order=(Order("due_at"),), limit=1)
        return max(0, int(clock.now() - page.documents[0].due_at)) if page.documents else 0
