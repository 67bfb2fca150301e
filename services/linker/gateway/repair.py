"""Have delivered again what the centre was found to miss, before the bulk; say what is not here any more.

What is asked for here was confirmed, and is neither evicted, deleted nor withdrawn at the centre: the caller has asked.
Run again, it changes nothing of what is on its way.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from services.linker.gateway import planning
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.recalls.fetching import is_of_opted_out, is_open, is_withdrawn, want_for_repair
from services.linker.gateway.reconcile import bytes_here, deliver_again
from services.linker.gateway.records import DELIVERIES, REPORTS_SEEN, Delivery, Lane
from services.linker.links.states import DeliveryKind, DeliveryState
from shared.documents import Eq
from shared.logs import decided
from shared.supervision import origin


class Redelivered(msgspec.Struct):
    """What became of what the centre misses, in Instances and reports.

    again, reports_again: due from now on.  under_way: was due already.  opted_out: of patients who opted out, left.
    lost: the de-identified bytes are not here any more: SOP Instance UID → Study.
    failed: Study or report → why it could not be looked at, or why the report is held.
    """

    again: int = 0
    reports_again: int = 0
    under_way: int = 0
    opted_out: int = 0
    lost: dict[str, str] = {}
    failed: dict[str, str] = {}


class Wanted(NamedTuple):
    """Studies that the PACS is asked for. asked: from now on.  open: already.  opted_out: not, for their patient."""

    asked: int
    open: int
    opted_out: int


async def deliver_missing(deps: GatewayDeps, receipt_ids: Iterable[str], missing: set[str]) -> Redelivered:
    """Make due again what is missing of these receipts. missing: names as Delivered gives them."""
    result = Redelivered()
    studies: dict[str, None] = {}
    reports: dict[str, None] = {}
    for receipt_id in receipt_ids:
        for batch in await deps.documents.find_all(DELIVERIES, Eq("receipt_id", receipt_id)):
            studies[batch.study_instance_uid] = None
        for report in await deps.documents.find_all(REPORTS_SEEN, Eq("receipt_ids", receipt_id)):
            if any(f"{report.report_id}|{version.sha256}" in missing for version in report.versions):
                reports[report.report_id] = None
    for study in studies:
        try:
            await _study(deps, study, missing, result)
        except Exception as error:
            result.failed[study] = _noted(error)
    for report_id in reports:
        try:
            await _report(deps, report_id, result)
        except Exception as error:
            result.failed[report_id] = _noted(error)
    return result


async def ask_pacs(deps: GatewayDeps, studies: Iterable[str]) -> Wanted:
    """Have the running linker ask the PACS for Studies, each once while its answer is open."""
    asked = already = opted_out = 0
    for study in studies:
        if await is_of_opted_out(deps, study):
            opted_out += 1
        elif await is_open(deps, study):
            already += 1
        else:
            await want_for_repair(deps, study)
            asked += 1
    return Wanted(asked, already, opted_out)


async def _study(deps: GatewayDeps, study: str, missing: set[str], result: Redelivered) -> None:
    deliveries = await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", study))
    batches = [each for each in deliveries if each.kind is DeliveryKind.INSTANCES and not each.withdraws]
    own = missing & {uid for each in batches for uid in each.confirmed}
    if own and await is_of_opted_out(deps, study):
        result.opted_out += len(own)
        return
    due = own & {uid for each in batches for uid in _due(each)}
    left, here = own - due, await bytes_here(deps, batches) if own else set[str]()
    result.under_way += len(due)
    result.lost |= dict.fromkeys(sorted(left - here), study)
    result.again += len(left & here)
    if left & here:
        await deliver_again(deps, batches, left & here, Lane.PRIORITY)


def _due(batch: Delivery) -> set[str]:
    is_due = batch.state is DeliveryState.PENDING
    return {ref.sop_instance_uid for ref in batch.waiting} if is_due else set()


async def _report(deps: GatewayDeps, report_id: str, result: Redelivered) -> None:
    delivery = await deps.documents.get(DELIVERIES, planning.report_key(report_id))
    if delivery is not None and delivery.state is DeliveryState.PENDING:
        result.under_way += 1
        return
    if await _is_of_opted_out(deps, report_id):
        result.opted_out += 1
        return
    await planning.resend_report(deps, report_id)
    await planning.plan_report(deps, report_id)
    planned = await deps.documents.get(DELIVERIES, planning.report_key(report_id))
    if planned is not None and planned.state is DeliveryState.PENDING:
        result.reports_again += 1
    else:
        result.failed[report_id] = planned.reason if planned and planned.reason else "held"


async def _is_of_opted_out(deps: GatewayDeps, report_id: str) -> bool:
    """Say whether a report is of a patient who opted out; one that is not known here cannot be told, and is left."""
    report = await deps.documents.get(REPORTS_SEEN, report_id)
    return report is None or await is_withdrawn(deps, report.patient_ids, report_id)


def _noted(error: Exception) -> str:
    decided("not-repaired", level="error", service="linker", error=type(error).__name__, origin=origin(error))
    return type(error).__name__
