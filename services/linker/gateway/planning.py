"""Keep each delivery's state equal to what policy and link say. Everything here may be done again."""

import msgspec

from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, REPORTS_SEEN, WITHDRAWN, Delivery, Lane, SeenReport
from services.linker.links import policy
from services.linker.links.matching import PATIENTS_DISAGREE
from services.linker.links.merges import MergedPatients, merged_patients
from services.linker.links.records import LINKS, Link
from services.linker.links.states import Announcement, DeliveryKind, DeliveryState
from shared import clock
from shared.documents import Eq
from shared.documents.optimistic import change, derive
from shared.events import InstancesDeidentified
from shared.fhir.statuses import RETRACTED

_BEFORE_LEAVING = (DeliveryState.HELD, DeliveryState.PENDING)


def report_key(report_id: str) -> str:
    """Return the id of a report's delivery."""
    return f"report/{report_id}"


async def plan_batch(deps: GatewayDeps, event: InstancesDeidentified, recall_id: str = "") -> None:
    """Make the delivery of a batch, once; what it withdraws is sent no more.

    recall_id: the recall of the Study that is open. It goes first; what has left before leaves again at once.
    """
    arrived_at, withdraws = event.occurred_at.timestamp(), bool(event.withdrawn)
    has_left = bool(recall_id) and await _has_left(deps, event)

    async def step(old: Delivery | None) -> Delivery | None:
        if old is not None:
            return None
        at_once = withdraws or has_left
        leave = policy.instances_leave(deps.policy, arrived_at=arrived_at, linked=False, at_once=at_once)
        return Delivery(
            id=f"instances/{event.id}",
            kind=DeliveryKind.INSTANCES,
            state=leave.state,
            due_at=leave.due_at,
            arrived_at=arrived_at,
            site=event.site,
            correlation_id=event.correlation_id,
            receipt_id=event.receipt_id,
            study_instance_uid=event.keys.study_instance_uid,
            instances=event.instances,
            resent=event.resent,
            withdraws=withdraws,
            profile=event.profile,
            recall_id=recall_id if has_left else "",
            lane=Lane.PRIORITY if event.priority or recall_id else Lane.BULK,
        )

    if withdraws:
        await _stop(deps, event.keys.study_instance_uid, frozenset(event.withdrawn))
    await change(deps.documents, DELIVERIES, f"instances/{event.id}", step)
    await _plan_instances(deps, f"instances/{event.id}")


async def _has_left(deps: GatewayDeps, event: InstancesDeidentified) -> bool:
    """Say whether the centre confirmed all of these Instances before."""
    known = await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", event.keys.study_instance_uid))
    confirmed = {uid for each in known for uid in each.confirmed}
    return all(ref.sop_instance_uid in confirmed for ref in event.instances)


async def _stop(deps: GatewayDeps, study_instance_uid: str, uids: frozenset[str]) -> None:
    """Let no delivery of a Study send these Instances, now or when the centre asks for them again."""

    async def step(old: Delivery | None) -> Delivery | None:
        own = uids & {ref.sop_instance_uid for ref in old.instances} if old and not old.withdraws else frozenset()
        if old is None or not own or all(old.failed.get(uid) == WITHDRAWN for uid in own):
            return None
        confirmed = {uid: reason for uid, reason in old.confirmed.items() if uid not in own}
        stopped = msgspec.structs.replace(
            old,
            confirmed=confirmed,
            failed={**old.failed, **dict.fromkeys(own, WITHDRAWN)},
            recalled=tuple(uid for uid in old.recalled if uid not in own),
            announce=Announcement.DUE,
        )
        if stopped.waiting or old.state not in (*_BEFORE_LEAVING, DeliveryState.DONE):
            return stopped
        return msgspec.structs.replace(stopped, state=DeliveryState.DONE, done_at=old.done_at or clock.now())

    for delivery in await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", study_instance_uid)):
        await change(deps.documents, DELIVERIES, delivery.id, step)


async def plan_study(deps: GatewayDeps, study_instance_uid: str) -> None:
    """Decide anew about the batches of a Study that have not left yet."""
    for state in _BEFORE_LEAVING:
        where = (Eq("study_instance_uid", study_instance_uid), Eq("state", state))
        for delivery in await deps.documents.find_all(DELIVERIES, *where):
            await _plan_instances(deps, delivery.id)


