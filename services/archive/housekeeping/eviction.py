"""Eviction: when room runs short, the bytes of the Studies that came first go; records and metadata stay.

A recall is a Store of the same bytes: it brings them back. Retrieve answers 410 in between.
"""

from itertools import takewhile

import msgspec

from services.archive.deps import ArchiveDeps
from services.archive.records import INSTANCES, STUDIES, InstanceState, StudyChange, StudyRecord
from services.archive.store.change_ledger import study_row
from shared import clock
from shared.documents import Eq, Order, Put
from shared.lease import Lease
from shared.logs import decided

PAGE = 100


async def evict_some(deps: ArchiveDeps, lease: Lease) -> int:
    """While the archive holds more than its high water, evict the images of the Studies that came first (FIFO).

    Records and metadata stay: the Study is still found, and a recall brings its bytes back. A Study that cannot be
    evicted is set aside, and the next one goes in its place.
    """
    mark, evicted, after = deps.settings.high_water_bytes, 0, None
    held = await held_bytes(deps) if mark else 0

    async def evict_one(study: StudyRecord) -> None:
        nonlocal held, evicted
        await evict(deps, lease, study.study_instance_uid)
        decided("evicted", service="archive", size_bytes=held)
        held -= study.size_bytes
        evicted += 1

    work, tried = deps.set_asides.of("evict"), set[str]()
    while held > mark:
        oldest = (Order("oldest_at"),)
        page = await deps.documents.find(STUDIES, Eq("online", 1), order=oldest, limit=PAGE, after=after)
        enough = takewhile(lambda _: held > mark, page.documents)
        await work.each(enough, lambda study: study.study_instance_uid, evict_one)
        tried |= {study.study_instance_uid for study in page.documents}
        after = page.next
        if after is None:
            break
    if held <= mark and not evicted:
        await work.keep_only(set())  # nothing has to go any more
    elif after is None:
        await work.keep_only(tried)
    return evicted


async def held_bytes(deps: ArchiveDeps) -> int:
    """Add up what is online."""
    return sum([study.size_bytes async for study in deps.documents.every(STUDIES, Eq("online", 1), page_size=1000)])


async def evict(deps: ArchiveDeps, lease: Lease, study_instance_uid: str) -> None:
    """Evict one Study: records first, so that no reader is sent to bytes that are gone; then the bytes.

    Raises LeaseLost, and Conflict if somebody stores into the Study.
    """
    async with deps.study_locks.hold(study_instance_uid):
        versioned = await deps.documents.get_versioned(STUDIES, study_instance_uid)
        if versioned is None:
            return
        study, version = versioned
        own = deps.documents.every(INSTANCES, Eq("study_instance_uid", study_instance_uid))
        instances = [each async for each in own if each.state == InstanceState.STORED]
        at = clock.now()
        record = msgspec.structs.replace(study, evicted=study.instances, online=0, size_bytes=0, changed_at=at)
        await lease.write(
            Put(STUDIES, record, version),  # first: a store that is faster makes this a Conflict, and nothing happens
            study_row(study_instance_uid, StudyChange.EVICTED, at),
            *(Put(INSTANCES, msgspec.structs.replace(each, state=InstanceState.EVICTED)) for each in instances),
        )
    for each in instances:
        await _delete(deps, each.blob)
    deps.wake_up.set()


async def _delete(deps: ArchiveDeps, blob: str) -> None:
    """Delete the bytes of an Instance that is evicted; what is left here is found as an orphan."""
    try:
        await deps.blobs.delete(blob)
    except Exception as error:
        decided("evicted-bytes-left", level="warning", service="archive", error=type(error).__name__)
