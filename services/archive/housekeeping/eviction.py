"""Eviction: when room runs short, the bytes of the Studies that came first go; records and metadata stay.

A recall is a Store of the same bytes: it brings them back. Retrieve answers 410 in between. What stays for a reason,
or cannot be recalled where that is asked for, is passed over; what a page of this centre has derived always stays.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping import marks, staying
from services.archive.housekeeping.marks import Excess
from services.archive.housekeeping.staying import Ask, Staying
from services.archive.records import INSTANCES, STUDIES, InstanceRecord, InstanceState, StudyChange, StudyRecord
from services.archive.space_records import EVICTIONS, SPACE, EvictionRecord, SpaceRecord
from services.archive.store.change_ledger import study_row
from shared import clock
from shared.documents import Delete, Eq, Order, Put
from shared.lease import Lease
from shared.logs import decided

PAGE = staying.AT_ONCE
ROOM = "room"


async def evict_some(deps: ArchiveDeps, lease: Lease, ask: Ask = staying.nothing_stays) -> int:
    """While the archive, or a site in it, holds more than its mark, evict the Studies that came first (FIFO).

    Records and metadata stay: the Study is still found, and a recall brings its bytes back. A Study that cannot be
    evicted is set aside, and the next one goes in its place. Raises Unavailable if nobody says what stays.
    """
    await resume(deps, lease)
    settings = deps.settings
    limits = marks.parsed(settings.high_water_bytes, settings.site_high_water_bytes, settings.low_water_percent)
    held = await held_bytes(deps) if limits.is_set else {}
    round_ = _Round(deps, lease, ask, Excess(held, limits))
    await round_.evict()
    found = SpaceRecord(name=ROOM, at=clock.now(), held_bytes=sum(held.values()), over_bytes=round_.excess.size_bytes)
    await lease.write(Put(SPACE, msgspec.structs.replace(found, kept=round_.kept, unproven=round_.unproven)))
    return round_.evicted


async def held_bytes(deps: ArchiveDeps) -> dict[str, int]:
    """Add up what is online, by site."""
    held = defaultdict[str, int](int)
    async for study in deps.documents.every(STUDIES, Eq("online", 1), page_size=1000):
        held[study.site] += study.size_bytes
    return held


class _Round:
    """One look at all Studies, oldest first."""

    def __init__(self, deps: ArchiveDeps, lease: Lease, ask: Ask, excess: Excess) -> None:
        self._deps, self._lease, self._ask, self.excess = deps, lease, ask, excess
        self._work, self._tried = deps.set_asides.of("evict"), set[str]()
        self.evicted = self.kept = self.unproven = 0

    async def evict(self) -> None:
        after, was_needed = None, bool(self.excess.size_bytes)
        while self.excess.size_bytes:
            page = await self._deps.documents.find(
                STUDIES, Eq("online", 1), order=(Order("oldest_at"),), limit=PAGE, after=after
            )
            await self._evict_page(page.documents)
            after = page.next
            if after is None:
                break
        if not was_needed:
            await self._work.keep_only(set())  # nothing has to go any more
        elif after is None:
            await self._work.keep_only(self._tried)

    async def _evict_page(self, studies: Sequence[StudyRecord]) -> None:
        concerned = [each for each in studies if self.excess.concerns(each.site)]
        known = await self._ask([each.study_instance_uid for each in concerned]) if concerned else {}
        await self._work.each(self._to_go(concerned, known), lambda each: each.study_instance_uid, self._evict_one)

    def _to_go(self, studies: Sequence[StudyRecord], known: Mapping[str, Staying]) -> Iterator[StudyRecord]:
        """Yield the Studies that have to go and may, each when those before it are gone."""
        for study in studies:
            if not self.excess.concerns(study.site):
                continue
            about = known[study.study_instance_uid]
            if about.reasons:
                self.kept += 1
            elif self._deps.settings.evict == "recallable" and not about.recallable:
                self.unproven += 1
            else:
                self._tried.add(study.study_instance_uid)
                yield study

    async def _evict_one(self, study: StudyRecord) -> None:
        size_bytes = await evict(self._deps, self._lease, study.study_instance_uid)
        decided("evicted", service="archive", size_bytes=size_bytes)
        self.excess.evicted(study.site, size_bytes)
        self.evicted += 1


async def evict(deps: ArchiveDeps, lease: Lease, study_instance_uid: str) -> int:
    """Evict one Study: records first, so that no reader is sent to bytes that are gone; then the bytes.

    Returns how many bytes. Raises LeaseLost, and Conflict if somebody stores into the Study.
    """
    async with deps.study_locks.hold(study_instance_uid):
        versioned = await deps.documents.get_versioned(STUDIES, study_instance_uid)
        if versioned is None:
            return 0
        study, version = versioned
        instances = await deps.documents.find_all(INSTANCES, Eq("study_instance_uid", study_instance_uid))
        going = [each for each in instances if each.is_here and not each.is_made_here]
        begun = EvictionRecord(study_instance_uid=study_instance_uid, blobs=tuple(each.blob for each in going))
        record, at = _after(study, instances, going), clock.now()
        await lease.write(
            Put(EVICTIONS, begun),
            Put(STUDIES, msgspec.structs.replace(record, changed_at=at), version),  # a store that is faster: Conflict
            study_row(study_instance_uid, StudyChange.EVICTED, at),
            *(Put(INSTANCES, _evicted(each)) for each in going),
        )
    await _finish(deps, lease, begun)
    deps.wake_up.set()
    return sum(each.size_bytes for each in going)


async def resume(deps: ArchiveDeps, lease: Lease) -> None:
    """Bring evictions that were broken off to their end."""

    async def resume_one(begun: EvictionRecord) -> None:
        async with deps.study_locks.hold(begun.study_instance_uid):
            study = await deps.documents.get(STUDIES, begun.study_instance_uid)
            own = await deps.documents.find_all(INSTANCES, Eq("study_instance_uid", begun.study_instance_uid))
            left = [each for each in own if each.is_here and each.blob in begun.blobs]
            if left and study is not None and study.online:
                await lease.write(Delete(EVICTIONS, begun.study_instance_uid))  # a store was faster: it never began
                return
            await lease.write(*(Put(INSTANCES, _evicted(each)) for each in left))
        await _finish(deps, lease, begun)

    begun = await deps.documents.find_all(EVICTIONS)
    await deps.set_asides.of("evict").each(begun, lambda each: each.study_instance_uid, resume_one)


async def _finish(deps: ArchiveDeps, lease: Lease, begun: EvictionRecord) -> None:
    """Delete the bytes; a Store meanwhile has written others, under keys of its own."""
    left = 0
    for blob in begun.blobs:
        try:
            await deps.blobs.delete(blob)
        except Exception as error:  # the next round tries again
            left += 1
            decided("evicted-bytes-left", level="warning", service="archive", error=type(error).__name__)
    if not left:
        await lease.write(Delete(EVICTIONS, begun.study_instance_uid))


def _after(study: StudyRecord, instances: Sequence[InstanceRecord], going: Sequence[InstanceRecord]) -> StudyRecord:
    """Return the Study without what goes."""
    evicted = sum(each.state is InstanceState.EVICTED for each in instances) + len(going)
    held = sum(each.size_bytes for each in instances if each.state is not InstanceState.EVICTED)
    size_bytes = held - sum(each.size_bytes for each in going)
    return msgspec.structs.replace(study, evicted=evicted, online=0, size_bytes=size_bytes)


def _evicted(record: InstanceRecord) -> InstanceRecord:
    return msgspec.structs.replace(record, state=InstanceState.EVICTED)
