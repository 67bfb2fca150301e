"""The images worker's round: bring due Instances to the centre and write down what it answered."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import msgspec

from services.linker.gateway.delivery import lanes, stow_response, trial
from services.linker.gateway.delivery.answers import answered
from services.linker.gateway.delivery.bandwidth import batch_bytes
from services.linker.gateway.delivery.holdings import confirmed_held
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, Delivery, Lane
from services.linker.links.states import DeliveryKind, DeliveryState
from shared import clock
from shared.bus.lanes import Lanes
from shared.documents import Eq, Order, Range
from shared.documents.optimistic import change
from shared.errors import Transient
from shared.events import InstanceRef
from shared.logs import decided
from shared.metrics import DELIVERED
from shared.metrics import REFUSED as REFUSALS
from shared.supervision import origin

_ROUND = 64
_LOOK_S = 1.0
"""How often a round that goes on looks for what has priority."""


async def due(deps: GatewayDeps, kind: DeliveryKind) -> list[Delivery]:
    """Return the oldest deliveries that may leave now, those that have priority first."""
    now, waiting = clock.now(), (Eq("kind", kind), Eq("state", DeliveryState.PENDING))
    far = await deps.documents.find(DELIVERIES, *waiting, Range("due_at", low=now + _longest_s(deps)), limit=_ROUND)
    for each in far.documents:
        await change(deps.documents, DELIVERIES, each.id, partial(_brought_near, deps, now))
    due_now, order = Range("due_at", high=now), (Order("due_at"),)
    page = await deps.documents.find(DELIVERIES, *waiting, due_now, order=order, limit=_ROUND)
    return lanes.chosen(await urgent(deps, kind), page.documents, _ROUND)


async def urgent(deps: GatewayDeps, kind: DeliveryKind) -> list[Delivery]:
    """Return the oldest deliveries that may leave now and have priority."""
    where = (Eq("lane", Lane.PRIORITY), Eq("kind", kind), Eq("state", DeliveryState.PENDING))
    due_now, order = Range("due_at", high=clock.now()), (Order("due_at"),)
    return (await deps.documents.find(DELIVERIES, *where, due_now, order=order, limit=_ROUND)).documents


def _longest_s(deps: GatewayDeps) -> float:
    """Return the longest wait that anything is given: what is due later was dated by a clock that was wrong."""
    return max(deps.settings.retry_max_s, deps.policy.delay_s) + 3600.0


async def _brought_near(deps: GatewayDeps, now: float, old: Delivery | None) -> Delivery | None:
    """Let a delivery that was dated by a clock that was ahead wait as long as it should from now on."""
    if old is None or old.state is not DeliveryState.PENDING or old.due_at < now + _longest_s(deps):
        return None
    return msgspec.structs.replace(old, due_at=now if old.is_begun else now + deps.policy.delay_s)


async def instances_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Send what is due, a few requests at a time; few while the centre is away. Return how much was answered.

    What fails is halved until one Instance stands alone. While others are taken that is the Instance's own failure,
    which is counted; otherwise the centre is away.
    """
    asked = await confirmed_held(deps, centre, await due(deps, DeliveryKind.INSTANCES), outage)
    deliveries = asked.deliveries
    round_ = _Round(deps, centre, outage, trial.of(outage.tries))
    round_.plan(deliveries)
    streams = 1 if outage.tries else deps.settings.streams if round_.queue else 0
    async with asyncio.TaskGroup() as group:
        for _ in range(streams):
            group.create_task(round_.lane())
    return await round_.settle() + asked.confirmed


