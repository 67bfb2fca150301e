"""Keeps receipts up to date from what anonymizer and linker say. All are sets and counts: a replay is harmless.

What the anonymizer says of a content gives it the name that it is known as from then on; what the centre said goes by
that name. Whichever comes first is kept until the other comes.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.counting import note_changed, repair
from services.ingest.receipts.earlier import deidentified_after_all, delivered_after_all
from services.ingest.receipts.ledger import Change, change_content, unchanged
from services.ingest.receipts.opted_out import OPTED_OUT, let_go
from services.ingest.receipts.records import (
    ARRIVALS,
    EARLY_OUTCOMES,
    RECEIPTS,
    RESENDS,
    Arrival,
    ArrivalState,
    EarlyOutcome,
    Outcome,
    Receipt,
    Resent,
)
from shared.documents import Collection, Delete, Eq, In, Put
from shared.events import Delivered, Event, InputDeidentified, InputRefused, ReportLinked

A = TypeVar("A", bound=Arrival)


async def input_deidentified(event: InputDeidentified, deps: IngestDeps) -> list[Event]:
    """The anonymizer has dealt with these contents."""

    def marked(old: A) -> A:
        if old.state is ArrivalState.RELEASED:
            return old
        return msgspec.structs.replace(
            old,
            state=ArrivalState.DEIDENTIFIED,
            reason="",
            known_as=event.known_as.get(old.blob, old.known_as),
            output_sha256=event.sha256.get(old.blob, old.output_sha256),
            profile=event.profile or old.profile,
        )

    again = await _mark(deps, event.receipt_id, event.blobs, marked)
    await deidentified_after_all(deps, again)
    names = [name for name in event.known_as.values() if name]
    early = await deps.documents.get_many(EARLY_OUTCOMES, [f"{event.receipt_id}.{name}" for name in names])
    if early:
        outcomes = {key.partition(".")[2]: each for key, each in early.items()}
        await _settle(deps, event.receipt_id, outcomes)
        await deps.documents.write(*(Delete(EARLY_OUTCOMES, key) for key in early))
    await _change(deps, event.receipt_id, len(event.blobs))
    return []


async def input_refused(event: InputRefused, deps: IngestDeps) -> list[Event]:
    """The anonymizer keeps these contents in quarantine; of patients who opted out nothing is kept."""

    def marked(old: A) -> A:
        if old.state is ArrivalState.RELEASED:
            return old
        return msgspec.structs.replace(old, state=ArrivalState.REFUSED, reason=event.reasons[old.blob])

    await _mark(deps, event.receipt_id, list(event.reasons), marked)
    await _change(deps, event.receipt_id, len(event.reasons))
    await let_go(deps, [blob for blob, reason in event.reasons.items() if reason == OPTED_OUT])
    return []


async def report_linked(event: ReportLinked, deps: IngestDeps) -> list[Event]:
    """The gateway's linker found the Study of a report."""

    def change(old: Receipt) -> Receipt:
        studies = tuple(sorted({*old.linked_studies, event.study_instance_uid}))
        return msgspec.structs.replace(old, linked_studies=studies)

    await _change(deps, event.receipt_id, 1, change)
    return []


async def delivered(event: Delivered, deps: IngestDeps) -> list[Event]:
    """The centre has confirmed, or will not take, these contents of a receipt."""
    taken = {name: EarlyOutcome(id="", outcome=Outcome.DELIVERED) for name in event.confirmed}
    lost = {name: EarlyOutcome(id="", outcome=Outcome.FAILED, failure=why) for name, why in event.failed.items()}
    outcomes = {**taken, **lost}
    unknown = outcomes.keys() - await _settle(deps, event.receipt_id, outcomes)
    if unknown:
        ids = {f"{event.receipt_id}.{name}": outcomes[name] for name in sorted(unknown)}
        await deps.documents.write(
            *(Put(EARLY_OUTCOMES, msgspec.structs.replace(each, id=key)) for key, each in ids.items())
        )
        await _settle(deps, event.receipt_id, {name: outcomes[name] for name in unknown})
    by_count = not outcomes or await _has_nameless(deps, event.receipt_id)
    await _change(deps, event.receipt_id, len(outcomes) or 1, _at_least(event) if by_count else unchanged)
    return []


def _at_least(event: Delivered) -> Callable[[Receipt], Receipt]:
    """Return the change that an event of the code before names were told asks for; an older one takes nothing back."""

    def change(old: Receipt) -> Receipt:
        return msgspec.structs.replace(
            old,
            delivered_instances=max(old.delivered_instances, event.instances),
            delivered_reports=max(old.delivered_reports, event.reports),
        )

    return change


async def _has_nameless(deps: IngestDeps, receipt_id: str) -> bool:
    """Say whether contents were de-identified by the code before names were told."""
    done = (ArrivalState.DEIDENTIFIED, ArrivalState.RELEASED)
    where = (Eq("receipt_id", receipt_id), Eq("known_as", ""), In("state", done))
    return bool(await deps.documents.count(ARRIVALS, *where))


async def _mark(
    deps: IngestDeps, receipt_id: str, blobs: Sequence[str], mark: Callable[[Arrival], Arrival]
) -> list[Resent]:
    """Change the contents of a receipt, new or sent again, and return the latter.

    An answer to an earlier receipt changes nothing.
    """

    def own(old: A) -> A:
        return mark(old) if old.receipt_id == receipt_id else old  # type: ignore[return-value]

    known = await deps.documents.get_many(ARRIVALS, blobs)
    mine = [each for each in known.values() if each.receipt_id == receipt_id]
    await asyncio.gather(*(change_content(deps, ARRIVALS, each.blob, own) for each in mine))
    rows = await deps.documents.get_many(RESENDS, [f"{receipt_id}.{blob}" for blob in blobs])
    changed = await asyncio.gather(*(change_content(deps, RESENDS, key, own) for key in rows))
    again = [each for each in changed if each is not None]
    await repair(deps, [*mine, *again])
    return again


async def _settle(deps: IngestDeps, receipt_id: str, outcomes: Mapping[str, EarlyOutcome]) -> set[str]:
    """Write outcomes to the contents of a receipt that are known as these; return the names that there are."""
    if not outcomes:
        return set()
    new = await _settle_in(deps, ARRIVALS, receipt_id, outcomes)
    again = await _settle_in(deps, RESENDS, receipt_id, outcomes)
    await delivered_after_all(deps, again)
    return {each.known_as for each in (*new, *again)}


async def _settle_in(
    deps: IngestDeps, collection: Collection[A], receipt_id: str, outcomes: Mapping[str, EarlyOutcome]
) -> list[A]:
    def settled(old: A) -> A:
        new = outcomes.get(old.known_as)
        if new is None or (old.outcome is Outcome.DELIVERED and new.outcome is Outcome.FAILED):
            return old
        return msgspec.structs.replace(old, outcome=new.outcome, failure=new.failure)

    where = (Eq("receipt_id", receipt_id), In("known_as", tuple(sorted(outcomes))))
    rows = [each async for each in deps.documents.every(collection, *where)]
    keys = [getattr(each, collection.key) for each in rows]
    changed = await asyncio.gather(*(change_content(deps, collection, key, settled) for key in keys))
    return [each for each in changed if each is not None]


async def _change(deps: IngestDeps, receipt_id: str, contents: int, change: Change = unchanged) -> None:
    receipt = await deps.documents.get(RECEIPTS, receipt_id)
    if receipt is not None:
        await note_changed(deps, receipt, contents, change)
