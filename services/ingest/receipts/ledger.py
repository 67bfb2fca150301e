"""Writes receipts and arrivals, each guarded by its version; what a receipt counts is counted from what is kept.

The counting is done between reading a receipt's version and writing over it: whoever changes an arrival counts after
that, so the last to write a receipt has seen every change, on a store with transactions or without.
"""

from collections import Counter
from collections.abc import Callable

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.records import (
    ARRIVALS,
    DEIDENTIFIED,
    RECEIPTS,
    RECEIVED,
    REFUSED,
    REJECTED,
    RELEASED,
    Arrival,
    Receipt,
    state_of,
)
from shared.documents import Eq, Put
from shared.errors import Conflict

TRIES = 20
MOST_NAMED = 100  # receipts that a receipt names as those whose contents it repeats

Change = Callable[[Receipt], Receipt]


def unchanged(receipt: Receipt) -> Receipt:
    """Change nothing but the counts."""
    return receipt


async def recount(deps: IngestDeps, receipt: Receipt, change: Change = unchanged) -> Receipt:
    """Change a receipt, and count anew what became of its contents. receipt: what it is if there is none yet."""
    for _ in range(TRIES):
        versioned = await deps.documents.get_versioned(RECEIPTS, receipt.id)
        old, version = versioned or (receipt, 0)
        new = await counted(deps, change(old))
        if new == old and versioned:
            return old
        try:
            await deps.documents.put(RECEIPTS, new, if_version=version)
        except Conflict:
            continue
        return new
    raise Conflict("the receipt is written by too many at once")


async def counted(deps: IngestDeps, receipt: Receipt) -> Receipt:
    """Return the receipt with its counts and reasons as what is kept says now."""
    own = Eq("receipt_id", receipt.id)
    states = {
        state: await deps.documents.count(ARRIVALS, own, Eq("state", state))
        for state in (RECEIVED, DEIDENTIFIED, RELEASED, REFUSED)
    }
    rejected = await deps.documents.count(REJECTED, own)
    reasons: Counter[str] = Counter()
    if states[REFUSED]:
        reasons.update([each.reason async for each in deps.documents.every(ARRIVALS, own, Eq("state", REFUSED))])
    if rejected:
        reasons.update([each.reason async for each in deps.documents.every(REJECTED, own)])
    new = msgspec.structs.replace(
        receipt,
        received=sum(states.values()),
        deidentified=states[DEIDENTIFIED] + states[RELEASED],
        refused=states[REFUSED],
        rejected=rejected,
        reasons=dict(reasons),
    )
    return msgspec.structs.replace(new, state=state_of(new))


async def repair(deps: IngestDeps, arrivals: list[Arrival]) -> None:
    """Make receipts tell of these arrivals: a kill -9 on a store without transactions may come between the two."""
    by_receipt = {each.receipt_id: each for each in arrivals}
    known = await deps.documents.get_many(RECEIPTS, list(by_receipt))
    for receipt_id, each in by_receipt.items():
        there = await deps.documents.count(ARRIVALS, Eq("receipt_id", receipt_id))
        if receipt_id not in known or known[receipt_id].received < there:
            await recount(
                deps, Receipt(id=receipt_id, site=deps.site, endpoint=each.endpoint, kind=each.kind, at=each.at)
            )


async def change_arrival(deps: IngestDeps, blob: str, change: Callable[[Arrival], Arrival]) -> Arrival | None:
    """Change one arrival, guarded by its version: the sweeper and the anonymizer's answers may write it at once."""
    for _ in range(TRIES):
        versioned = await deps.documents.get_versioned(ARRIVALS, blob)
        if versioned is None:
            return None
        old, version = versioned
        new = change(old)
        if new == old:
            return old
        try:
            await deps.documents.put(ARRIVALS, new, if_version=version)
        except Conflict:
            continue
        return new
    raise Conflict("the arrival is written by too many at once")


async def add_arrivals(
    deps: IngestDeps, receipt: Receipt, arrivals: list[Arrival], duplicate_of: list[str], duplicates: int
) -> None:
    """Add contents to a receipt. duplicates, duplicate_of: of those found to be known before.

    A content has one arrival, whoever sends it at the same moment: the first has it, to the others it is a duplicate.
    One that was refused is taken over, to be tried again. The receipt is counted anew only after a conflict, so that
    the last content of a long receipt costs what the first does; ``repair`` mends what a crash left between two writes.
    """
    tried: set[str] = set()
    for _ in range(TRIES):
        versions, taken, own = await _versions(deps, receipt, arrivals, tried)
        fresh = [each for each in arrivals if each.blob in versions]
        versioned = await deps.documents.get_versioned(RECEIPTS, receipt.id)
        old, version = versioned or (receipt, 0)
        before = await deps.documents.count(ARRIVALS, Eq("receipt_id", receipt.id)) if tried else old.received
        new = msgspec.structs.replace(
            old,
            received=before + sum(each.blob not in own for each in fresh),
            duplicates=old.duplicates + duplicates + len(taken),
            duplicate_of=tuple(sorted({*old.duplicate_of, *duplicate_of, *taken} - {old.id})[:MOST_NAMED]),
        )
        new = msgspec.structs.replace(new, state=state_of(new))
        try:
            await deps.documents.write(
                *(Put(ARRIVALS, each, versions[each.blob]) for each in fresh), Put(RECEIPTS, new, version)
            )
        except Conflict:
            tried |= versions.keys()
            continue
        return
    raise Conflict("the contents are written by too many at once")


async def _versions(
    deps: IngestDeps, receipt: Receipt, arrivals: list[Arrival], tried: set[str]
) -> tuple[dict[str, int], list[str], set[str]]:
    """Return the versions to write arrivals over, the receipts of those that others have taken, and this receipt's own.

    tried: what this receipt may have written before a conflict; where it has, there is nothing to do.
    """
    known = await deps.documents.get_many(ARRIVALS, [each.blob for each in arrivals])
    versions, taken = {each.blob: 0 for each in arrivals if each.blob not in known}, list[str]()
    for blob, arrival in known.items():
        if arrival.receipt_id == receipt.id and blob in tried:
            continue
        versioned = await deps.documents.get_versioned(ARRIVALS, blob) if arrival.state == REFUSED else None
        if versioned is not None and versioned[0].state == REFUSED:
            versions[blob] = versioned[1]
        else:
            taken.append(arrival.receipt_id)
    return versions, taken, {blob for blob, each in known.items() if each.receipt_id == receipt.id}
