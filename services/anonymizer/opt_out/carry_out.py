"""Carries out opt-outs at this gateway: deletes what the anonymizer keeps, and has ingest and linker do the rest.

Audit rows stay, by pseudonyms: they are the log of what was done. What was made of the patient is read from them, so
the work may be broken off anywhere and begun again.
"""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.opt_out.remembered import resolved
from services.anonymizer.opt_out_records import (
    IN_FORCE,
    NOT_COLLECTED,
    OPT_OUTS,
    TO_DO,
    NotCollected,
    OptOut,
    OptOutState,
)
from services.anonymizer.opted_out import OPTED_OUT
from services.anonymizer.pseudonyms.vault import VAULT
from services.anonymizer.records import (
    AUDIT,
    DECISIONS,
    QUARANTINE,
    REPORT_AUDIT,
    SERIES_LOOKS,
    Audit,
    Quarantined,
    ReportAudit,
)
from shared import clock
from shared.bus import Bus
from shared.documents import Collection, Delete, Documents, Eq, In, Order, Put
from shared.documents.optimistic import change
from shared.errors import Transient
from shared.events import MAX_BATCH, Event, InputRefused, PatientOptedOut, PatientWithdrawn
from shared.lease import Lease, LeaseLost
from shared.logs import decided
from shared.set_aside import SetAsides

IDLE_S = 1.0
_PAGE = 500


class _Kept(msgspec.Struct, frozen=True):
    """What there is of a patient. blobs: identified key → receipt.  held: keys of de-identified bytes.

    sealed: pseudonyms that the vault opens.
    """

    blobs: dict[str, str]
    waiting: tuple[str, ...]
    held: tuple[str, ...]
    studies: tuple[str, ...]
    series: tuple[str, ...]
    reports: tuple[str, ...]
    sealed: tuple[str, ...]
    instances: int


async def carry_out_forever(deps: AnonymizerDeps, bus: Bus, lease: Lease) -> None:
    """Carry out what people asked for, in whichever process they did, until cancelled."""
    while True:
        try:
            await carry_out_some(deps, bus, lease)
        except LeaseLost:
            raise
        except Transient as error:
            decided("opt-out-waits", level="warning", service="anonymizer", error=type(error).__name__)
        await asyncio.sleep(IDLE_S)


async def carry_out_some(deps: AnonymizerDeps, bus: Bus, lease: Lease) -> int:
    """Carry out every opt-out that waits; one that fails is set aside and tried again."""
    await lease.check()
    rows = await deps.documents.find_all(OPT_OUTS, In("state", TO_DO), order=(Order("asked_at"),))
    work = SetAsides(deps.documents, "anonymizer").of("opt-out")
    return await work.each(rows, lambda row: row.id, partial(_carry_out, deps, bus)) if rows else 0


async def take_withdrawn(event: PatientWithdrawn, deps: AnonymizerDeps) -> Sequence[Event]:
    """Note that linker and centre are done."""

    async def step(old: OptOut | None) -> OptOut | None:
        waits = OptOutState.LIFTING if event.lifts else OptOutState.WITHDRAWING
        if old is None or old.revision != event.revision or old.state is not waits:
            return None
        if event.lifts:
            return msgspec.structs.replace(old, state=OptOutState.LIFTED, done_at=event.at)
        return msgspec.structs.replace(
            old,
            state=OptOutState.DONE,
            counts={**old.counts, **event.counts},
            sha256=event.sha256,
            recipients=event.recipients,
            done_at=event.at,
        )

    await change(deps.documents, OPT_OUTS, event.opt_out_id, step)
    return ()


async def _carry_out(deps: AnonymizerDeps, bus: Bus, row: OptOut) -> None:
    row = await resolved(deps.documents, row)
    lifts = row.state is OptOutState.LIFT_REQUESTED
    if lifts:
        row = msgspec.structs.replace(row, patients=await lifted(deps.documents, row))
    if lifts and not row.patients and not row.digests:  # another opt-out covers them all
        await change(deps.documents, OPT_OUTS, row.id, _lifted_at_once)
        return
    kept = None if lifts else await _kept(deps.documents, row.patients)
    if kept is not None:
        await _delete(deps, kept)
        await bus.publish(*_refusals(deps, row, kept))
    await bus.publish(
        PatientOptedOut.first(
            f"{row.id}|{row.revision}|{lifts}|{row.asked_at}",
            correlation_id=row.id,
            site=deps.policy.site,
            opt_out_id=row.id,
            revision=row.revision,
            patient_ids=row.patients,
            study_instance_uids=kept.studies if kept else (),
            report_ids=kept.reports if kept else (),
            lifts=lifts,
        )
    )
    now = _counts(kept) if kept else {}
    counts = {**row.counts, **{kind: max(count, row.counts.get(kind, 0)) for kind, count in now.items()}}

    async def step(old: OptOut | None) -> OptOut | None:
        if old is None or (old.revision, old.state) != (row.revision, row.state):
            return None  # a person decided anew meanwhile
        state = OptOutState.LIFTING if lifts else OptOutState.WITHDRAWING
        patients = tuple(dict.fromkeys((*old.patients, *row.patients)))
        return msgspec.structs.replace(old, state=state, counts=counts, patients=patients)

    await change(deps.documents, OPT_OUTS, row.id, step)


