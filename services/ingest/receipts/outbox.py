"""Publish what has arrived and is not published yet, and delete identified bytes whose retention is over.

Of all processes of ingest one at a time publishes and one deletes, each under a lease. A crash between publishing and
marking publishes again, perhaps in other batches: the anonymizer recognises contents, and the linker counts Instances,
not batches, so that changes nothing.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Sequence

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.ledger import change_arrival, repair
from services.ingest.receipts.records import (
    ARRIVALS,
    DEIDENTIFIED,
    NOT_PUBLISHED,
    PUBLISHED,
    RECEIVED,
    REFUSED,
    RELEASED,
    REPORT,
    Arrival,
)
from shared.documents import Eq, Order, Range
from shared.errors import Transient
from shared.events import MAX_BATCH, Event, InstancesReceived, ReportReceived
from shared.lease import Lease, LeaseLost
from shared.logs import decided

PAGE = 1000
IDLE_S = 1.0
"""How soon the publisher sees what another process has received."""
RELEASE_EVERY_S = 600.0
_DAY_S = 86_400.0


async def publish_forever(deps: IngestDeps, lease: Lease) -> None:
    """Publish when something arrives, after letting arrivals gather for a moment, and now and then anyway."""
    while True:
        deps.wake_up.clear()
        try:
            while await publish_some(deps, lease):
                pass
        except LeaseLost:
            raise
        except Transient as error:
            decided("publish-waits", level="warning", service="ingest", error=type(error).__name__)
        try:
            async with asyncio.timeout(IDLE_S):
                await deps.wake_up.wait()
        except TimeoutError:
            continue
        await asyncio.sleep(deps.settings.publish_s)


async def publish_some(deps: IngestDeps, lease: Lease) -> int:
    """Publish the oldest arrivals that are not published yet; return how many. Raises LeaseLost."""
    page = await deps.documents.find(ARRIVALS, Eq("published", NOT_PUBLISHED), order=(Order("at"),), limit=PAGE)
    if not page.documents:
        return 0
    await repair(deps, page.documents)
    await lease.check()
    await deps.bus.publish(*_events(page.documents, deps.site))
    await asyncio.gather(*(change_arrival(deps, each.blob, _published) for each in page.documents))
    return len(page.documents)


async def oldest_unpublished_s(deps: IngestDeps) -> int:
    """Return for how many seconds the oldest arrival that is not published has waited; 0 if none waits."""
    page = await deps.documents.find(ARRIVALS, Eq("published", NOT_PUBLISHED), order=(Order("at"),), limit=1)
    return max(0, int(time.time() - page.documents[0].at)) if page.documents else 0


async def is_published_in_time(deps: IngestDeps) -> str:
    """Return "ok", or how long the oldest arrival has waited if that is longer than the settings allow."""
    waited_s = await oldest_unpublished_s(deps)
    return "ok" if waited_s <= deps.settings.publish_late_s else f"an arrival waits for {waited_s} s to be published"


def _published(arrival: Arrival) -> Arrival:
    return msgspec.structs.replace(arrival, published=PUBLISHED)


def _events(arrivals: Sequence[Arrival], site: str) -> Iterator[Event]:
    by_receipt: dict[str, list[Arrival]] = {}
    for each in arrivals:
        by_receipt.setdefault(each.receipt_id, []).append(each)
    for receipt_id, own in by_receipt.items():
        instances = [each.blob for each in own if each.kind != REPORT]
        for start in range(0, len(instances), MAX_BATCH):
            blobs = tuple(sorted(instances[start : start + MAX_BATCH]))
            key = hashlib.sha256("|".join((receipt_id, *blobs)).encode()).hexdigest()
            yield InstancesReceived.first(key, correlation_id=receipt_id, site=site, receipt_id=receipt_id, blobs=blobs)
        for each in own:
            if each.kind == REPORT:
                key = f"{receipt_id}|{each.blob}"
                yield ReportReceived.first(
                    key, correlation_id=receipt_id, site=site, receipt_id=receipt_id, blob=each.blob
                )


async def release_forever(deps: IngestDeps, _: Lease) -> None:
    """Delete identified bytes whose retention is over; what is in quarantine is kept."""
    while True:
        while await release_some(deps, time.time() - deps.settings.retention_days * _DAY_S):
            pass
        await asyncio.sleep(RELEASE_EVERY_S)


async def release_some(deps: IngestDeps, before: float) -> int:
    """Release some contents that were de-identified and arrived before a moment; return how many."""
    old = (Eq("state", DEIDENTIFIED), Range("at", None, before))
    page = await deps.documents.find(ARRIVALS, *old, limit=PAGE)
    for each in page.documents:
        await deps.blobs.delete(each.blob)
        if each.original and not await _original_is_needed(deps, each):
            await deps.blobs.delete(each.original)
        await change_arrival(deps, each.blob, lambda old: msgspec.structs.replace(old, state=RELEASED))
    return len(page.documents)


async def _original_is_needed(deps: IngestDeps, arrival: Arrival) -> bool:
    """Say whether another report that came in the same document still waits or is in quarantine."""
    for state in (RECEIVED, DEIDENTIFIED, REFUSED):
        own = (Eq("receipt_id", arrival.receipt_id), Eq("state", state))
        async for each in deps.documents.every(ARRIVALS, *own):
            if each.original == arrival.original and each.blob != arrival.blob:
                return True
    return False
