"""Moves a report from the identified to the de-identified zone."""

import hashlib

import orjson
from msgspec import structs

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.header_names.learned import Sighting
from services.anonymizer.merge_records import PATIENT_MERGES
from services.anonymizer.opt_out_records import NOT_COLLECTED, NotCollected, opted_out_now, withdraw_again
from services.anonymizer.opted_out import OPTED_OUT
from services.anonymizer.policy import Policy
from services.anonymizer.policy_now import policy_now
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
from services.anonymizer.reports.merges import events_of, is_merge, take_merge
from services.anonymizer.reports.retraction import retracted_at, retraction_of
from services.anonymizer.reports.review import RESIDUAL_RISK, is_decided, released
from shared.documents import Put
from shared.errors import Damaged, NotFound, Permanent, Refused, TooCostly, WorkerDied
from shared.events import Event, InputDeidentified, InputRefused, ReportDeidentified, ReportReceived
from shared.fhir.statuses import ReportStatus
from shared.metrics import DEIDENTIFIED
from shared.supervision import origin


async def deidentify_report(event: ReportReceived, deps: AnonymizerDeps) -> list[Event]:
    """De-identify one report, or quarantine it with a reason. A replay writes and says the same again."""
    decision = await deps.documents.get(DECISIONS, event.blob)
    if decision is not None and decision.is_rejection:
        return await _rejected(event, deps, decision)
    try:
        data = await deps.identified.get(event.blob)
    except NotFound:
        return await _done_before(event, deps)
    if is_damaged(event.blob, data):
        return await _refuse(event, deps, Damaged(DAMAGED, SEND_AGAIN), len(data))
    if is_merge(data):
        return await _merged(event, deps, data)
    report = await _cleaned(data, deps)
    if isinstance(report, Permanent) and report.reason == OPTED_OUT:
        return await _not_collected(event, deps)
    if isinstance(report, Permanent):
        return await _refuse(event, deps, report, len(data))
    sightings = [Sighting(told, report.keys.study_instance_uid or report.report_id) for told in report.told]
    await deps.learned.note(deps.documents, sightings, event.occurred_at.isoformat())
    is_released = decision is not None and is_decided(report, decision)
    if decision is not None and is_released:
        report = released(report, decision)
    elif report.review and deps.holds_flagged:
        risk = Refused(RESIDUAL_RISK, f"what is left may identify somebody: {', '.join(report.reasons)}")
        return await _refuse(event, deps, risk, len(data), report.keys.patient_id)
    audit = _audit(event, deps, report, decision.number if decision is not None and is_released else 0)
    await deps.deidentified.put(audit.document, report.document)  # bytes first: a record promises the bytes
    sealed = deps.written.missing(report.sealed)
    rows = await _in_state(event.blob, deps, State.RELEASED)
    await deps.documents.write(Put(REPORT_AUDIT, audit), *rows, *(Put(VAULT, entry) for entry in sealed))
    deps.written.note(sealed)
    if (await opted_out_now(deps.documents, deps.key_versions)).holds(audit.subject):  # meanwhile
        await deps.deidentified.delete(audit.document)
        await withdraw_again(deps.documents, audit.subject)
        return await _not_collected(event, deps)
    DEIDENTIFIED.labels("report", deps.policy.profile).inc()
    now = await deps.documents.get(DECISIONS, event.blob) if rows else None
    if now is not None and now.is_rejection:  # meanwhile; whoever rejected saw nothing that had left
        return await _rejected(event, deps, now)
    return _events(event, audit)


async def _merged(event: ReportReceived, deps: AnonymizerDeps, data: bytes) -> list[Event]:
    try:
        return await take_merge(event, deps, data)
    except Permanent as error:
        return await _refuse(event, deps, error, len(data))


