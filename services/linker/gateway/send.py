"""The delivery workers' rounds: bring due Instances and reports to the centre and write down what it answered."""

import asyncio
import time
from collections.abc import Mapping

import msgspec

from services.linker.gateway import planning, stow_response
from services.linker.gateway.delivery_worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, REPORTS_SEEN, Delivery, SeenReport
from services.linker.gateway.transport import Centre, CentreUnavailable
from services.linker.links.matching import AWAITED
from services.linker.links.optimistic import change
from services.linker.links.records import LINKS, Link
from services.linker.links.states import Announcement, DeliveryKind, DeliveryState
from services.linker.reports import document as reports
from shared.documents import Eq, Order, Range
from shared.errors import Invalid, NotFound, Transient
from shared.events import InstanceRef
from shared.logs import decided
from shared.metrics import DELIVERED
from shared.metrics import REFUSED as REFUSALS

_ROUND = 64
_UNREADABLE = 0  # in place of an HTTP status: the report's own bytes are gone or broken


async def due(deps: GatewayDeps, kind: DeliveryKind) -> list[Delivery]:
    """Return the oldest deliveries that may leave now."""
    where = (Eq("kind", kind), Eq("state", DeliveryState.PENDING), Range("due_at", high=time.time()))
    page = await deps.documents.find(DELIVERIES, *where, order=(Order("due_at"),), limit=_ROUND)
    return page.documents


async def instances_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Send what is due, a few requests at a time; only one while the centre is away. Return how much was answered."""
    found = await due(deps, DeliveryKind.INSTANCES)
    waiting = [(d.id, d.study_instance_uid, ref) for d in found for ref in d.waiting]
    correlations = {d.id: d.correlation_id for d in found}
    bounds = deps.settings
    packed = stow_response.shipments(waiting, max_instances=bounds.batch_instances, max_bytes=bounds.batch_bytes)
    lanes = asyncio.Semaphore(bounds.streams)
    tries = outage.tries

    async def lane(shipment: stow_response.Shipment) -> int:
        async with lanes:
            if outage.tries > tries:
                return 0
            try:
                return await _ship(deps, centre, outage, shipment, correlations)
            except Transient as error:  # our own ports
                outage.seen(type(error).__name__, 0.0)
                return 0

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(lane(shipment)) for shipment in (packed[:1] if tries else packed)]
    return sum(task.result() for task in tasks)


async def _ship(
    deps: GatewayDeps, centre: Centre, outage: Outage, shipment: stow_response.Shipment, correlations: Mapping[str, str]
) -> int:
    shipment, missing = await _present(deps, shipment)
    if missing:
        await _record(deps, missing, {ref.sop_instance_uid: _MISSING for _, ref in missing.items})
    if not shipment.items:
        return 1
    started = time.monotonic()
    correlation_id = correlations[shipment.items[0][0]]
    try:
        instances = [ref for _, ref in shipment.items]
        answer = await centre.store(shipment.study_instance_uid, instances, correlation_id)
    except CentreUnavailable as error:
        outage.seen(error.reason, error.retry_after_s)
        return 0
    if answer.fates is None and len(shipment.items) > 1:
        return sum([await _ship(deps, centre, outage, half, correlations) for half in stow_response.halves(shipment)])
    fates = answer.fates or {ref.sop_instance_uid: _refused(answer.status) for _, ref in shipment.items}
    if any(verdict.fate is stow_response.Fate.WAIT for verdict in fates.values()):
        outage.seen("centre-full", 0.0)
    await _record(deps, shipment, fates)
    _say_shipped(shipment, fates, answer.status, time.monotonic() - started, correlation_id)
    return 1


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
            return None if old is None else answered(deps, old, verdicts, time.time())

        await change(deps.documents, DELIVERIES, delivery_id, step)
    for verdict in fates.values():
        if verdict.fate is stow_response.Fate.FAILED:
            REFUSALS.labels(service="linker", kind="instance", reason=_label(verdict.reason)).inc()
    DELIVERED.labels(kind="instance").inc(sum(v.fate is stow_response.Fate.STORED for v in fates.values()))


def answered(deps: GatewayDeps, old: Delivery, verdicts: Mapping[str, stow_response.Verdict], now: float) -> Delivery:
    """Return the delivery after an answer about some of its Instances."""
    unsure = any(verdict.fate is stow_response.Fate.RETRY for verdict in verdicts.values())
    attempts = old.attempts + 1 if unsure else old.attempts
    given_up = attempts >= deps.settings.attempts
    confirmed, failed = dict(old.confirmed), dict(old.failed)
    final = {
        uid
        for uid, verdict in verdicts.items()
        if verdict.fate in (stow_response.Fate.STORED, stow_response.Fate.FAILED)
    }
    for uid, verdict in verdicts.items():
        if verdict.fate is stow_response.Fate.STORED:
            confirmed[uid] = verdict.reason
            failed.pop(uid, None)
        elif verdict.fate is stow_response.Fate.FAILED or (verdict.fate is stow_response.Fate.RETRY and given_up):
            failed[uid] = verdict.reason
            confirmed.pop(uid, None)
    recalled = tuple(uid for uid in old.recalled if uid not in final and not given_up)
    new = msgspec.structs.replace(old, confirmed=confirmed, failed=failed, attempts=attempts, recalled=recalled)
    reasons = sorted(set(failed.values()))
    waits = sorted(
        {v.reason for v in verdicts.values() if v.fate in (stow_response.Fate.WAIT, stow_response.Fate.RETRY)}
    )
    delay = min(deps.settings.retry_first_s * 2 ** min(attempts, 20), deps.settings.retry_max_s)
    return msgspec.structs.replace(
        new,
        state=_state(new),
        due_at=now + delay if new.waiting and (waits or unsure) else old.due_at,
        reason=", ".join(reasons or waits),
        announce=Announcement.DUE if new.confirmed.keys() - old.confirmed.keys() else old.announce,
        done_at=0.0 if new.waiting else now,
    )


def _state(delivery: Delivery) -> DeliveryState:
    if delivery.waiting:
        return DeliveryState.PENDING
    return DeliveryState.FAILED if delivery.failed else DeliveryState.DONE


async def reports_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Post the reports that are due, one after the other; stop at the first sign of an outage."""
    posted = 0
    for delivery in await due(deps, DeliveryKind.REPORT):
        try:
            posted += await _post(deps, centre, delivery)
        except CentreUnavailable as error:
            outage.seen(error.reason, error.retry_after_s)
            return posted
    return posted


