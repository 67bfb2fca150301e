"""What the gateway's linker does when something de-identified arrives. Replay-safe, and free of any order."""

from collections.abc import Sequence

import msgspec

from services.linker.gateway import linking, planning
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.opt_out.carry_out import is_opted_out, withdraw_again
from services.linker.gateway.recalls.fetching import recall_of
from services.linker.gateway.records import (
    REPORTS_SEEN,
    STUDIES_SEEN,
    ReportVersion,
    SeenReport,
    SeenStudy,
    with_version,
)
from services.linker.links import matching
from services.linker.reports import document
from shared.documents.optimistic import change
from shared.errors import Invalid
from shared.events import Event, InstancesDeidentified, ReportDeidentified


async def take_instances(event: InstancesDeidentified, deps: GatewayDeps) -> Sequence[Event]:
    """Remember the Study, plan the delivery of the batch, and look for its reports."""
    uid = event.keys.study_instance_uid
    if not uid:
        raise Invalid("missing-study-instance-uid", "keys.study_instance_uid is empty")
    if await is_opted_out(deps, event):
        return ()
    new_keys = told_by(event)

    async def step(old: SeenStudy | None) -> SeenStudy | None:
        keys = matching.merge(old.keys, new_keys) if old else matching.merge(new_keys, new_keys)
        return SeenStudy(**msgspec.structs.asdict(keys), site=event.site)

    study = await change(deps.documents, STUDIES_SEEN, uid, step)
    await planning.plan_batch(deps, event, await recall_of(deps, event))
    if await is_opted_out(deps, event):  # meanwhile: the withdrawal may have looked before it was planned
        await withdraw_again(deps, event.keys.patient_id)
        return ()
    if study is not None:
        await linking.relink_study(deps, study, at=event.occurred_at.timestamp())
    return ()


async def take_report(event: ReportDeidentified, deps: GatewayDeps) -> Sequence[Event]:
    """Remember this version of the report, find its Study, and plan its delivery."""
    if await is_opted_out(deps, event):
        return ()
    version = ReportVersion(
        sha256=event.sha256,
        blob=event.blob,
        status=event.status,
        issued=event.issued,
        seen_at=event.occurred_at.timestamp(),
        flagged=await _is_flagged(event, deps),
        keys=event.keys,
        receipt_ids=(event.receipt_id,),
        correlation_id=event.correlation_id,
        site=event.site,
    )

    async def step(old: SeenReport | None) -> SeenReport | None:
        return with_version(old, event.report_id, version)

    await change(deps.documents, REPORTS_SEEN, event.report_id, step)
    if await is_opted_out(deps, event):
        await withdraw_again(deps, event.keys.patient_id)
        return ()
    if event.resent:
        await planning.resend_report(deps, event.report_id)
    await linking.relink(deps, event.report_id, at=event.occurred_at.timestamp())
    if event.priority:
        await planning.put_first(deps, event.report_id)
    return ()


async def _is_flagged(event: ReportDeidentified, deps: GatewayDeps) -> bool:
    """Return what the event says, or for an event of before it said so, what the document says."""
    return document.is_flagged(await deps.blobs.get(event.blob)) if event.flagged is None else event.flagged


def told_by(event: InstancesDeidentified) -> matching.StudyKeys:
    """Return what one batch tells of its Study."""
    keys = event.keys
    return matching.StudyKeys(
        study_instance_uid=keys.study_instance_uid,
        patient_ids=(keys.patient_id,),
        accession_numbers=(keys.accession_number,),
        modalities=(keys.modality, *(ref.modality for ref in event.instances)),
        study_dates=(keys.study_date,),
    )
