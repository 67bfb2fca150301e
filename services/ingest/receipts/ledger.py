"""Writes receipts and arrivals, each guarded by its version; what a receipt counts is counted from what is kept.

The counting is done between reading a receipt's version and writing over it: whoever changes an arrival counts after
that, so the last to write a receipt has seen every change, on a store with transactions or without.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.records import (
    ARRIVALS,
    NOT_PUBLISHED,
    RECEIPTS,
    REJECTED,
    REPORT,
    RESENDS,
    Arrival,
    ArrivalState,
    Outcome,
    Receipt,
    Resent,
    state_of,
)
from shared.documents import Collection, Eq, Put, optimistic
from shared.errors import Conflict
from shared.metrics import NOT_COLLECTED

A = TypeVar("A", bound=Arrival)
TRIES = 20
MOST_NAMED = 100  # receipts that a receipt names as those whose contents it repeats

Change = Callable[[Receipt], Receipt]


def unchanged(receipt: Receipt) -> Receipt:
    """Change nothing but the counts."""
    return receipt


async def recount(deps: IngestDeps, receipt: Receipt, change: Change = unchanged) -> Receipt:
    """Change a receipt, and count anew what became of its contents. receipt: what it is if there is none yet."""

    async def step(old: Receipt | None) -> Receipt:
        return await counted(deps, change(old or receipt))

    return await optimistic.change(deps.documents, RECEIPTS, receipt.id, step) or receipt


async def counted(deps: IngestDeps, receipt: Receipt) -> Receipt:
    """Return the receipt with its counts and reasons as what is kept says now."""
    own = Eq("receipt_id", receipt.id)
    count = deps.documents.count
    states = {state: await count(ARRIVALS, own, Eq("state", state)) for state in ArrivalState}
    delivered = await count(ARRIVALS, own, Eq("outcome", Outcome.DELIVERED))
    undelivered = await count(ARRIVALS, own, Eq("outcome", Outcome.FAILED))
    rejected = await count(REJECTED, own)
    received = sum(states.values())
    name = "delivered_reports" if receipt.kind == REPORT else "delivered_instances"
    new = msgspec.structs.replace(
        await _with_duplicates(deps, receipt),
        received=received,
        deidentified=states[ArrivalState.DEIDENTIFIED] + states[ArrivalState.RELEASED],
        refused=states[ArrivalState.REFUSED],
        undelivered=undelivered,
        rejected=rejected,
        **{name: min(received, max(delivered, getattr(receipt, name)))},
    )
    reasons = await _reasons(deps, new)
    return msgspec.structs.replace(new, reasons=reasons, state=state_of(new))


async def _with_duplicates(deps: IngestDeps, receipt: Receipt) -> Receipt:
    """Return the receipt with what became of contents that were known before; unchanged if none is kept."""
    own = Eq("receipt_id", receipt.id)
    duplicates = await deps.documents.count(RESENDS, own)
    if not duplicates:
        return receipt
    confirmed = await deps.documents.count(RESENDS, own, Eq("outcome", Outcome.DELIVERED))
    failed = await deps.documents.count(RESENDS, own, Eq("outcome", Outcome.FAILED))
    refused = await deps.documents.count(RESENDS, own, Eq("state", ArrivalState.REFUSED))
    lost = failed + refused
    still_open = duplicates - confirmed - lost
    return msgspec.structs.replace(
        receipt, duplicates=duplicates, duplicates_open=max(0, still_open), duplicates_lost=lost
    )


async def _reasons(deps: IngestDeps, receipt: Receipt) -> dict[str, int]:
    """Return why contents of a receipt were refused, rejected or not taken by the centre, and how many for each."""
    own, every = Eq("receipt_id", receipt.id), deps.documents.every
    reasons: Counter[str] = Counter()
    if receipt.refused:
        reasons.update([each.reason async for each in every(ARRIVALS, own, Eq("state", ArrivalState.REFUSED))])
    if receipt.undelivered:
        reasons.update([each.failure async for each in every(ARRIVALS, own, Eq("outcome", Outcome.FAILED))])
    if receipt.duplicates_lost:
        reasons.update([each.failure async for each in every(RESENDS, own, Eq("outcome", Outcome.FAILED))])
        reasons.update([each.reason async for each in every(RESENDS, own, Eq("state", ArrivalState.REFUSED))])
    if receipt.rejected:
        reasons.update([each.reason async for each in every(REJECTED, own)])
    return dict(reasons)


async def note_left(deps: IngestDeps, receipt: Receipt, left: Mapping[str, int]) -> None:
    """Note how many contents each rule left out, before they are answered; nothing else counts them."""

    async def added(old: Receipt | None) -> Receipt:
        now = old or receipt
        new = msgspec.structs.replace(
            now,
            not_collected=dict(Counter(now.not_collected) + Counter(left)),
            rules=tuple(sorted({*now.rules, *receipt.rules})),
        )
        return msgspec.structs.replace(new, state=state_of(new))

    await optimistic.change(deps.documents, RECEIPTS, receipt.id, added)
    for rule, count in left.items():
        NOT_COLLECTED.labels(deps.site, receipt.kind, rule).inc(count)


async def change_arrival(deps: IngestDeps, blob: str, change: Callable[[Arrival], Arrival]) -> Arrival | None:
    """Change one arrival, guarded by its version: the outbox and the anonymizer's answers may write it at once."""
    return await change_content(deps, ARRIVALS, blob, change)


