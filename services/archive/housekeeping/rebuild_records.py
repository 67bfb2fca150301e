"""Makes the archive's records again from the bytes of Instances: ``jmid rebuild records``.

After a database was restored from an older copy, or lost, Instances stored since are bytes that no record names. Each
is read and gets its record, under the key that it has; Series, Study and ledger follow, as when it was stored. What an
administrator deleted stays deleted. Runs beside archives that serve, and may be stopped and begun again at any point.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.rebuild import prepared_from
from services.archive.records import DELETIONS, INSTANCES, DeletionRecord, InstanceRecord, InstanceState
from services.archive.store import instance_blobs
from services.archive.store.bytes_at_rest import at_rest
from services.archive.store.prepare import Failure, Prepared
from services.archive.store.store import Store
from shared.errors import Transient
from shared.logs import decided

PAGE = 100


class Restored(msgspec.Struct):
    """How many so far. seen: keys of Instances.  made: that have a record now, or would in a dry run.

    deleted: left alone, as an administrator deleted the Instance after the bytes were written, or perhaps after.
    superseded: of an Instance that has other bytes at rest.  failed: that are no Instance we can read.
    """

    seen: int = 0
    made: int = 0
    deleted: int = 0
    superseded: int = 0
    failed: int = 0


class _Orphan(NamedTuple):
    key: str
    place: instance_blobs.Place


async def rebuild_records(deps: ArchiveDeps, *, dry_run: bool = False) -> AsyncIterator[Restored]:
    """Give every Instance that only its bytes tell of a record; yield after every page of keys."""
    progress, store, deletions = Restored(), Store(deps), [each async for each in deps.documents.every(DELETIONS)]
    async for keys in deps.blobs.key_pages(instance_blobs.PREFIX, size=PAGE):
        progress.seen += len(keys)
        orphans = await _orphans(deps, keys, progress)
        waiting = [each for each in orphans if not _is_deleted(each.place, deletions)]
        progress.deleted += len(orphans) - len(waiting)
        await _restore(deps, store, waiting, progress, dry_run=dry_run)
        yield progress


async def _orphans(deps: ArchiveDeps, keys: Sequence[str], progress: Restored) -> list[_Orphan]:
    """Return the keys that no record names, and whose Instance has no other bytes at rest; the newest first."""
    places = {key: place for key in keys if (place := instance_blobs.place_of(key)) is not None}
    progress.failed += len(keys) - len(places)
    records = await deps.documents.get_many(INSTANCES, sorted({each.sop_instance_uid for each in places.values()}))
    missing, unread = await at_rest(deps, list(records.values()))
    orphaned = []
    for key, place in places.items():
        record = records.get(place.sop_instance_uid)
        if record is not None and record.blob == key and record.state == InstanceState.STORED:
            continue
        if record is not None and record.sop_instance_uid in unread:
            progress.failed += 1
        elif record is None or record.sop_instance_uid in missing:
            orphaned.append(_Orphan(key, place))
        else:
            progress.superseded += 1
    return sorted(orphaned, key=lambda each: each.place.made_at or 0.0, reverse=True)


def _is_deleted(place: instance_blobs.Place, deletions: Sequence[DeletionRecord]) -> bool:
    uids = {
        "study": place.study_instance_uid,
        "series": place.series_instance_uid,
        "instance": place.sop_instance_uid,
    }
    return any(
        each.uids.items() <= uids.items() and (place.made_at is None or each.at >= place.made_at) for each in deletions
    )


async def _restore(
    deps: ArchiveDeps, store: Store, orphans: Sequence[_Orphan], progress: Restored, *, dry_run: bool
) -> None:
    readable: dict[str, Prepared] = {}
    taken: set[str] = set()
    for each in orphans:
        if each.place.sop_instance_uid in taken:
            progress.superseded += 1
            continue
        prepared = await _read(deps, each)
        if prepared is None:
            progress.failed += 1
        else:
            readable[each.key] = prepared
            taken.add(each.place.sop_instance_uid)
    known = await deps.documents.get_many(INSTANCES, sorted(taken))
    same = {key: each for key, each in readable.items() if _is_same(known, each.record)}
    progress.superseded += len(readable) - len(same)
    failures = {} if dry_run or not same else await store.take_at_rest(same)
    progress.failed += len(failures)
    progress.made += len(same) - len(failures)


def _is_same(known: Mapping[str, InstanceRecord], new: InstanceRecord) -> bool:
    """Say whether the record that there is, if any, is of these bytes."""
    old = known.get(new.sop_instance_uid)
    return old is None or old.sha256 == new.sha256


async def _read(deps: ArchiveDeps, orphan: _Orphan) -> Prepared | None:
    """Return what the bytes say; None if they are no Instance, or not that of their key."""
    try:
        prepared = await prepared_from(deps, orphan.key, orphan.place.made_at)
    except Transient:
        raise
    except Exception as error:
        decided("instance-not-read", level="error", service="archive", error=type(error).__name__)
        return None
    if isinstance(prepared, Failure):
        return None
    record = prepared.record
    uids = (record.study_instance_uid, record.series_instance_uid, record.sop_instance_uid)
    return prepared if uids == orphan.place[:3] else None
