"""What of a batch of Instances waits for a person, was rejected by one, or goes out after all: their rows."""

from collections.abc import Sequence

from msgspec import structs

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.batch import About, Refusal
from services.anonymizer.instances.withdrawal import by_study, rejection_note
from services.anonymizer.opted_out import OPTED_OUT
from services.anonymizer.records import AUDIT, DECISIONS, QUARANTINE, Decision, Quarantined, State
from shared.documents import Put
from shared.events import Event, InstancesDeidentified, InstancesReceived

_REJECTED = "rejected"


async def rejected(deps: AnonymizerDeps, decisions: dict[str, Decision]) -> dict[str, Refusal]:
    """Return what a person rejected: it stays refused, whatever rules and settings say by now."""
    blobs = [blob for blob, decision in decisions.items() if decision.is_rejection]
    rows = await deps.documents.get_many(QUARANTINE, blobs) if blobs else {}
    return {blob: _refusal(rows[blob]) if blob in rows else Refusal(_REJECTED, "", 0, About()) for blob in blobs}


async def quarantine(
    event: InstancesReceived, deps: AnonymizerDeps, refused: dict[str, Refusal], decisions: dict[str, Decision]
) -> None:
    """Record what was refused. What a person rejected is in its state already, since the decision."""
    waiting = {
        blob: each
        for blob, each in refused.items()
        if each.reason != OPTED_OUT and (blob not in decisions or not decisions[blob].is_rejection)
    }
    if not waiting:
        return
    earlier = await deps.documents.get_many(QUARANTINE, list(waiting))
    since = {blob: row.at for blob, row in earlier.items() if row.state in (State.WAITING, State.DECIDED)}
    rows = [_row(event, blob, each, since.get(blob, "")) for blob, each in waiting.items()]
    await deps.documents.write(*(Put(QUARANTINE, row) for row in rows))


async def released(deps: AnonymizerDeps, blobs: Sequence[str]) -> list[Put[Quarantined]]:
    """Return the rows of what goes out now, in their new state."""
    rows = await deps.documents.get_many(QUARANTINE, blobs)
    return [Put(QUARANTINE, structs.replace(row, state=State.RELEASED)) for row in rows.values()]


async def late_rejections(deps: AnonymizerDeps, rows: Sequence[Put[Quarantined]]) -> list[str]:
    """Note of what went out that a person rejected it meanwhile, and return it. rows: as written; none is the rule."""
    written = {row.document.blob: row.document for row in rows}
    decisions = await deps.documents.get_many(DECISIONS, list(written)) if written else {}
    late = [written[blob] for blob, decision in decisions.items() if decision.is_rejection]
    if late:
        changed = (structs.replace(row, state=State.REJECTED_LATE) for row in late)
        await deps.documents.write(*(Put(QUARANTINE, row) for row in changed))
    return [row.blob for row in late]


async def withdrawals(event: InstancesReceived, deps: AnonymizerDeps, blobs: Sequence[str]) -> list[Event]:
    """Ask the centre to withdraw what of these had left before it was rejected. blobs: of what a person rejected.

    Returns an event for each Study: its note is to be delivered like any Instance, at once.
    """
    audits = (await deps.documents.get_many(AUDIT, blobs)).values() if blobs else ()
    decisions = await deps.documents.get_many(DECISIONS, [each.blob for each in audits]) if audits else {}
    events: list[Event] = []
    for of_study in by_study(audits):
        note, data = rejection_note(of_study, max(decisions[each.blob].at for each in of_study))
        await deps.deidentified.put(note.blob, data)
        noted = (structs.replace(each, withdrawn_by=note.sop_instance_uid) for each in of_study)
        await deps.documents.write(*(Put(AUDIT, each) for each in noted))
        keys = structs.replace(of_study[0].keys, modality="")
        uids = tuple(each.instance.sop_instance_uid for each in of_study)
        about = {"receipt_id": event.receipt_id, "keys": keys, "instances": (note,), "withdrawn": uids}
        events.append(InstancesDeidentified.caused_by(event, f"withdrawn|{note.sop_instance_uid}", **about))
    return events


def _row(event: InstancesReceived, blob: str, refusal: Refusal, since: str) -> Quarantined:
    about = refusal.about
    return Quarantined(
        blob=blob,
        receipt_id=event.receipt_id,
        reason=refusal.reason,
        detail=refusal.detail,
        sop_class_uid=about.sop_class_uid,
        size_bytes=refusal.size_bytes,
        at=since or event.occurred_at.isoformat(),
        series=about.series_instance_uid,
        subject=about.patient_id,
        device=about.device,
    )


def _refusal(row: Quarantined) -> Refusal:
    return Refusal(
        row.reason, row.detail, row.size_bytes, About(row.sop_class_uid, row.series, row.subject, row.device)
    )
