"""The reports worker's round: post due reports to the centre and write down what it answered."""

import msgspec

from services.linker.gateway import planning
from services.linker.gateway.delivery import trial
from services.linker.gateway.delivery.send import due
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, REPORTS_SEEN, Delivery, SeenReport
from services.linker.links.matching import AWAITED
from services.linker.links.merges import NOBODY, MergedPatients
from services.linker.links.records import LINKS, Link
from services.linker.links.states import Announcement, DeliveryKind, DeliveryState
from services.linker.reports import document as reports
from shared import clock
from shared.documents.optimistic import change
from shared.errors import Invalid, NotFound, Transient
from shared.logs import decided
from shared.metrics import DELIVERED
from shared.metrics import REFUSED as REFUSALS
from shared.supervision import origin

_UNREADABLE = 0  # in place of an HTTP status: the report's own bytes are gone or broken


async def reports_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Post the reports that are due, one after the other, until the centre is away; one bad report is its own fault."""
    tries, attempt = outage.tries, trial.of(outage.tries)
    suspects: list[tuple[Delivery, str]] = []
    waiting: list[tuple[Delivery, str]] = []
    for delivery in trial.turned(await due(deps, DeliveryKind.REPORT), tries):
        try:
            if await _post(deps, centre, delivery):
                attempt.took()
        except CentreUnavailable as error:
            if not error.may_be_request:
                outage.seen(error.reason, error.retry_after_s)
                return attempt.taken
            suspects.append((delivery, error.reason))
            if not delivery.attempts:
                attempt.failed(error.reason, error.retry_after_s)
        except Transient as error:  # our own ports: never the report's fault, but perhaps for this one only
            waiting.append((delivery, type(error).__name__))
            attempt.failed(type(error).__name__, 0.0)
        except Exception as error:
            decided("not-posted", level="error", service="linker", error=type(error).__name__, origin=origin(error))
            suspects.append((delivery, "not-handled"))
        if attempt.is_outage:
            break
    failed = [*suspects, *waiting]
    if attempt.is_outage or (failed and not attempt.taken and (tries or attempt.in_row)):
        outage.seen(attempt.reason or failed[0][1], attempt.retry_after_s)
        return attempt.taken

    async def record(item: tuple[Delivery, str]) -> None:
        await _record_failed_report(deps, item[0].id, item[1], counts=item in suspects)

    await deps.set_asides.of("deliver reports").each(failed, lambda item: item[0].id, record, is_all=True)
    return attempt.taken


async def _record_failed_report(deps: GatewayDeps, delivery_id: str, reason: str, *, counts: bool) -> None:
    """Write down a failure. counts: as an attempt of the report; else it only waits."""

    async def step(old: Delivery | None) -> Delivery | None:
        if old is None:
            return None
        now = clock.now()
        later = msgspec.structs.replace(old, reason=reason, due_at=now + deps.settings.retry_max_s)
        return failed_report(deps, old, reason, now) if counts else later

    await change(deps.documents, DELIVERIES, delivery_id, step)


def failed_report(deps: GatewayDeps, old: Delivery, reason: str, now: float) -> Delivery:
    """Return a report's delivery after the centre failed for it while it took others."""
    attempts = old.attempts + 1
    if attempts >= deps.settings.attempts:
        return msgspec.structs.replace(
            old,
            attempts=attempts,
            refused=old.want,
            state=DeliveryState.FAILED,
            reason=reason,
            done_at=now,
            announce=Announcement.DUE,
            resent=False,
        )
    delay = min(deps.settings.retry_first_s * 2 ** min(attempts, 20), deps.settings.retry_max_s)
    return msgspec.structs.replace(old, attempts=attempts, reason=reason, due_at=now + delay)


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
        if report is None or link is None:
            return None
        return report_answered(deps, old, want, status, report, link, await planning.merged_of(deps, report))

    recorded = await change(deps.documents, DELIVERIES, delivery_id, step)
    if recorded is not None:
        await planning.plan_report(deps, recorded.report_id)
    if status in (200, 201):
        DELIVERED.labels(kind="report").inc()
    else:
        REFUSALS.labels(service="linker", kind="report", reason=_report_reason(status)).inc()


def report_answered(
    deps: GatewayDeps,
    old: Delivery,
    want: str,
    status: int,
    report: SeenReport,
    link: Link,
    merged: MergedPatients = NOBODY,
) -> Delivery:
    """Return the report's delivery after the centre's answer about ``want``; what it wants may be newer by now."""
    if status not in (200, 201):
        refused = msgspec.structs.replace(
            old,
            refused=want,
            state=DeliveryState.FAILED,
            reason=_report_reason(status),
            announce=Announcement.DUE,
            resent=False,
        )
        return planning.planned(deps, refused, report, link, merged)
    sent = msgspec.structs.replace(
        old, sent=want, refused="", reason="", attempts=0, done_at=clock.now(), announce=Announcement.DUE, resent=False
    )
    return planning.planned(deps, sent, report, link, merged)


def _report_reason(status: int) -> str:
    return "blob-unreadable" if status == _UNREADABLE else f"http-{status}"
