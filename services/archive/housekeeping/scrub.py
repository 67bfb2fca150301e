"""The scrub: reads all stored bytes at a limited rate, and compares them with their records.

Bit rot in what nobody asks for would be found when the last good copy elsewhere is gone. Where it stands is kept in a
record, so that a restart goes on; of several processes one scrubs, under a lease. The time of the next one is bounded
by the waits of this process' own clock: a wall clock that jumps begins one early, and never holds one back.
"""

import time
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from services.archive.deps import ArchiveDeps
from services.archive.records import INSTANCES, SCRUBS, InstanceRecord, ScrubRecord
from services.archive.stored_bytes import damaged
from shared import clock
from shared.blobs import Blobs
from shared.blobs.digest import sha256_of
from shared.documents import Put
from shared.errors import Damaged, NotFound, Transient
from shared.lease import Lease, LeaseLost
from shared.logs import decided
from shared.metrics import SCRUBBED, SCRUBBED_BYTES
from shared.retention import is_time_again
from shared.scrubbing import DAY_S, keep_to_rate, note_unread, scrub_when_due
from shared.set_aside import IN_ROW

PAGE = 100
NAME = "archive"


async def scrub_forever(deps: ArchiveDeps, lease: Lease) -> None:
    """Scrub whenever one is due; a store that does not answer is waited for."""

    async def scrub_if_due(waited_s: float) -> bool:
        record = await deps.documents.get(SCRUBS, NAME) or ScrubRecord(name=NAME)
        due = is_due(record, clock.now(), waited_s, deps.settings.scrub_days * DAY_S)
        if due:
            await scrub(deps, lease, record)
        return due

    await scrub_when_due("archive", deps.settings.scrub_rate_bytes, scrub_if_due)


def is_due(record: ScrubRecord, now: float, waited_s: float, every_s: float) -> bool:
    """Say whether a scrub is to go on or to begin. waited_s: since the last one ended in this process."""
    return record.is_running or not record.started_at or is_time_again(record.started_at, now, waited_s, every_s)


async def scrub(deps: ArchiveDeps, lease: Lease, record: ScrubRecord) -> ScrubRecord:
    """Compare every stored Instance, from where the record stands; return the record of the end. Raises LeaseLost."""
    if not record.is_running:
        record = ScrubRecord(name=NAME, started_at=clock.now(), is_running=True)
    while record.is_running:
        page = await deps.documents.find(INSTANCES, limit=PAGE, after=record.position or None)
        outcomes = await _page(deps, page.documents)
        record = msgspec.structs.replace(
            record,
            position=page.next or "",
            is_running=page.next is not None,
            compared=record.compared + len(outcomes),
            damaged=record.damaged + outcomes.count(False),
        )
        await lease.write(Put(SCRUBS, record))
    decided("scrubbed", service="archive", count=record.compared, level="warning" if record.damaged else "info")
    return record


async def _page(deps: ArchiveDeps, records: Sequence[InstanceRecord]) -> list[bool]:
    """Return the outcomes of those that can be read. Raises Transient if the store is away.

    One that cannot be read while others can is counted, and met again by the next scrub.
    """
    outcomes: list[bool] = []
    away: list[Transient] = []
    for each in records:
        try:
            outcomes.append(await _one(deps, each))
            away.clear()
        except LeaseLost:
            raise
        except Exception as error:
            away += [error] if isinstance(error, Transient) else []
            if len(away) >= IN_ROW:
                raise
            note_unread("archive", error)
    if away and not outcomes:
        raise away[0]
    return outcomes


async def _one(deps: ArchiveDeps, record: InstanceRecord) -> bool:
    """Compare one Instance; return whether it is right, or is not to be compared."""
    if not record.is_here:
        return True
    started = time.monotonic()
    right = await is_right(deps.blobs, record) or await _is_gone(deps, record)
    SCRUBBED.labels("archive", "right" if right else "damaged").inc()
    SCRUBBED_BYTES.labels("archive").inc(record.size_bytes)
    if not right:
        with suppress(Damaged):  # marked and counted
            await damaged(deps, record)
    await keep_to_rate(record.size_bytes, deps.settings.scrub_rate_bytes, started)
    return right


async def is_right(blobs: Blobs, record: InstanceRecord) -> bool:
    """Read an Instance and say whether its bytes are those of its record."""
    try:
        return await sha256_of(blobs, record.blob) == (record.sha256, record.size_bytes)
    except NotFound:
        return False


async def _is_gone(deps: ArchiveDeps, record: InstanceRecord) -> bool:
    """Say whether the record names other bytes by now: it was deleted, evicted or stored anew under our eyes."""
    now = await deps.documents.get(INSTANCES, record.sop_instance_uid)
    return now is None or not now.is_here or now.blob != record.blob
