"""Moves a report from the identified to the de-identified zone."""

from msgspec import structs

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.policy import Policy
from services.anonymizer.profile import profile
from services.anonymizer.pseudonyms.vault import VAULT
from services.anonymizer.records import (
    DAMAGED,
    DECISIONS,
    QUARANTINE,
    REPORT_AUDIT,
    SEND_AGAIN,
    Decision,
    Kind,
    Quarantined,
    ReportAudit,
    State,
    count_refused,
    is_damaged,
)
from services.anonymizer.reports.deidentify import DeidentifiedReport, deidentify
from services.anonymizer.reports.review import RESIDUAL_RISK, is_decided, released
from shared.documents import Put
from shared.errors import Damaged, NotFound, Permanent, Refused, TooCostly, WorkerDied
from shared.events import Event, InputDeidentified, InputRefused, ReportDeidentified, ReportReceived
from shared.metrics import DEIDENTIFIED
from shared.supervision import origin


async def deidentify_report(event: ReportReceived, deps: AnonymizerDeps) -> list[Event]:
    """De-identify one report, or quarantine it with a reason. A replay writes and says the same again."""
    try:
        data = await deps.identified.get(event.blob)
    except NotFound:
        return _events(event, await _earlier(event, deps))
    if is_damaged(event.blob, data):
        return await _refuse(event, deps, Damaged(DAMAGED, SEND_AGAIN), len(data))
    report = await _cleaned(data, deps)
    if isinstance(report, Permanent):
        return await _refuse(event, deps, report, len(data))
    decision = await deps.documents.get(DECISIONS, event.blob)
    is_rejected = decision is not None and decision.is_rejection
    if decision is not None and is_decided(report, decision):
        report = released(report, decision)
    elif is_rejected or (report.review and deps.holds_flagged):
        risk = Refused(RESIDUAL_RISK, f"what is left may identify somebody: {', '.join(report.reasons)}")
        return await _refuse(event, deps, risk, len(data), decision)
    audit = _audit(event, deps, report)
    await deps.deidentified.put(audit.document, report.document)  # bytes first: a record promises the bytes
    earlier = await deps.documents.get(QUARANTINE, event.blob)
    row = [] if earlier is None else [Put(QUARANTINE, structs.replace(earlier, state=State.RELEASED))]
    sealed = deps.written.missing(report.sealed)
    await deps.documents.write(Put(REPORT_AUDIT, audit), *row, *(Put(VAULT, entry) for entry in sealed))
    deps.written.note(sealed)
    DEIDENTIFIED.labels("report", deps.policy.profile).inc()
    return _events(event, audit)


async def _cleaned(data: bytes, deps: AnonymizerDeps) -> DeidentifiedReport | Permanent:
    """Return what a worker makes of the report; one that costs it too much is held, never passed as it is."""
    for _ in range(2):  # a worker may have been killed for what another process took
        try:
            return await deps.cpu(deidentify_or_refuse, data, deps.policy)
        except TooCostly as error:
            return error
        except WorkerDied:
            continue
    return TooCostly("worker-died", "the worker process died of it")


def deidentify_or_refuse(data: bytes, policy: Policy) -> DeidentifiedReport | Permanent:
    """Return the de-identified report, or why there is none. Runs in a worker process."""
    try:
        return deidentify(data, policy)
    except Permanent as error:
        return error
    except Exception as error:  # one report that we cannot handle is for a person to see, and no dead letter
        return Refused("not-handled", f"{type(error).__name__} at {origin(error)}")


async def _earlier(event: ReportReceived, deps: AnonymizerDeps) -> ReportAudit:
    audit = await deps.documents.get(REPORT_AUDIT, event.blob)
    if audit is None:
        raise NotFound("identified-blob-missing", "a report is neither in the identified store nor recorded as done")
    return audit


async def _refuse(
    event: ReportReceived, deps: AnonymizerDeps, error: Permanent, size_bytes: int, decision: Decision | None = None
) -> list[Event]:
    row = Quarantined(
        blob=event.blob,
        receipt_id=event.receipt_id,
        kind=Kind.REPORT,
        reason=error.reason,
        detail=error.detail,
        size_bytes=size_bytes,
        at=event.occurred_at.isoformat(),
        state=State.REJECTED if decision is not None and decision.is_rejection else State.WAITING,
    )
    await deps.documents.put(QUARANTINE, row)
    count_refused("report", error.reason)
    return [InputRefused.caused_by(event, receipt_id=event.receipt_id, reasons={event.blob: error.reason})]


def _audit(event: ReportReceived, deps: AnonymizerDeps, report: DeidentifiedReport) -> ReportAudit:
    return ReportAudit(
        blob=event.blob,
        receipt_id=event.receipt_id,
        profile=profile.load(deps.policy.profile).label,
        keys_version=deps.policy.keys.version,
        removed=report.removed,
        dropped=report.dropped,
        review=report.review,
        reasons=report.reasons,
        report_id=report.report_id,
        document=f"reports/{report.sha256}.json",
        sha256=report.sha256,
        status=report.status,
        issued=report.issued,
        keys=report.keys,
        at=event.occurred_at.isoformat(),
    )


def _events(event: ReportReceived, audit: ReportAudit) -> list[Event]:
    return [
        ReportDeidentified.caused_by(
            event,
            receipt_id=event.receipt_id,
            report_id=audit.report_id,
            blob=audit.document,
            sha256=audit.sha256,
            status=audit.status,
            issued=audit.issued,
            keys=audit.keys,
            flagged=audit.review,
            resent=event.resent,
        ),
        InputDeidentified.caused_by(
            event,
            receipt_id=event.receipt_id,
            blobs=(event.blob,),
            known_as={event.blob: f"{audit.report_id}|{audit.sha256}"},
        ),
    ]
