"""Brings the records of Series and Study up to date with their Instances."""

import msgspec

from services.archive.attributes import search_results, sites
from services.archive.attributes.stored import attributes_of
from services.archive.deps import ArchiveDeps
from services.archive.records import (
    INSTANCES,
    SERIES,
    STUDIES,
    InstanceRecord,
    InstanceState,
    SeriesRecord,
    StudyRecord,
)
from shared import clock
from shared.documents import Delete, Eq, Put
from shared.errors import Conflict

MOST_SERIES = 10_000
TRIES = 8


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


async def remake(deps: ArchiveDeps, study: str, *, from_instances: bool) -> None:
    """Make Series and Study anew.

    from_instances: their Attributes too, from the first Instance that came; else only what is derived from those.
    """
    for _ in range(TRIES):
        versioned = await deps.documents.get_versioned(STUDIES, study)
        if versioned is None:
            return
        try:
            await _rebuild(deps, study, *versioned, from_instances=from_instances)
        except Conflict:
            continue  # somebody stores into it now
        return
    raise Conflict("the Study is written by too many at once")


async def _rebuild(
    deps: ArchiveDeps, study: str, old: StudyRecord | None, version: int, *, from_instances: bool = False
) -> None:
    instances = await deps.documents.find_all(INSTANCES, Eq("study_instance_uid", study))
    if from_instances:
        instances.sort(key=lambda each: (each.stored_at, each.sop_instance_uid))
    page = await deps.documents.find(SERIES, Eq("study_instance_uid", study), limit=MOST_SERIES)
    known = {each.series_instance_uid: each for each in page.documents}
    by_series: dict[str, list[InstanceRecord]] = {}
    for each in instances:
        by_series.setdefault(each.series_instance_uid, []).append(each)
    gone = [Delete(SERIES, uid) for uid in known if uid not in by_series]
    if not instances:
        await deps.documents.write(*gone, Delete(STUDIES, study))
        return
    only_site = sites.of_all(instances, old.only_site if old else "")
    series: list[SeriesRecord] = [
        search_results.series(
            None if from_instances else known.get(uid),
            attributes_of(own[0]),
            instances=len(own),
            at=own[0].stored_at,
            only_site=only_site,
        )
        for uid, own in by_series.items()
    ]
    record = search_results.study(
        None if from_instances else old,
        attributes_of(instances[0]),
        series,
        size_bytes=sum(each.size_bytes for each in instances if each.state != InstanceState.EVICTED),
        evicted=sum(each.state == InstanceState.EVICTED for each in instances),
        at=clock.now(),
        only_site=only_site,
    )
    if old is not None:
        record = msgspec.structs.replace(record, oldest_at=old.oldest_at, commits=old.commits)
    await deps.documents.write(*gone, *(Put(SERIES, each) for each in series), Put(STUDIES, record, version))
