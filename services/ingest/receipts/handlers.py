"""Keeps receipts up to date from what anonymizer and linker say. All are sets and counts: a replay is harmless."""

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.ledger import change_arrival, recount, repair, unchanged
from services.ingest.receipts.records import ARRIVALS, DEIDENTIFIED, RECEIPTS, REFUSED, RELEASED, Arrival, Receipt
from shared.events import Delivered, Event, InputDeidentified, InputRefused, ReportLinked


async def input_deidentified(event: InputDeidentified, deps: IngestDeps) -> list[Event]:
    """The anonymizer has dealt with these contents."""
    await _mark(deps, event.receipt_id, dict.fromkeys(event.blobs, ""), DEIDENTIFIED)
    return []


async def input_refused(event: InputRefused, deps: IngestDeps) -> list[Event]:
    """The anonymizer keeps these contents in quarantine."""
    await _mark(deps, event.receipt_id, event.reasons, REFUSED)
    return []


async def report_linked(event: ReportLinked, deps: IngestDeps) -> list[Event]:
    """The gateway's linker found the Study of a report."""

    def change(old: Receipt) -> Receipt:
        studies = tuple(sorted({*old.linked_studies, event.study_instance_uid}))
        return msgspec.structs.replace(old, linked_studies=studies)

    await _change(deps, event.receipt_id, change)
    return []


async def delivered(event: Delivered, deps: IngestDeps) -> list[Event]:
    """The centre has confirmed this much of the receipt, all told; an older event never takes it back."""

    def change(old: Receipt) -> Receipt:
        return msgspec.structs.replace(
            old,
            delivered_instances=max(old.delivered_instances, event.instances),
            delivered_reports=max(old.delivered_reports, event.reports),
        )

    await _change(deps, event.receipt_id, change)
    return []


async def _mark(deps: IngestDeps, receipt_id: str, blobs: dict[str, str], state: str) -> None:
    known = await deps.documents.get_many(ARRIVALS, list(blobs))
    changed = [
        _marked(arrival, receipt_id, state, blobs[key])
        for key, arrival in known.items()
        if arrival.receipt_id == receipt_id and arrival.state not in (state, RELEASED)
    ]
    marks = (partial(_marked, receipt_id=receipt_id, state=state, reason=blobs[each.blob]) for each in changed)
    await asyncio.gather(*(change_arrival(deps, each.blob, mark) for each, mark in zip(changed, marks, strict=True)))
    await repair(deps, [each for each in known.values() if each.receipt_id == receipt_id])
    await _change(deps, receipt_id, unchanged)


def _marked(arrival: Arrival, receipt_id: str, state: str, reason: str) -> Arrival:
    """An answer to an earlier receipt, or to what is released already, changes nothing."""
    if arrival.receipt_id != receipt_id or arrival.state == RELEASED:
        return arrival
    return msgspec.structs.replace(arrival, state=state, reason=reason)


async def _change(deps: IngestDeps, receipt_id: str, change: Callable[[Receipt], Receipt]) -> None:
    receipt = await deps.documents.get(RECEIPTS, receipt_id)
    if receipt is not None:
        await recount(deps, receipt, change)
