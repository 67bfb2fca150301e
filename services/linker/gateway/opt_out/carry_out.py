"""Follows a patient's opt-out at the gateway: stops what waits, deletes what is kept, has the centre withdraw the rest.

While the centre is away the withdrawal waits as a delivery does. Every step may be done again.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from services.linker.gateway import planning
from services.linker.gateway.delivery import withdrawing
from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.opt_out_records import (
    OPEN,
    OPTED_OUT,
    WITHDRAWALS,
    OptedOutPatient,
    Withdrawal,
    WithdrawalState,
)
from services.linker.gateway.records import DELIVERIES, REPORTS_SEEN, STUDIES_SEEN, SeenReport
from services.linker.links.records import LINKS
from shared import clock
from shared.documents import Delete, Eq, In, Order, Put
from shared.documents.optimistic import change
from shared.events import Event, InstancesDeidentified, PatientOptedOut, PatientWithdrawn, ReportDeidentified
from shared.logs import decided

_DONE = {False: "done", True: "lifted"}
"""What the centre calls a withdrawal that is carried out, by whether it lifts."""


async def take_opt_out(event: PatientOptedOut, deps: GatewayDeps) -> Sequence[Event]:
    """Note whose deliveries stop, or go on, and have the worker carry it out."""
    if event.lifts:
        await deps.documents.write(*(Delete(OPTED_OUT, each) for each in event.patient_ids))
    else:
        rows = [OptedOutPatient(patient_id=each, withdrawal_id=event.opt_out_id) for each in event.patient_ids]
        await deps.documents.write(*(Put(OPTED_OUT, each) for each in rows))
    await change(deps.documents, WITHDRAWALS, event.opt_out_id, partial(_asked, event))
    deps.wake_up.set()
    return ()


async def _asked(event: PatientOptedOut, old: Withdrawal | None) -> Withdrawal | None:
    """Return the withdrawal with what the event names; what was carried out of the same decision stays so."""
    if old is not None and (old.revision, old.lifts) == (event.revision, event.lifts):
        studies, reports = {*old.study_instance_uids}, {*old.report_ids}
        if studies >= {*event.study_instance_uids} and reports >= {*event.report_ids}:
            return None
    elif old is not None and old.revision > event.revision:
        return None
    known = old if old is not None and not event.lifts and not old.lifts else None
    return Withdrawal(
        id=event.opt_out_id,
        revision=event.revision,
        state=WithdrawalState.REQUESTED,
        at=clock.now(),
        patient_ids=event.patient_ids,
        study_instance_uids=tuple(sorted({*(known.study_instance_uids if known else ()), *event.study_instance_uids})),
        report_ids=tuple(sorted({*(known.report_ids if known else ()), *event.report_ids})),
        lifts=event.lifts,
        counts=known.counts if known else {},
    )


async def is_opted_out(deps: GatewayDeps, event: InstancesDeidentified | ReportDeidentified) -> bool:
    """Say whether what an event brings is of a patient who opted out; then delete its bytes."""
    patient = event.keys.patient_id
    if not patient or await deps.documents.get(OPTED_OUT, patient) is None:
        return False
    blobs = [event.blob] if isinstance(event, ReportDeidentified) else [ref.blob for ref in event.instances]
    for blob in blobs:
        await deps.blobs.delete(blob)
    decided("opted-out", level="warning", service="linker", count=len(blobs))
    return True


async def withdraw_again(deps: GatewayDeps, patient_id: str) -> None:
    """Have the withdrawal of a patient carried out once more: something came while it was."""
    patient = await deps.documents.get(OPTED_OUT, patient_id)

    async def step(old: Withdrawal | None) -> Withdrawal | None:
        return msgspec.structs.replace(old, state=WithdrawalState.REQUESTED) if old is not None else None

    if patient is not None:
        await change(deps.documents, WITHDRAWALS, patient.withdrawal_id, step)
        deps.wake_up.set()


async def withdrawals_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Carry out every withdrawal that is open; return how many were finished."""
    rows = await deps.documents.find_all(WITHDRAWALS, In("state", OPEN), order=(Order("at"),))
    finished = 0

    async def step(row: Withdrawal) -> None:
        nonlocal finished
        finished += await _carry_out(deps, centre, row)

    try:
        if rows:
            await deps.set_asides.of("withdraw").each(rows, lambda row: row.id, step, is_all=True)
    except CentreUnavailable as error:
        outage.seen(error.reason, error.retry_after_s)
    return finished


