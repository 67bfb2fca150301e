"""What the archive does by itself: tells the ledger's news, mends counts after a crash, evicts when room runs short."""

import asyncio
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from services.archive.attributes import search_results
from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.eviction import evict_some
from services.archive.housekeeping.orphans import Orphans
from services.archive.query.search import attributes_of
from services.archive.records import (
    CONFLICTS,
    EVICTED,
    INSTANCES,
    PENDING,
    SERIES,
    STORED,
    STUDIES,
    InstanceRecord,
    PendingRecord,
    SeriesRecord,
    StudyRecord,
)
from shared.documents import Delete, Eq, Order, Put
from shared.errors import Conflict, Transient
from shared.events import Event, InstancesStored, StudyChanged
from shared.logs import decided

PAGE = 100
MOST_SERIES = 10_000
GIVE_UP_S = 60.0
GATHER_S = 0.1
"""Stores come in swarms; told together they cost a commit instead of one each."""
TRIES = 8


async def keep_forever(deps: ArchiveDeps) -> None:
    """Sweep whenever the bell rings, and now and then without it."""
    orphans = Orphans(deps)
    evict_at = sweep_at = time.monotonic()
    while True:
        deps.bell.clear()
        try:
            while await tell_some(deps):
                pass
            if time.monotonic() >= evict_at:
                evict_at = time.monotonic() + deps.settings.evict_s
                await evict_some(deps)
            if time.monotonic() >= sweep_at:
                sweep_at = time.monotonic() + deps.settings.orphans_s
                await orphans.sweep()
        except Transient as error:
            decided("archive-sweep-waits", level="warning", service="archive", error=type(error).__name__)
        try:
            async with asyncio.timeout(deps.settings.sweep_s):
                await deps.bell.wait()
        except TimeoutError:
            continue
        await asyncio.sleep(GATHER_S)


async def tell_some(deps: ArchiveDeps) -> int:
    """Publish what the oldest ledger rows say, then delete them; return how many there were."""
    page = await deps.documents.find(PENDING, order=(Order("at"),), limit=PAGE)
    rows = await _complete(deps, page.documents)
    if not rows:
        return 0
    for study in sorted({row.study_instance_uid for row in rows if row.id not in deps.committed}):
        await recount(deps, study)  # another process may have been killed between the Instances and their Study
    await deps.bus.publish(*(event for row in rows for event in _events(deps, row)))
    await deps.documents.write(*(Delete(PENDING, row.id) for row in rows))
    deps.committed.difference_update(row.id for row in rows)
    return len(rows)


async def _complete(deps: ArchiveDeps, rows: list[PendingRecord]) -> list[PendingRecord]:
    """Leave out rows whose Instances are only now being written: without transactions the ledger comes first."""
    uids = [uid for row in rows for uid in row.sop_instance_uids]
    known = await deps.documents.get_many(INSTANCES, uids) if uids else {}
    old = time.time() - GIVE_UP_S
    return [row for row in rows if row.at < old or all(uid in known for uid in row.sop_instance_uids)]


def ledger(study: str, records: Iterable[InstanceRecord], correlation_id: str, at: float) -> list[Put[PendingRecord]]:
    """Return one ledger row a Series: what its event will say (≤ 200 Instances: batches are smaller)."""
    by_series: dict[str, list[str]] = {}
    for record in records:
        by_series.setdefault(record.series_instance_uid, []).append(record.sop_instance_uid)
    return [
        Put(
            PENDING,
            PendingRecord(
                id=str(uuid.uuid4()),
                study_instance_uid=study,
                series_instance_uid=series,
                sop_instance_uids=tuple(uids),
                correlation_id=correlation_id,
                at=at,
            ),
        )
        for series, uids in by_series.items()
    ]


async def mend(deps: ArchiveDeps, study: str, records: Iterable[InstanceRecord], correlation_id: str) -> None:
    """Bring a Study up to date whose Instances were written and whose own record was not, and tell it."""
    await deps.documents.write(*ledger(study, records, correlation_id, time.time()))
    await recount(deps, study)
    deps.bell.set()


def _events(deps: ArchiveDeps, row: PendingRecord) -> list[Event]:
    common: dict[str, Any] = {"correlation_id": row.correlation_id or row.id, "site": deps.site}
    study = StudyChanged.first(row.id, **common, study_instance_uid=row.study_instance_uid, change=row.change)
    if row.change != "stored":
        return [study]
    stored = InstancesStored.first(
        row.id,
        **common,
        study_instance_uid=row.study_instance_uid,
        series_instance_uid=row.series_instance_uid,
        sop_instance_uids=row.sop_instance_uids,
    )
    return [stored, study]


async def recount(deps: ArchiveDeps, study: str) -> None:
    """Make Series and Study say what the Instances say; a store that was cut short may have left them behind."""
    for _ in range(TRIES):
        try:
            await _recount_once(deps, study)
        except Conflict:
            continue  # somebody stores into it now
        return


async def _recount_once(deps: ArchiveDeps, study: str) -> None:
    documents = deps.documents
    versioned = await documents.get_versioned(STUDIES, study)
    old, version = versioned or (None, 0)
    page = await documents.find(SERIES, Eq("study_instance_uid", study), limit=MOST_SERIES)
    counted: dict[str, int] = {}
    for each in page.documents:
        uid = each.series_instance_uid
        counted[uid] = await documents.count(INSTANCES, Eq("series_instance_uid", uid))
    total = await documents.count(INSTANCES, Eq("study_instance_uid", study))
    right = all(each.instances == counted[each.series_instance_uid] for each in page.documents)
    if old is not None and right and total == old.instances == sum(counted.values()) and total:
        return
    await _rebuild(deps, study, old, version)


async def _rebuild(deps: ArchiveDeps, study: str, old: StudyRecord | None, version: int) -> None:
    instances = await _all_instances(deps, study)
    page = await deps.documents.find(SERIES, Eq("study_instance_uid", study), limit=MOST_SERIES)
    known = {each.series_instance_uid: each for each in page.documents}
    by_series: dict[str, list[InstanceRecord]] = {}
    for each in instances:
        by_series.setdefault(each.series_instance_uid, []).append(each)
    gone = [Delete(SERIES, uid) for uid in known if uid not in by_series]
    if not instances:
        await deps.documents.write(*gone, Delete(STUDIES, study))
        return
    series: list[SeriesRecord] = [
        search_results.series(known.get(uid), attributes_of(own[0]), instances=len(own), at=own[0].stored_at)
        for uid, own in by_series.items()
    ]
    record = search_results.study(
        old,
        attributes_of(instances[0]),
        series,
        size_bytes=sum(each.size_bytes for each in instances if each.state == STORED),
        evicted=sum(each.state == EVICTED for each in instances),
        at=time.time(),
    )
    await deps.documents.write(*gone, *(Put(SERIES, each) for each in series), Put(STUDIES, record, version))


async def _all_instances(deps: ArchiveDeps, study: str) -> list[InstanceRecord]:
    found: list[InstanceRecord] = []
    after: str | None = None
    while True:
        page = await deps.documents.find(INSTANCES, Eq("study_instance_uid", study), limit=500, after=after)
        found += page.documents
        after = page.next
        if after is None:
            return found


async def status(deps: ArchiveDeps) -> Mapping[str, int]:
    """Figures for the operator."""
    return {
        "studies": await deps.documents.count(STUDIES),
        "instances": await deps.documents.count(INSTANCES),
        "evicted": await deps.documents.count(INSTANCES, Eq("state", EVICTED)),
        "conflicts": await deps.documents.count(CONFLICTS),
        "not told yet": await deps.documents.count(PENDING),
    }
