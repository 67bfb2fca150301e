"""Keeps receipts up to date from what anonymizer and linker say. All are sets and counts: a replay is harmless."""

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receiving import change_arrival, counted, update
from services.ingest.records import ARRIVALS, DEIDENTIFIED, RECEIPTS, RECEIVED, REFUSED, RELEASED, Arrival, Receipt
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
    done = await counted(deps, receipt_id, DEIDENTIFIED) + await counted(deps, receipt_id, RELEASED)
    refused = await counted(deps, receipt_id, REFUSED)
    received = await counted(deps, receipt_id, RECEIVED) + done + refused

    def change(old: Receipt) -> Receipt:
        reasons = {**old.reasons, **{each.reason: old.reasons.get(each.reason, 0) for each in changed if each.reason}}
        for each in changed:
            if each.reason:
                reasons[each.reason] += 1
        return msgspec.structs.replace(old, received=received, deidentified=done, refused=refused, reasons=reasons)

    await _rebuild_missing(deps, receipt_id, list(known.values()))
    await _change(deps, receipt_id, change)


async def _rebuild_missing(deps: IngestDeps, receipt_id: str, arrivals: list[Arrival]) -> None:
    """A kill -9 between an arrival and its receipt leaves the arrival alone: without transactions it comes first."""
    own = [each for each in arrivals if each.receipt_id == receipt_id]
    if own and await deps.documents.get(RECEIPTS, receipt_id) is None:
        first = own[0]
        lost = Receipt(id=receipt_id, site=deps.site, door=first.door, kind=first.kind, at=first.at)
        await update(deps, lost, lambda old: old)


def _marked(arrival: Arrival, receipt_id: str, state: str, reason: str) -> Arrival:
    """An answer to an earlier receipt, or to what is released already, changes nothing."""
    if arrival.receipt_id != receipt_id or arrival.state == RELEASED:
        return arrival
    return msgspec.structs.replace(arrival, state=state, reason=reason)


async def _change(deps: IngestDeps, receipt_id: str, change: Callable[[Receipt], Receipt]) -> None:
    receipt = await deps.documents.get(RECEIPTS, receipt_id)
    if receipt is not None:
        await update(deps, receipt, change)