async def _post(deps: GatewayDeps, centre: Centre, delivery: Delivery) -> int:
    report = await deps.documents.get(REPORTS_SEEN, delivery.report_id)
    link = await deps.documents.get(LINKS, delivery.report_id)
    if report is None or link is None:
        return 0
    version = report.current
    want = planning.wanted(report, link)
    # A Study that the report names but this gateway has not seen may reach the centre by another way.
    named = (version.keys.study_instance_uid,) if link.code == AWAITED else link.studies
    try:
        document = reports.compose(await deps.blobs.get(version.blob), version.sha256, named, link.code)
    except (NotFound, Invalid):
        status = _UNREADABLE
    else:
        status = await centre.post_report(document, version.correlation_id)
    await _record_report(deps, delivery.id, want, status)
    decided("report-posted", service="linker", correlation_id=version.correlation_id, status=status)
    return 1


async def _record_report(deps: GatewayDeps, delivery_id: str, want: str, status: int) -> None:
    async def step(old: Delivery | None) -> Delivery | None:
        if old is None:
            return None
        report = await deps.documents.get(REPORTS_SEEN, old.report_id)
        link = await deps.documents.get(LINKS, old.report_id)
        return report_answered(deps, old, want, status, report, link) if report and link else None

    recorded = await change(deps.documents, DELIVERIES, delivery_id, step)
    if recorded is not None:
        await planning.plan_report(deps, recorded.report_id)
    if status in (200, 201):
        DELIVERED.labels(kind="report").inc()
    else:
        REFUSALS.labels(service="linker", kind="report", reason=_report_reason(status)).inc()


def report_answered(
    deps: GatewayDeps, old: Delivery, want: str, status: int, report: SeenReport, link: Link
) -> Delivery:
    """Return the report's delivery after the centre's answer about ``want``; what it wants may be newer by now."""
    if status not in (200, 201):
        refused = msgspec.structs.replace(old, refused=want, state=DeliveryState.FAILED, reason=_report_reason(status))
        return planning.planned(deps, refused, report, link)
    sent = msgspec.structs.replace(old, sent=want, refused="", reason="", attempts=0, done_at=time.time())
    return planning.planned(deps, sent, report, link)


def _report_reason(status: int) -> str:
    return "blob-unreadable" if status == _UNREADABLE else f"http-{status}"


def _label(reason: str) -> str:
    """Return a reason as a metric label: Failure Reasons by their class, so that the set stays closed."""
    return f"{reason[:2]}xx" if len(reason) == 4 and reason[0] in "AC" else reason
