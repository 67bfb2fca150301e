"""Counts the days of the custody ledger from what is kept, and takes what the centre was found to hold."""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Final

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.custody import Count, DayLedger, Stage, is_due, judged
from services.ingest.receipts.ledger import change_arrival
from services.ingest.receipts.records import ARRIVALS, RECEIPTS, REJECTED, RESENDS, Arrival, Outcome, Receipt
from shared import clock
from shared.documents import Collection, Eq, In, Order, Range, optimistic
from shared.errors import Conflict, Transient
from shared.events import CustodyChecked, Event
from shared.lease import Lease, LeaseLost
from shared.logs import decided

LEDGER_DAYS = Collection(name="ledger_days", type=DayLedger, key="day", fields=("day",))
DAYS: Final = 35
"""So many days are counted anew; older ones stay as they were counted last."""
LOOK_S: Final = 30.0
_THERE: Final = ("held", "evicted")
_SHARE: Final = 9.0
"""After a count it rests for as many times as long as the count took."""


async def receipts_of(deps: IngestDeps, day: str) -> AsyncIterator[Receipt]:
    """Yield the receipts of a day."""
    first, last = deps.site_time.bounds(day)
    async for receipt in deps.documents.every(RECEIPTS, Range("at", first, last), order=(Order("at"),)):
        if receipt.at < last:
            yield receipt


async def count_day(deps: IngestDeps, day: str) -> DayLedger:
    """Count one day. received is counted apart from the stages, so that a content that is in none shows."""
    count, received, again, left = Count(), 0, 0, 0
    async for receipt in receipts_of(deps, day):
        own = Eq("receipt_id", receipt.id)
        async for arrival in deps.documents.every(ARRIVALS, own):
            count.add(arrival, judged(arrival))
        async for rejected in deps.documents.every(REJECTED, own):
            count.add_rejected(rejected)
        received += await deps.documents.count(ARRIVALS, own) + await deps.documents.count(REJECTED, own)
        again += await deps.documents.count(RESENDS, own)
        left += sum(receipt.not_collected.values())
    return count.ledger(day, deps.site, clock.now(), received, sent_again=again, left=left)


async def counted_day(deps: IngestDeps, day: str) -> DayLedger:
    """Count one day, once more if a content came in between, and keep what was counted."""
    versioned = await deps.documents.get_versioned(LEDGER_DAYS, day)
    ledger = await count_day(deps, day)
    if not ledger.adds_up:
        ledger = await count_day(deps, day)
    with suppress(Conflict):  # something changed while it was counted: the next look counts it again
        await deps.documents.put(LEDGER_DAYS, ledger, if_version=versioned[1] if versioned else 0)
    return ledger


async def count_due(deps: IngestDeps, now: float) -> int:
    """Count the days that are due; return how many. Days before the first receipt have no ledger."""
    today = deps.site_time.day_of(now)
    days = [(dt.date.fromisoformat(today) - dt.timedelta(back)).isoformat() for back in range(DAYS)]
    first = (await deps.documents.find(RECEIPTS, order=(Order("at"),), limit=1)).documents
    known = await deps.documents.get_many(LEDGER_DAYS, days)
    oldest = deps.site_time.day_of(first[0].at) if first else ""
    due = [day for day in days if first and day >= oldest and is_due(known.get(day), today, now)]

    async def counted(day: str) -> None:
        began = time.monotonic()
        await counted_day(deps, day)
        await asyncio.sleep(_SHARE * (time.monotonic() - began))

    return await deps.set_asides.of("ledger").each(due, str, counted)


async def ledger_forever(deps: IngestDeps, _: Lease) -> None:
    """Count what is due, now and then."""
    while True:
        try:
            await count_due(deps, clock.now())
        except LeaseLost:
            raise
        except Transient as error:
            decided("ledger-waits", level="warning", service="ingest", error=type(error).__name__)
        await asyncio.sleep(LOOK_S)


async def custody_checked(event: CustodyChecked, deps: IngestDeps) -> list[Event]:
    """Note what the centre was found to hold, where that is news; the days of these contents are counted again."""
    at = event.occurred_at.timestamp()

    def noted(old: Arrival) -> Arrival:
        holding = event.holdings.get(old.known_as)
        if holding is None or holding == old.holding or at < old.held_at:
            return old
        if old.outcome is not Outcome.DELIVERED and holding not in _THERE:
            return old
        return msgspec.structs.replace(old, holding=holding, held_at=at, outcome=Outcome.DELIVERED, failure="")

    names = In("known_as", tuple(sorted(event.holdings)))
    news = [each async for each in deps.documents.every(ARRIVALS, names) if noted(each) != each]
    await asyncio.gather(*(change_arrival(deps, each.blob, noted) for each in news))
    receipts = await deps.documents.get_many(RECEIPTS, sorted({each.receipt_id for each in news}))
    for day in sorted({deps.site_time.day_of(receipt.at) for receipt in receipts.values()}):
        await optimistic.change(deps.documents, LEDGER_DAYS, day, _to_count)
    return []


async def _to_count(old: DayLedger | None) -> DayLedger | None:
    return old and msgspec.structs.replace(old, counted_at=0.0)


async def newest_days(deps: IngestDeps, limit: int) -> list[DayLedger]:
    """Return the ledgers of the newest days."""
    return (await deps.documents.find(LEDGER_DAYS, order=(Order("day", descending=True),), limit=limit)).documents


async def status(deps: IngestDeps) -> Mapping[str, int]:
    """Figures for the operator, of the days that are counted anew."""
    days = await newest_days(deps, DAYS)
    return {
        "ledger days": len(days),
        "ledger days that do not add up": sum(not day.adds_up for day in days),
        "ledger differences": sum(len(day.differences) for day in days),
        "ledger deleted at the centre": sum(day.of((Stage.DELETED_AT_CENTRE,)).contents for day in days),
    }
