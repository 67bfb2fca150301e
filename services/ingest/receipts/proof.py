"""Proves the ledger of one day from evidence: the bytes that are here, and what the linker and the centre say."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.custody import NOT_AT_THE_CENTRE, Count, DayLedger, Judged, proven
from services.ingest.receipts.day_ledger import receipts_of
from services.ingest.receipts.records import ARRIVALS, REJECTED, RESENDS, Arrival, Receipt
from shared import clock
from shared.documents import Eq, In

PAGE: Final = 500
Answered = tuple[Mapping[str, str], Mapping[str, str]]
Evidence = Callable[[Sequence[str]], Awaitable[Answered]]
"""Returns of the contents of receipts what the centre holds, and what waits: name → word, name → state."""


async def prove_day(deps: IngestDeps, day: str, evidence: Evidence) -> DayLedger:
    """Return the ledger of a day, where each content is in the stage that the evidence shows. Writes nothing."""
    count, received, again, left = Count(), 0, 0, 0
    async for receipt in receipts_of(deps, day):
        own = Eq("receipt_id", receipt.id)
        received += await deps.documents.count(ARRIVALS, own) + await deps.documents.count(REJECTED, own)
        again += await deps.documents.count(RESENDS, own)
        left += sum(receipt.not_collected.values())
        async for arrival, found in _judged(deps, receipt, await evidence(await _receipts_of(deps, receipt))):
            count.add(arrival, found)
        async for rejected in deps.documents.every(REJECTED, own):
            count.add_rejected(rejected)
    return count.ledger(day, deps.site, clock.now(), received, sent_again=again, left=left)


class Missing(msgspec.Struct):
    """What the centre misses of a day. names: as Delivered gives them.  receipt_ids: whose deliveries may have it."""

    names: set[str] = set()
    receipt_ids: set[str] = set()


async def missing_of_day(deps: IngestDeps, day: str, evidence: Evidence) -> Missing:
    """Return what the centre confirmed of a day and does not hold, and did not let go, delete or withdraw."""
    missing = Missing()
    async for receipt in receipts_of(deps, day):
        receipt_ids = await _receipts_of(deps, receipt)
        judged = _judged(deps, receipt, await evidence(receipt_ids))
        own = {arrival.known_as async for arrival, found in judged if found.what == NOT_AT_THE_CENTRE}
        if own:
            missing.names |= own
            missing.receipt_ids |= set(receipt_ids)
    return missing


async def _judged(deps: IngestDeps, receipt: Receipt, evidence: Answered) -> AsyncIterator[tuple[Arrival, Judged]]:
    holdings, planned = evidence
    async for arrival in deps.documents.every(ARRIVALS, Eq("receipt_id", receipt.id), page_size=PAGE):
        yield arrival, proven(arrival, holdings, planned, has_bytes=await _is_here(deps, arrival))


async def _receipts_of(deps: IngestDeps, receipt: Receipt) -> list[str]:
    return [receipt.id, *await _sent_again_by(deps, receipt)]


async def _sent_again_by(deps: IngestDeps, receipt: Receipt) -> list[str]:
    """Return the receipts that contents of this one were sent again by: their delivery may be of those."""
    receipts: set[str] = set()
    blobs = [arrival.blob async for arrival in deps.documents.every(ARRIVALS, Eq("receipt_id", receipt.id))]
    for start in range(0, len(blobs), PAGE):
        chosen = In("blob", tuple(blobs[start : start + PAGE]))
        receipts |= {row.receipt_id async for row in deps.documents.every(RESENDS, chosen)}
    return sorted(receipts)


async def _is_here(deps: IngestDeps, arrival: Arrival) -> bool:
    return await deps.blobs.size(arrival.blob) is not None