async def _carry_out(deps: GatewayDeps, centre: Centre, row: Withdrawal) -> bool:
    """Do what can be done now; say whether the centre is done too."""
    if not row.lifts:
        row = await _withdraw_here(deps, row)
    if row.state is WithdrawalState.REQUESTED:
        await withdrawing.ask(centre, deps.site, row)
        await _set(deps, row, WithdrawalState.ASKED)
    found = await withdrawing.outcome(centre, row.id)
    if found is None:  # the centre lost it, as with a restored database
        await _set(deps, row, WithdrawalState.REQUESTED)
        return False
    if found.get("state") != _DONE[row.lifts]:
        return False
    await deps.bus.publish(_withdrawn(deps, row, found))
    await _set(deps, row, WithdrawalState.DONE)
    return True


async def _withdraw_here(deps: GatewayDeps, row: Withdrawal) -> Withdrawal:
    """Delete what waits and what is kept here, and note what it was before it goes."""
    seen = await deps.documents.find_all(STUDIES_SEEN, In("patient_ids", row.patient_ids))
    reports = await deps.documents.find_all(REPORTS_SEEN, In("patient_id", row.patient_ids))
    studies = sorted({*row.study_instance_uids, *(each.study_instance_uid for each in seen)})
    report_ids = sorted({*row.report_ids, *(each.report_id for each in reports)})
    counts = {"studies": len(studies), "reports": len(report_ids)}
    if (tuple(studies), tuple(report_ids)) != (row.study_instance_uids, row.report_ids) or row.counts != counts:
        named = msgspec.structs.replace(row, study_instance_uids=tuple(studies), report_ids=tuple(report_ids))
        row = msgspec.structs.replace(named, counts=counts, state=WithdrawalState.REQUESTED)
        await deps.documents.put(WITHDRAWALS, row)
    for study in studies:
        await _delete_study(deps, study)
    for each in (await deps.documents.get_many(REPORTS_SEEN, report_ids)).values():
        await _delete_report(deps, each)
    return row


async def _delete_study(deps: GatewayDeps, study: str) -> None:
    for delivery in await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", study)):
        for ref in delivery.instances:
            await deps.blobs.delete(ref.blob)
        await deps.documents.delete(DELIVERIES, delivery.id)
    await deps.documents.delete(STUDIES_SEEN, study)


async def _delete_report(deps: GatewayDeps, report: SeenReport) -> None:
    for version in report.versions:
        await deps.blobs.delete(version.blob)
    key = planning.report_key(report.report_id)
    rows = (Delete(DELIVERIES, key), Delete(LINKS, report.report_id), Delete(REPORTS_SEEN, report.report_id))
    await deps.documents.write(*rows)


async def _set(deps: GatewayDeps, row: Withdrawal, state: WithdrawalState) -> None:
    async def step(old: Withdrawal | None) -> Withdrawal | None:
        is_same = old is not None and (old.revision, old.study_instance_uids) == (row.revision, row.study_instance_uids)
        return msgspec.structs.replace(old, state=state) if old is not None and is_same else None

    await change(deps.documents, WITHDRAWALS, row.id, step)


def _withdrawn(deps: GatewayDeps, row: Withdrawal, found: dict[str, Any]) -> PatientWithdrawn:
    studies = [each for each in found.get("studies", []) if isinstance(each, dict)]
    at_centre = {
        "studies": len([each for each in studies if each.get("instances")]),
        "instances": sum(int(each.get("instances", 0)) for each in studies),
        "size_bytes": sum(int(each.get("size_bytes", 0)) for each in studies),
        **{str(kind): int(count) for kind, count in dict(found.get("counts", {})).items()},
        "studies of other sites, kept": int(found.get("others", 0)),
    }
    return PatientWithdrawn.first(
        f"{row.id}|{row.revision}|{row.lifts}|{found.get('done_at', '')}",
        correlation_id=row.id,
        site=deps.site,
        opt_out_id=row.id,
        revision=row.revision,
        counts={
            **{f"gateway: {kind}": count for kind, count in row.counts.items()},
            **{f"centre: {kind}": count for kind, count in at_centre.items()},
        },
        sha256={str(each["study_instance_uid"]): str(each.get("sha256", "")) for each in studies},
        recipients={str(name): str(at) for name, at in dict(found.get("recipients", {})).items()},
        at=str(found.get("done_at", "")),
        lifts=row.lifts,
    )