@dataclass
class _Round:
    """One round of sending Instances. queue: what still has to be tried.  suspects: Instances that failed alone."""

    deps: GatewayDeps
    centre: Centre
    outage: Outage
    trial: trial.Trial
    correlations: dict[str, str] = field(default_factory=dict)
    first: set[str] = field(default_factory=set)
    queue: Lanes[stow_response.Shipment] = field(init=False)
    looked_at: float = 0.0
    suspects: list["_Suspect"] = field(default_factory=list)
    known: set[tuple[str, str]] = field(default_factory=set)
    tries: int = 0

    def __post_init__(self) -> None:
        self.queue = Lanes(lambda shipment: shipment.items[0][0] in self.first)
        self.tries = self.outage.tries

    def plan(self, deliveries: Sequence[Delivery]) -> None:
        """Pack what is due, each lane by itself."""
        self.looked_at = time.monotonic()
        self.correlations |= {each.id: each.correlation_id for each in deliveries}
        self.first |= {each.id for each in deliveries if lanes.is_urgent(each)}
        self.known |= {(each.id, uid) for each in deliveries for uid in each.tries}
        for is_first in (True, False):
            self._pack([each for each in deliveries if lanes.is_urgent(each) is is_first])

    def _pack(self, deliveries: Sequence[Delivery]) -> None:
        """Pack one lane; an Instance that failed before goes alone, after the others, and not during an outage."""
        bounds = self.deps.settings
        waiting = [(d.id, d.study_instance_uid, ref) for d in deliveries for ref in d.waiting]
        alone = [
            stow_response.Shipment(study, ((key, ref),))
            for key, study, ref in waiting
            if (key, ref.sop_instance_uid) in self.known
        ]
        fresh = [each for each in waiting if (each[0], each[2].sop_instance_uid) not in self.known]
        most = batch_bytes(bounds.batch_bytes, self.centre.rate, bounds.streams)
        packed = stow_response.shipments(fresh, max_instances=bounds.batch_instances, max_bytes=most)
        if self.tries:
            packed, alone = (packed, []) if packed else ([], alone)
        self.queue.extend(trial.turned([*packed, *alone], self.tries))

    async def lane(self) -> None:
        """Ship one after the other until there is nothing left or the centre is away."""
        while self.queue and not self.trial.is_outage and self.outage.tries == self.tries:
            await self._let_in()
            if not self.queue:
                break
            shipment = self.queue.pop()
            try:
                await self._ship(shipment)
            except CentreUnavailable as error:
                if error.may_be_request:
                    self._failed(shipment, error.reason, error.retry_after_s)
                else:
                    self.outage.seen(error.reason, error.retry_after_s)
            except Transient as error:  # our own ports: never the Instance's fault, but perhaps for this one only
                self._failed(shipment, type(error).__name__, 0.0, stow_response.Fate.WAIT)
            except Exception as error:
                kind, place = type(error).__name__, origin(error)
                decided("not-shipped", level="error", service="linker", error=kind, origin=place)
                self._failed(shipment, "not-handled", 0.0)

    async def _let_in(self) -> None:
        """Take what has got priority since the round began; what has to be asked for first waits for the next one."""
        if self.tries or time.monotonic() - self.looked_at < _LOOK_S:
            return
        self.looked_at = time.monotonic()
        late = await urgent(self.deps, DeliveryKind.INSTANCES)
        self.plan([each for each in late if each.id not in self.correlations and not each.resent])

    async def settle(self) -> int:
        """Count what failed alone while others were taken; else note an outage. Return how much was answered."""
        if self.outage.tries != self.tries:
            return self.trial.taken
        doubtful = [each for each in self.suspects if not self._is_known(each.shipment)]
        if self.trial.is_outage or (self.trial.in_row and not self.trial.taken and doubtful):
            self.outage.seen(self.trial.reason, self.trial.retry_after_s)
            return self.trial.taken
        if self.trial.taken or not self.tries:
            work = self.deps.set_asides.of("deliver images")
            await work.each(self.suspects, _delivery_of, self._record_suspect, is_all=True)
        elif self.suspects:
            self.outage.seen(self.suspects[0].verdict.reason, 0.0)
        return self.trial.taken

    async def _record_suspect(self, suspect: "_Suspect") -> None:
        uid = suspect.shipment.items[0][1].sop_instance_uid
        await _record(self.deps, suspect.shipment, {uid: suspect.verdict})

    def _is_known(self, shipment: stow_response.Shipment) -> bool:
        return (shipment.items[0][0], shipment.items[0][1].sop_instance_uid) in self.known

    def _failed(
        self,
        shipment: stow_response.Shipment,
        reason: str,
        retry_after_s: float,
        fate: stow_response.Fate = stow_response.Fate.RETRY,
    ) -> None:
        if not self._is_known(shipment):
            self.trial.failed(reason, retry_after_s)
        if len(shipment.items) > 1:
            self.queue.extend(stow_response.halves(shipment))
        else:
            self.suspects.append(_Suspect(shipment, stow_response.Verdict(fate, reason)))

    async def _ship(self, shipment: stow_response.Shipment) -> None:
        shipment, missing = await _present(self.deps, shipment)
        if missing:
            await _record(self.deps, missing, {ref.sop_instance_uid: _MISSING for _, ref in missing.items})
        if not shipment.items:
            self.trial.taken += 1
            return
        started = time.monotonic()
        correlation_id = self.correlations[shipment.items[0][0]]
        instances = [ref for _, ref in shipment.items]
        answer = await self.centre.store(shipment.study_instance_uid, instances, correlation_id)
        self.trial.took()
        if answer.fates is None and len(shipment.items) > 1:
            self.queue.extend_front(stow_response.halves(shipment))
            return
        fates = answer.fates or {ref.sop_instance_uid: _refused(answer.status) for _, ref in shipment.items}
        if any(verdict.fate is stow_response.Fate.WAIT for verdict in fates.values()):
            self.outage.seen("centre-full", 0.0)
        await _record(self.deps, shipment, fates)
        _say_shipped(shipment, fates, answer.status, time.monotonic() - started, correlation_id)


