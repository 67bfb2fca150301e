"""What the archive does by itself: tells the ledger's news, mends counts after a crash, evicts when room runs short."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from services.archive import answers
from services.archive.deps import ArchiveDeps
from services.archive.qido import attributes_of
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


async def keep_forever(deps: ArchiveDeps) -> None:
    """Sweep whenever the bell rings, and now and then without it."""
    while True:
        deps.bell.clear()
        try:
            while await tell_some(deps):
                pass
            await evict_some(deps)
        except Transient as error:
            decided("archive-sweep-waits", level="warning", service="archive", error=type(error).__name__)
        try:
            async with asyncio.timeout(deps.settings.sweep_s):
                await deps.bell.wait()
        except TimeoutError:
            continue


async def tell_some(deps: ArchiveDeps) -> int:
    """Publish what the oldest ledger rows say, then delete them; return how many there were."""
    page = await deps.documents.find(PENDING, order=(Order("at"),), limit=PAGE)
    rows = page.documents
    if not rows:
        return 0
    for study in sorted({row.study_instance_uid for row in rows}):
        await recount(deps, study)
    await deps.bus.publish(*(event for row in rows for event in _events(deps, row)))
    await deps.documents.write(*(Delete(PENDING, row.id) for row in rows))
    return len(rows)


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
    try:
        await _rebuild(deps, study, old, version)
    except Conflict:
        return  # somebody stores into it now, and will leave a row of their own


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
        answers.series(known.get(uid), attributes_of(own[0]), instances=len(own), at=own[0].stored_at)
        for uid, own in by_series.items()
    ]
    record = answers.study(
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


async def evict_some(deps: ArchiveDeps) -> int:
    """While the archive holds more than its high water, evict the images of the Studies that came first (FIFO).

    Records and metadata stay: the Study is still found, and a recall brings its bytes back.
    """
    if not deps.settings.high_water_bytes:
        return 0
    evicted = 0
    while (held := await held_bytes(deps)) > deps.settings.high_water_bytes:
        study = await _oldest_online(deps)
        if study is None:
            break
        await evict(deps, study)
        decided("evicted", service="archive", size_bytes=held)
        evicted += 1
    return evicted


async def held_bytes(deps: ArchiveDeps) -> int:
    """Add up what is online."""
    total, after = 0, None
    while True:
        page = await deps.documents.find(STUDIES, limit=1000, after=after)
        total += sum(study.size_bytes for study in page.documents)
        after = page.next
        if after is None:
            return total


async def _oldest_online(deps: ArchiveDeps) -> StudyRecord | None:
    after: str | None = None
    while True:
        page = await deps.documents.find(STUDIES, order=(Order("oldest_at"),), limit=100, after=after)
        online = next((study for study in page.documents if study.evicted < study.instances), None)
        after = page.next
        if online is not None or after is None:
            return online


async def evict(deps: ArchiveDeps, study: StudyRecord) -> None:
    """Evict one Study: records first, so that no reader is sent to bytes that are gone; then the bytes."""
    instances = [each for each in await _all_instances(deps, study.study_instance_uid) if each.state == STORED]
    changed = [msgspec.structs.replace(each, state=EVICTED) for each in instances]
    row = PendingRecord(
        id=f"evict-{study.study_instance_uid}-{time.time_ns()}",
        study_instance_uid=study.study_instance_uid,
        series_instance_uid="",
        sop_instance_uids=(),
        change="evicted",
        correlation_id="",
        at=time.time(),
    )
    record = msgspec.structs.replace(study, evicted=study.instances, size_bytes=0, changed_at=time.time())
    await deps.documents.write(Put(PENDING, row), *(Put(INSTANCES, each) for each in changed), Put(STUDIES, record))
    for each in instances:
        await deps.blobs.delete(each.blob)
    deps.bell.set()


async def status(deps: ArchiveDeps) -> Mapping[str, int]:
    """Figures for the operator."""
    return {
        "studies": await deps.documents.count(STUDIES),
        "instances": await deps.documents.count(INSTANCES),
        "evicted": await deps.documents.count(INSTANCES, Eq("state", EVICTED)),
        "conflicts": await deps.documents.count(CONFLICTS),
        "not told yet": await deps.documents.count(PENDING),
    }