async def change_content(deps: IngestDeps, collection: Collection[A], key: str, change: Callable[[A], A]) -> A | None:
    """Change one arrival, or one content that was sent again; None if there is none."""

    async def step(old: A | None) -> A | None:
        return change(old) if old is not None else None

    return await optimistic.change(deps.documents, collection, key, step)


async def add_arrivals(deps: IngestDeps, receipt: Receipt, arrivals: list[Arrival]) -> list[str]:
    """Add contents to a receipt; return the blobs of those that were known before.

    A content has one arrival, whoever sends it at the same moment: the first has it, to the others it was known. What
    was known is asked about at the centre, as it may not be there. One that was refused is taken over, to be tried
    again. The receipt is counted anew only after a conflict, so that the last content of a long receipt costs what the
    first does; ``counting.repair`` mends what a crash left between two writes.
    """
    tried: set[str] = set()
    for attempt in range(TRIES):
        versioned = await deps.documents.get_versioned(RECEIPTS, receipt.id)
        old, version = versioned or (receipt, 0)
        sorted_out = await _sort_out(deps, receipt, arrivals, tried)
        resends = await _new_resends(deps, receipt, sorted_out.known)
        own = Eq("receipt_id", receipt.id)
        before = await deps.documents.count(ARRIVALS, own) if attempt else old.received
        duplicates = len(resends) + (await deps.documents.count(RESENDS, own) if attempt else old.duplicates)
        new = msgspec.structs.replace(
            old,
            received=before + sum(each.blob not in sorted_out.own for each in sorted_out.fresh),
            duplicates=duplicates,
            duplicates_open=max(0, duplicates - (old.duplicates - old.duplicates_open)),
            duplicate_of=_named(old, sorted_out.known),
            rules=tuple(sorted({*old.rules, *receipt.rules})),
        )
        new = msgspec.structs.replace(new, state=state_of(new))
        try:
            await deps.documents.write(
                *(Put(ARRIVALS, each, sorted_out.versions[each.blob]) for each in sorted_out.fresh),
                *(Put(RESENDS, each, 0) for each in resends),
                Put(RECEIPTS, new, version),
            )
        except Conflict:
            tried |= sorted_out.versions.keys()
            continue
        return [each.blob for each in sorted_out.known]
    raise Conflict("the contents are written by too many at once")


def _named(receipt: Receipt, known: Sequence[Arrival]) -> tuple[str, ...]:
    """Return receipts that known contents first came by, some of them if they are many."""
    return tuple(sorted({*receipt.duplicate_of, *(each.receipt_id for each in known)} - {receipt.id})[:MOST_NAMED])


class _SortedOut(msgspec.Struct, frozen=True):
    """fresh: to write, over these versions.  known: arrivals there were.  own: blobs of this receipt."""

    fresh: list[Arrival]
    versions: dict[str, int]
    known: list[Arrival]
    own: set[str]


async def _sort_out(deps: IngestDeps, receipt: Receipt, arrivals: list[Arrival], tried: set[str]) -> _SortedOut:
    """Tell contents that are new, or were refused, from those that are known.

    tried: what this receipt may have written before a conflict; where it has, there is nothing to do.
    """
    known = await deps.documents.get_many(ARRIVALS, [each.blob for each in arrivals])
    versions = {each.blob: 0 for each in arrivals if each.blob not in known}
    before: list[Arrival] = []
    for blob, arrival in known.items():
        own = arrival.receipt_id == receipt.id
        if own and (blob in tried or arrival.state is ArrivalState.RECEIVED):
            continue
        refused = arrival.state is ArrivalState.REFUSED
        versioned = await deps.documents.get_versioned(ARRIVALS, blob) if refused else None
        if versioned is not None and versioned[0].state is ArrivalState.REFUSED:
            versions[blob] = versioned[1]
        else:
            before.append(arrival)
    fresh = [each for each in arrivals if each.blob in versions]
    return _SortedOut(fresh, versions, before, {b for b, each in known.items() if each.receipt_id == receipt.id})


async def _new_resends(deps: IngestDeps, receipt: Receipt, known: Sequence[Arrival]) -> list[Resent]:
    """Return the rows of contents that this receipt did not send again before."""
    rows = [
        Resent(
            id=f"{receipt.id}.{each.blob}",
            blob=each.blob,
            receipt_id=receipt.id,
            kind=each.kind,
            endpoint=receipt.endpoint,
            original=each.original,
            size_bytes=each.size_bytes,
            published=NOT_PUBLISHED,
            at=receipt.at,
        )
        for each in known
    ]
    there = await deps.documents.get_many(RESENDS, [row.id for row in rows])
    return [row for row in rows if row.id not in there]
