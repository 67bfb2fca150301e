"""When a receipt is counted anew: a short one after each change, a long one after many, and when it is left in peace.

Counting costs what the receipt holds. Done for each batch of a long one, the cost would grow with the square of its
contents; so how many contents changed is noted beside it, and it is counted when that is a share of it, or when
nothing was noted for a while. Who notes has written the change before; the note is lowered by what it said before the
counting began: so a change is counted by whoever counts next, whatever is killed in between.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.ledger import Change, recount, unchanged
from services.ingest.receipts.records import (
    ARRIVALS,
    RECEIPTS,
    RESENDS,
    UNCOUNTED,
    Arrival,
    Receipt,
    Uncounted,
    state_of,
)
from shared import clock
from shared.documents import Eq, Range, optimistic
from shared.lease import Lease, LeaseLost
from shared.logs import decided

AT_ONCE = 1000
"""Contents: a receipt of up to as many is counted after each change."""
SHARE = 8
"""A longer one is counted when one in so many of its contents has changed."""
LOOK_S = 1.0
CONTENTS_PER_S = 10_000
"""A long receipt is left in peace for a second for so many contents, so that counting takes little of the time."""


def size_of(receipt: Receipt) -> int:
    """Return how many contents a receipt tells of."""
    return receipt.received + receipt.duplicates + receipt.rejected


async def note_changed(deps: IngestDeps, receipt: Receipt, contents: int, change: Change = unchanged) -> None:
    """Change a receipt of which so many contents were changed, and have it counted. receipt: as it is, or a new one."""
    if size_of(receipt) <= AT_ONCE:
        await recount(deps, receipt, change)
        return

    async def changed(old: Receipt | None) -> Receipt:
        new = change(old or receipt)
        return msgspec.structs.replace(new, state=state_of(new))

    async def noted(old: Uncounted | None) -> Uncounted:
        before = old.contents if old is not None else 0
        return Uncounted(receipt.id, before + contents, size_of(receipt), clock.now())

    await optimistic.change(deps.documents, RECEIPTS, receipt.id, changed)
    row = await optimistic.change(deps.documents, UNCOUNTED, receipt.id, noted)
    if row is not None and row.contents * SHARE >= row.size:
        await _count(deps, row)


async def repair(deps: IngestDeps, arrivals: Sequence[Arrival]) -> None:
    """Make receipts tell of these arrivals: a kill -9 on a store without transactions may come between the two."""
    by_receipt: dict[str, list[Arrival]] = {}
    for each in arrivals:
        by_receipt.setdefault(each.receipt_id, []).append(each)
    known = await deps.documents.get_many(RECEIPTS, list(by_receipt))
    for receipt_id, own in by_receipt.items():
        first, receipt = own[0], known.get(receipt_id)
        if receipt is None:
            new = Receipt(id=receipt_id, site=deps.site, endpoint=first.endpoint, kind=first.kind, at=first.at)
            await recount(deps, new)
        elif size_of(receipt) > AT_ONCE:
            await note_changed(deps, receipt, len(own))
        elif not await _tells_of_all(deps, receipt):
            await recount(deps, receipt)


async def _tells_of_all(deps: IngestDeps, receipt: Receipt) -> bool:
    own, count = Eq("receipt_id", receipt.id), deps.documents.count
    return receipt.received >= await count(ARRIVALS, own) and receipt.duplicates >= await count(RESENDS, own)


async def count_some(deps: IngestDeps, now: float) -> int:
    """Count the long receipts of which nothing changed for a while; return how many. now: seconds since 1970."""
    rows = [row async for row in deps.documents.every(UNCOUNTED, Range("contents", 1, None))]
    ripe = [row for row in rows if abs(now - row.at) >= row.size / CONTENTS_PER_S]

    async def counted(row: Uncounted) -> None:
        await _count(deps, row)

    work = deps.set_asides.of("count")
    await work.each(ripe, lambda row: row.receipt_id, counted)
    return len(ripe)


async def count_forever(deps: IngestDeps, _: Lease) -> None:
    """Count what is left in peace, now and then."""
    while True:
        try:
            await count_some(deps, clock.now())
        except LeaseLost:
            raise
        except Exception as error:
            decided("count-waits", level="warning", service="ingest", error=type(error).__name__)
        await asyncio.sleep(LOOK_S)


async def _count(deps: IngestDeps, seen: Uncounted) -> None:
    """Count a receipt; what was noted after ``seen`` stays noted."""
    receipt = await deps.documents.get(RECEIPTS, seen.receipt_id)
    if receipt is not None:
        await recount(deps, receipt)

    async def lowered(old: Uncounted | None) -> Uncounted | None:
        return old and msgspec.structs.replace(old, contents=max(0, old.contents - seen.contents))

    await optimistic.change(deps.documents, UNCOUNTED, seen.receipt_id, lowered)
