"""What a second sending tells of the first: the content's own arrival, and the receipt that it came by.

The first may have been stuck, as by a dead letter, or not taken by the centre; when the second goes through, the same
content has gone through.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.counting import note_changed
from services.ingest.receipts.ledger import change_arrival
from services.ingest.receipts.records import ARRIVALS, RECEIPTS, Arrival, ArrivalState, Outcome, Resent


async def deidentified_after_all(deps: IngestDeps, resends: Iterable[Resent]) -> None:
    """Mark arrivals that still waited for the anonymizer: what was sent again has been de-identified."""

    def changed(old: Arrival, resent: Resent) -> Arrival:
        if old.state is not ArrivalState.RECEIVED:
            return old
        return msgspec.structs.replace(old, state=ArrivalState.DEIDENTIFIED, known_as=resent.known_as)

    await _change(deps, resends, changed)


async def delivered_after_all(deps: IngestDeps, resends: Iterable[Resent]) -> None:
    """Mark arrivals that the centre had not confirmed: it holds what was sent again."""

    def changed(old: Arrival, resent: Resent) -> Arrival:
        if old.known_as != resent.known_as or resent.outcome is not Outcome.DELIVERED:
            return old
        return msgspec.structs.replace(old, outcome=Outcome.DELIVERED, failure="")

    await _change(deps, resends, changed)


async def _change(deps: IngestDeps, resends: Iterable[Resent], change: Callable[[Arrival, Resent], Arrival]) -> None:
    by_blob = {each.blob: each for each in resends}
    arrivals = await deps.documents.get_many(ARRIVALS, list(by_blob))
    behind = [old for blob, old in arrivals.items() if change(old, by_blob[blob]) != old]
    changes = (change_arrival(deps, old.blob, lambda each: change(each, by_blob[each.blob])) for old in behind)
    await asyncio.gather(*changes)
    receipts = await deps.documents.get_many(RECEIPTS, sorted({old.receipt_id for old in behind}))
    changed = Counter(old.receipt_id for old in behind)
    for receipt in receipts.values():
        await note_changed(deps, receipt, changed[receipt.id])
