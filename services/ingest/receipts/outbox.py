"""Publish what has arrived and is not published yet, and delete identified bytes whose retention is over.

Of all processes of ingest one at a time publishes and one deletes, each under a lease. A crash between publishing and
marking publishes again, perhaps in other batches: the anonymizer recognises contents, and the linker counts Instances,
not batches, so that changes nothing.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.counting import repair
from services.ingest.receipts.ledger import change_arrival, change_content
from services.ingest.receipts.originals import original_is_needed
from services.ingest.receipts.records import (
    ARRIVALS,
    NOT_PUBLISHED,
    PUBLISHED,
    RECEIPTS,
    REPORT,
    RESENDS,
    Arrival,
    ArrivalState,
    Resent,
)
from services.ingest.receipts.rejected import drop_rejected
from shared import clock, outbox
from shared.documents import Collection, Eq, Order, Range
from shared.errors import Transient
from shared.events import MAX_BATCH, Event, InstancesReceived, ReportReceived
from shared.lease import Lease, LeaseLost
from shared.logs import decided
from shared.retention import RetentionClock

A = TypeVar("A", bound=Arrival)
PAGE = 1000
IDLE_S = 1.0
"""How soon the publisher sees what another process has received."""
RELEASE_EVERY_S = 600.0
_DAY_S = 86_400.0


async def publish_forever(deps: IngestDeps, lease: Lease) -> None:
    """Publish when something arrives, after letting arrivals gather for a moment, and now and then anyway."""

    async def publish() -> None:
        while await publish_some(deps, lease):
            pass

    await outbox.publish_forever(
        publish, deps.wake_up, service="ingest", idle_s=IDLE_S, gather_s=deps.settings.publish_s
    )


async def publish_some(deps: IngestDeps, lease: Lease) -> int:
    """Publish the oldest contents that are not published yet; return how many. Raises LeaseLost.

    The contents of a receipt that meets an error are left, and the receipt is set aside; the others go on.
    """
    return await _publish_from(deps, lease, ARRIVALS) or await _publish_from(deps, lease, RESENDS)


async def _publish_from(deps: IngestDeps, lease: Lease, collection: Collection[A]) -> int:
    waiting, order = Eq("published", NOT_PUBLISHED), (Order("at"),)
    return await deps.set_asides.of(f"publish {collection.name}").first_done(
        lambda after: deps.documents.find(collection, waiting, order=order, limit=PAGE, after=after),
        lambda content: content.receipt_id,
        partial(_publish, deps, lease, collection),
    )


async def _publish(deps: IngestDeps, lease: Lease, collection: Collection[A], contents: Sequence[A]) -> int:
    by_receipt: dict[str, list[A]] = {}
    for each in contents:
        by_receipt.setdefault(each.receipt_id, []).append(each)
    events: dict[str, list[Event]] = {}

    async def prepare(receipt_id: str) -> None:
        await repair(deps, by_receipt[receipt_id])
        receipt = await deps.documents.get(RECEIPTS, receipt_id)
        is_urgent = receipt is not None and receipt.priority
        events[receipt_id] = list(_events(by_receipt[receipt_id], deps.site, priority=is_urgent))

    await deps.set_asides.of(f"publish {collection.name}").each(by_receipt, str, prepare)
    if not events:
        return 0
    await lease.check()
    await deps.bus.publish(*(event for receipt_id in events for event in events[receipt_id]))
    done = [getattr(each, collection.key) for receipt_id in events for each in by_receipt[receipt_id]]
    marks = (change_content(deps, collection, key, _published) for key in done)
    failures = [each for each in await asyncio.gather(*marks, return_exceptions=True) if isinstance(each, Exception)]
    if failures:
        raise failures[0]  # those are published again; the others are marked
    return len(done)


async def oldest_unpublished_s(deps: IngestDeps) -> int:
    """Return for how many seconds the oldest content that is not published has waited; 0 if none waits."""
    waiting = (Eq("published", NOT_PUBLISHED), (Order("at"),))
    arrivals = await deps.documents.find(ARRIVALS, waiting[0], order=waiting[1], limit=1)
    resends = await deps.documents.find(RESENDS, waiting[0], order=waiting[1], limit=1)
    return max([0, *(int(clock.now() - each.at) for each in (*arrivals.documents, *resends.documents))])


async def is_published_in_time(deps: IngestDeps) -> str:
    """Return "ok", or how long the oldest arrival has waited if that is longer than the settings allow."""
    waited_s = await oldest_unpublished_s(deps)
    return "ok" if waited_s <= deps.settings.publish_late_s else f"an arrival waits for {waited_s} s to be published"


def _published(content: A) -> A:
    return msgspec.structs.replace(content, published=PUBLISHED)


def _events(contents: Sequence[Arrival], site: str, *, priority: bool) -> Iterator[Event]:
    """Yield the events of contents of one receipt, that are all new, or all sent again."""
    receipt_id, resent = contents[0].receipt_id, isinstance(contents[0], Resent)
    about: dict[str, Any] = {"correlation_id": receipt_id, "site": site, "receipt_id": receipt_id}
    about |= {"resent": resent, "priority": priority}
    instances = [each.blob for each in contents if each.kind != REPORT]
    for start in range(0, len(instances), MAX_BATCH):
        blobs = tuple(sorted(instances[start : start + MAX_BATCH]))
        key = "|".join((receipt_id, *blobs, *(["resent"] if resent else [])))
        yield InstancesReceived.first(hashlib.sha256(key.encode()).hexdigest(), **about, blobs=blobs)
    for each in contents:
        if each.kind == REPORT:
            key = f"{receipt_id}|{each.blob}{'|resent' if resent else ''}"
            yield ReportReceived.first(key, **about, blob=each.blob)


async def release_forever(deps: IngestDeps, _: Lease) -> None:
    """Delete identified bytes whose retention is over; what is in quarantine is kept."""
    times = RetentionClock(deps.documents, "ingest")
    while True:
        try:
            await drop_rejected(deps, await times.now())
            while await release_some(deps, await times.now() - deps.settings.retention_days * _DAY_S):
                pass
        except LeaseLost:
            raise
        except Transient as error:
            decided("release-waits", level="warning", service="ingest", error=type(error).__name__)
        await asyncio.sleep(RELEASE_EVERY_S)


async def release_some(deps: IngestDeps, before: float) -> int:
    """Release some contents that were de-identified and arrived before a moment; return how many."""
    old = (Eq("state", ArrivalState.DEIDENTIFIED), Range("at", None, before))
    work = deps.set_asides.of("release")

    def blob_of(arrival: Arrival) -> str:
        return arrival.blob

    return await work.first_done(
        lambda after: deps.documents.find(ARRIVALS, *old, limit=PAGE, after=after),
        blob_of,
        lambda arrivals: work.each(arrivals, blob_of, partial(_release, deps, before)),
    )


async def _release(deps: IngestDeps, before: float, seen: Arrival) -> None:
    arrival = await deps.documents.get(ARRIVALS, seen.blob)
    if arrival is None or not _is_ripe(arrival, before):
        return  # sent again meanwhile
    await deps.blobs.delete(arrival.blob)
    if arrival.original and not await original_is_needed(deps, arrival):
        await deps.blobs.delete(arrival.original)

    def released(old: Arrival) -> Arrival:
        return msgspec.structs.replace(old, state=ArrivalState.RELEASED) if _is_ripe(old, before) else old

    await change_arrival(deps, arrival.blob, released)


def _is_ripe(arrival: Arrival, before: float) -> bool:
    return arrival.state is ArrivalState.DEIDENTIFIED and arrival.at <= before