async def _plan_instances(deps: GatewayDeps, delivery_id: str) -> None:
    async def step(old: Delivery | None) -> Delivery | None:
        if old is None or old.state not in _BEFORE_LEAVING or old.is_begun:
            return None
        linked = bool(await deps.documents.count(LINKS, Eq("studies", old.study_instance_uid)))
        leave = policy.instances_leave(deps.policy, arrived_at=old.arrived_at, linked=linked, at_once=old.withdraws)
        return msgspec.structs.replace(old, state=leave.state, due_at=leave.due_at)

    planned = await derive(deps.documents, DELIVERIES, delivery_id, step)
    if planned is not None and planned.state is DeliveryState.PENDING:
        deps.wake_up.set()


async def resend_report(deps: GatewayDeps, report_id: str) -> None:
    """Have a report go again that was delivered, or refused, before."""

    async def step(old: Delivery | None) -> Delivery | None:
        if old is None or old.state not in (DeliveryState.DONE, DeliveryState.FAILED):
            return None
        return msgspec.structs.replace(old, resent=True, refused="")

    await change(deps.documents, DELIVERIES, report_key(report_id), step)


async def put_first(deps: GatewayDeps, report_id: str) -> None:
    """Let a report's delivery go before the bulk."""

    async def step(old: Delivery | None) -> Delivery | None:
        return old and msgspec.structs.replace(old, lane=Lane.PRIORITY)

    await change(deps.documents, DELIVERIES, report_key(report_id), step)


async def plan_report(deps: GatewayDeps, report_id: str) -> Delivery | None:
    """Decide anew about a report's delivery."""

    async def step(old: Delivery | None) -> Delivery | None:
        report = await deps.documents.get(REPORTS_SEEN, report_id)
        link = await deps.documents.get(LINKS, report_id)
        if report is None or link is None:
            return None
        return planned(deps, old or _new(report), report, link, await merged_of(deps, report))

    delivery = await derive(deps.documents, DELIVERIES, report_key(report_id), step)
    if delivery is not None and delivery.state is DeliveryState.PENDING:
        deps.wake_up.set()
    return delivery


async def merged_of(deps: GatewayDeps, report: SeenReport) -> MergedPatients:
    """Return whose pseudonyms are one patient's with those of a report."""
    return await merged_patients(deps.documents, deps.site, report.patient_ids)


def planned(deps: GatewayDeps, old: Delivery, report: SeenReport, link: Link, merged: MergedPatients) -> Delivery:
    """Return the report's delivery as version, link, policy and review make it."""
    version = report.current
    want = wanted(report, link)
    contested = report.is_contested(old.approved, merged)
    facts = policy.ReportFacts(
        want=want,
        sent=old.sent,
        changed_version=not old.sent.startswith(f"{version.sha256}|"),
        linked=bool(link.studies),
        retracted=version.status in RETRACTED,
        flagged=version.flagged,
        approved=old.approved == version.sha256,
        contested=contested,
        arrived_at=version.seen_at,
    )
    if old.refused == want and not contested:
        return old
    leave = policy.report_leaves(deps.policy, deps.settings.review, facts)
    if (
        old.resent and not contested and leave.state is DeliveryState.DONE
    ):  # the centre may have lost it; to take it twice does no harm
        leave = policy.Leave(DeliveryState.PENDING, version.seen_at)
    same = old.want == want and old.state == leave.state
    untold = leave.state is DeliveryState.DONE and not set(report.receipt_ids) <= set(old.told)
    return msgspec.structs.replace(
        old,
        announce=Announcement.DUE if untold else old.announce,
        want=want,
        state=leave.state,
        due_at=old.due_at if same else leave.due_at,
        attempts=old.attempts if same else 0,
        reason=PATIENTS_DISAGREE if contested else old.reason if same else "",
    )


def wanted(report: SeenReport, link: Link) -> str:
    """Return version and link as one comparable text."""
    return f"{report.current.sha256}|{','.join(link.studies)}|{link.code}"


def _new(report: SeenReport) -> Delivery:
    version = report.current
    return Delivery(
        id=report_key(report.report_id),
        kind=DeliveryKind.REPORT,
        state=DeliveryState.HELD,
        due_at=0.0,
        arrived_at=min(v.seen_at for v in report.versions),
        site=version.site,
        correlation_id=version.correlation_id,
        report_id=report.report_id,
    )