async def lifted(documents: Documents, row: OptOut) -> tuple[str, ...]:
    """Return the patients of an opt-out that ends whom no other one covers, as after a merge of their numbers."""
    others = await documents.find_all(OPT_OUTS, Eq("in_force", IN_FORCE))
    covered = {each for other in others for each in other.patients}
    return tuple(each for each in row.patients if each not in covered)


async def _lifted_at_once(old: OptOut | None) -> OptOut | None:
    if old is None or old.state is not OptOutState.LIFT_REQUESTED:
        return None
    at = clock.utc_now().isoformat(timespec="milliseconds")
    return msgspec.structs.replace(old, state=OptOutState.LIFTED, done_at=at)


async def _kept(documents: Documents, patients: Sequence[str]) -> _Kept:
    subject = In("subject", tuple(patients))
    audits = [one async for one in documents.every(AUDIT, subject)] if patients else []
    reports = [one async for one in documents.every(REPORT_AUDIT, subject)] if patients else []
    waiting = [one async for one in documents.every(QUARANTINE, subject)] if patients else []
    keys = [*(each.keys for each in audits), *(each.keys for each in reports)]
    studies = {each.study_instance_uid for each in keys} - {""}
    series = {each.instance.series_instance_uid for each in audits}
    orders = {each.accession_number for each in keys} - {""}
    instances = {each.instance.sop_instance_uid for each in audits}
    report_ids = {each.report_id for each in reports}
    named = {*patients, *studies, *series, *orders, *instances, *report_ids}
    return _Kept(
        blobs=dict([*map(_content, audits), *map(_content, reports), *map(_content, waiting)]),
        waiting=tuple(each.blob for each in waiting),
        held=tuple({*(each.instance.blob for each in audits), *(each.document for each in reports)}),
        studies=tuple(sorted({each.keys.study_instance_uid for each in audits})),
        series=tuple(series),
        reports=tuple(sorted(report_ids)),
        sealed=tuple(await documents.get_many(VAULT, sorted(named))),
        instances=len(instances),
    )


def _content(row: Audit | ReportAudit | Quarantined) -> tuple[str, str]:
    return row.blob, row.receipt_id


async def _delete(deps: AnonymizerDeps, kept: _Kept) -> None:
    for blob in kept.held:
        await deps.deidentified.delete(blob)
    now = clock.utc_now().isoformat(timespec="milliseconds")
    gone = [NotCollected(blob=each, at=now) for each in kept.waiting]
    await deps.documents.write(*(Put(NOT_COLLECTED, each) for each in gone))  # no audit row answers for these
    await _delete_all(deps.documents, VAULT, kept.sealed)
    await _delete_all(deps.documents, SERIES_LOOKS, kept.series)
    await _delete_all(deps.documents, QUARANTINE, kept.waiting)
    await _delete_all(deps.documents, DECISIONS, kept.waiting)


async def _delete_all(documents: Documents, collection: Collection[Any], keys: Sequence[str]) -> None:
    for start in range(0, len(keys), _PAGE):
        await documents.write(*(Delete(collection, key) for key in keys[start : start + _PAGE]))


def _refusals(deps: AnonymizerDeps, row: OptOut, kept: _Kept) -> Iterable[InputRefused]:
    """Yield what ingest is to let go of, by receipt."""
    by_receipt: dict[str, list[str]] = {}
    for blob, receipt_id in sorted(kept.blobs.items()):
        by_receipt.setdefault(receipt_id, []).append(blob)
    for receipt_id, blobs in by_receipt.items():
        for start in range(0, len(blobs), MAX_BATCH):
            page = blobs[start : start + MAX_BATCH]
            yield InputRefused.first(
                f"{row.id}|{row.revision}|{page[0]}",
                correlation_id=receipt_id,
                site=deps.policy.site,
                receipt_id=receipt_id,
                reasons=dict.fromkeys(page, OPTED_OUT),
            )


def _counts(kept: _Kept) -> dict[str, int]:
    return {
        "anonymizer: contents received": len(kept.blobs),
        "anonymizer: in quarantine": len(kept.waiting),
        "anonymizer: instances made": kept.instances,
        "anonymizer: reports made": len(kept.reports),
        "anonymizer: studies": len(kept.studies),
        "anonymizer: vault entries": len(kept.sealed),
    }