async def _rejected(event: ReportReceived, deps: AnonymizerDeps, decision: Decision) -> list[Event]:
    """Refuse what a person rejected; of what had been handed over before, say to the centre that it was an error."""
    audit = await deps.documents.get(REPORT_AUDIT, event.blob)
    if audit is None:
        row = await deps.documents.get(QUARANTINE, event.blob)
        return [_refused(event, row.reason if row else RESIDUAL_RISK)]
    document = orjson.dumps(retraction_of(audit, decision.at))
    digest = hashlib.sha256(document).hexdigest()
    retracted = structs.replace(
        audit,
        document=f"reports/{digest}.json",
        sha256=digest,
        status=ReportStatus.ENTERED_IN_ERROR,
        issued=retracted_at(audit, decision.at),
        review=False,
        decision=decision.number,
    )
    await deps.deidentified.put(retracted.document, document)
    rows = await _in_state(event.blob, deps, State.REJECTED_LATE)
    await deps.documents.write(Put(REPORT_AUDIT, retracted), *rows)
    return _events(event, retracted)


async def _in_state(blob: str, deps: AnonymizerDeps, state: State) -> list[Put[Quarantined]]:
    row = await deps.documents.get(QUARANTINE, blob)
    return [] if row is None else [Put(QUARANTINE, structs.replace(row, state=state))]


async def _cleaned(data: bytes, deps: AnonymizerDeps) -> DeidentifiedReport | Permanent:
    """Return what a worker makes of the report; one that costs it too much is held, never passed as it is."""
    policy, _ = await policy_now(deps)
    for _ in range(2):  # a worker may have been killed for what another process took
        try:
            return await deps.cpu(deidentify_or_refuse, data, policy)
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


async def _done_before(event: ReportReceived, deps: AnonymizerDeps) -> list[Event]:
    """Say again what became of a report whose bytes are gone."""
    if await deps.documents.get(NOT_COLLECTED, event.blob) is not None:
        return [_refused(event, OPTED_OUT)]
    merge = await deps.documents.get(PATIENT_MERGES, event.blob)
    if merge is not None:
        return events_of(event, merge, profile.load(deps.policy.profile).label)
    audit = await _earlier(event, deps)
    if (await opted_out_now(deps.documents, deps.key_versions)).holds(audit.subject):
        return await _not_collected(event, deps)
    return _events(event, audit)


async def _not_collected(event: ReportReceived, deps: AnonymizerDeps) -> list[Event]:
    """Refuse a report of a patient who opted out; it is noted by its digest alone, and kept nowhere."""
    await deps.documents.put(NOT_COLLECTED, NotCollected(blob=event.blob, at=event.occurred_at.isoformat()))
    count_refused("report", OPTED_OUT)
    return [_refused(event, OPTED_OUT)]


async def _earlier(event: ReportReceived, deps: AnonymizerDeps) -> ReportAudit:
    audit = await deps.documents.get(REPORT_AUDIT, event.blob)
    if audit is None:
        raise NotFound("identified-blob-missing", "a report is neither in the identified store nor recorded as done")
    return audit


async def _refuse(
    event: ReportReceived, deps: AnonymizerDeps, error: Permanent, size_bytes: int, subject: str = ""
) -> list[Event]:
    earlier = await deps.documents.get(QUARANTINE, event.blob)
    since = earlier.at if earlier is not None and earlier.state in (State.WAITING, State.DECIDED) else ""
    row = Quarantined(
        blob=event.blob,
        receipt_id=event.receipt_id,
        kind=Kind.REPORT,
        reason=error.reason,
        detail=error.detail,
        size_bytes=size_bytes,
        at=since or event.occurred_at.isoformat(),
        subject=subject,
    )
    await deps.documents.put(QUARANTINE, row)
    count_refused("report", error.reason)
    return [_refused(event, error.reason)]


def _refused(event: ReportReceived, reason: str) -> InputRefused:
    return InputRefused.caused_by(event, receipt_id=event.receipt_id, reasons={event.blob: reason})


def _audit(event: ReportReceived, deps: AnonymizerDeps, report: DeidentifiedReport, decision: int) -> ReportAudit:
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
        decision=decision,
        rules_only=not deps.policy.analyse,
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
            priority=event.priority,
        ),
        InputDeidentified.caused_by(
            event,
            receipt_id=event.receipt_id,
            blobs=(event.blob,),
            known_as={event.blob: f"{audit.report_id}|{audit.sha256}"},
            sha256={event.blob: audit.sha256},
            profile=audit.profile,
        ),
    ]