class _Suspect(NamedTuple):
    """An Instance that failed alone, and what is recorded of it if others were taken."""

    shipment: stow_response.Shipment
    verdict: stow_response.Verdict


def _delivery_of(suspect: _Suspect) -> str:
    return f"{suspect.shipment.items[0][0]} {suspect.shipment.items[0][1].sop_instance_uid}"


def _say_shipped(
    shipment: stow_response.Shipment,
    fates: Mapping[str, stow_response.Verdict],
    status: int,
    took_s: float,
    correlation_id: str,
) -> None:
    decided(
        "shipped",
        service="linker",
        correlation_id=correlation_id,
        count=sum(verdict.fate is stow_response.Fate.STORED for verdict in fates.values()),
        size_bytes=sum(ref.size_bytes for _, ref in shipment.items),
        status=status,
        duration_s=round(took_s, 3),
    )


_MISSING = stow_response.Verdict(stow_response.Fate.FAILED, "blob-missing")


def _refused(status: int) -> stow_response.Verdict:
    return stow_response.Verdict(stow_response.Fate.FAILED, f"http-{status}")


async def _present(
    deps: GatewayDeps, shipment: stow_response.Shipment
) -> tuple[stow_response.Shipment, stow_response.Shipment | None]:
    """Split off the Instances whose bytes are gone, before the request begins."""
    here: list[tuple[str, InstanceRef]] = []
    gone: list[tuple[str, InstanceRef]] = []
    for item in shipment.items:
        (gone if await deps.blobs.size(item[1].blob) is None else here).append(item)
    uid = shipment.study_instance_uid
    return stow_response.Shipment(uid, tuple(here)), stow_response.Shipment(uid, tuple(gone)) if gone else None


async def _record(
    deps: GatewayDeps, shipment: stow_response.Shipment, fates: Mapping[str, stow_response.Verdict]
) -> None:
    by_delivery: dict[str, dict[str, stow_response.Verdict]] = {}
    for delivery_id, ref in shipment.items:
        by_delivery.setdefault(delivery_id, {})[ref.sop_instance_uid] = fates[ref.sop_instance_uid]
    for delivery_id, verdicts in by_delivery.items():

        async def step(
            old: Delivery | None, verdicts: Mapping[str, stow_response.Verdict] = verdicts
        ) -> Delivery | None:
            return None if old is None else answered(deps, old, verdicts, clock.now())

        await change(deps.documents, DELIVERIES, delivery_id, step)
    for verdict in fates.values():
        if verdict.fate is stow_response.Fate.FAILED:
            REFUSALS.labels(service="linker", kind="instance", reason=_label(verdict.reason)).inc()
    DELIVERED.labels(kind="instance").inc(sum(v.fate is stow_response.Fate.STORED for v in fates.values()))


def _label(reason: str) -> str:
    """Return a reason as a metric label: Failure Reasons by their class, so that the set stays closed."""
    return f"{reason[:2]}xx" if len(reason) == 4 and reason[0] in "AC" else reason
