"""Stores Instances: durable and indexed in one commit, or not at all; told to others from a ledger.

Order: bytes to the blob store, then one write of ledger, Instances, Series and Study, guarded by the Study's version.
Bytes without a record are invisible and swept; records without told events are told again.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack

import msgspec

from services.archive import answers
from services.archive.deps import ArchiveDeps
from services.archive.prepare import Failure, Prepared, prepare
from services.archive.records import (
    CONFLICTS,
    EVICTED,
    INSTANCES,
    PENDING,
    SERIES,
    STUDIES,
    ConflictRecord,
    InstanceRecord,
    PendingRecord,
)
from shared.documents import Eq, Put
from shared.errors import Conflict
from shared.metrics import STORED as STORED_METRIC

DUPLICATE = 0x0111  # PS3.7 C.4.2: Duplicate SOP Instance
TRIES = 8
MOST_SERIES = 10_000


class Outcome(msgspec.Struct, frozen=True):
    """What became of one Instance. failure: None if it is stored, now or before."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    failure: Failure | None = None


class Store:
    """The archive's one way to take Instances in."""

    def __init__(self, deps: ArchiveDeps) -> None:
        self._deps = deps
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    async def take(self, files: Sequence[bytes], *, study: str = "", correlation_id: str = "") -> list[Outcome]:
        """Store a batch of Part 10 files; return an outcome for each, in order."""
        root, at = self._deps.settings.public_root, time.time()
        ready = await asyncio.to_thread(lambda: [prepare(data, root=root, at=at, study=study) for data in files])
        good = [(each, data) for each, data in zip(ready, files, strict=True) if isinstance(each, Prepared)]
        failures = await self._store_all(good, correlation_id)
        outcomes = [_outcome(each, failures) for each in ready]
        for outcome in outcomes:
            STORED_METRIC.labels("failed" if outcome.failure else "stored").inc()
        return outcomes

    async def _store_all(self, good: list[tuple[Prepared, bytes]], correlation_id: str) -> dict[int, Failure]:
        """Store Study by Study; return the failures by the id of what was prepared."""
        failures: dict[int, Failure] = {}
        studies = sorted({each.record.study_instance_uid for each, _ in good})
        for study in studies:
            own = [(each, data) for each, data in good if each.record.study_instance_uid == study]
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(self._alone(study))
                failures |= await self._store_study(study, own, correlation_id)
        return failures

    async def _store_study(
        self, study: str, good: list[tuple[Prepared, bytes]], correlation_id: str
    ) -> dict[int, Failure]:
        written: set[str] = set()
        for _ in range(TRIES):
            fresh, failures = await self._sort_out(good)
            blobs = {p.record.blob: data for p, data in fresh if p.record.blob not in written}
            if blobs:
                await self._deps.blobs.put_many(blobs)
                written |= blobs.keys()
            if not fresh:
                return failures
            try:
                await self._commit(study, [each for each, _ in fresh], correlation_id)
            except Conflict:
                continue  # somebody else stored into this Study: look again
            self._deps.bell.set()
            return failures
        raise Conflict("the Study is written by too many at once")

    async def _sort_out(
        self, good: list[tuple[Prepared, bytes]]
    ) -> tuple[list[tuple[Prepared, bytes]], dict[int, Failure]]:
        """Leave out what is there already; refuse, but keep, other bytes under a known SOP Instance UID."""
        known = await self._deps.documents.get_many(INSTANCES, [each.record.sop_instance_uid for each, _ in good])
        fresh: dict[str, tuple[Prepared, bytes]] = {}
        failures: dict[int, Failure] = {}
        for each, data in good:
            uid = each.record.sop_instance_uid
            old = known.get(uid) or (fresh[uid][0].record if uid in fresh else None)
            if old is None or (old.sha256 == each.record.sha256 and old.state == EVICTED):
                fresh[uid] = (each, data)
            elif old.sha256 != each.record.sha256:
                failures[id(each)] = await self._refuse(each.record, old, data)
        return list(fresh.values()), failures

    async def _refuse(self, new: InstanceRecord, old: InstanceRecord, data: bytes) -> Failure:
        blob = f"conflicts/{new.sop_instance_uid}.{new.sha256[:16]}.dcm"
        await self._deps.blobs.put(blob, data)
        conflict = ConflictRecord(
            id=f"{new.sop_instance_uid}.{new.sha256[:16]}",
            sop_instance_uid=new.sop_instance_uid,
            blob=blob,
            sha256=new.sha256,
            stored_sha256=old.sha256,
            size_bytes=new.size_bytes,
            arrived_at=new.stored_at,
        )
        await self._deps.documents.put(CONFLICTS, conflict)
        detail = "another Instance with this SOP Instance UID is stored; these bytes are kept for inspection"
        return Failure(DUPLICATE, detail, new.sop_class_uid, new.sop_instance_uid)

    async def _commit(self, study: str, fresh: list[Prepared], correlation_id: str) -> None:
        """Write everything in one go; the Study's version guards the counts."""
        documents = self._deps.documents
        versioned = await documents.get_versioned(STUDIES, study)
        old_study, version = versioned or (None, 0)
        known = await documents.get_many(INSTANCES, [each.record.sop_instance_uid for each in fresh])
        series = await documents.find(SERIES, Eq("study_instance_uid", study), limit=MOST_SERIES)
        records = {each.series_instance_uid: each for each in series.documents}
        for uid, own in _by_series(fresh).items():
            counted = await documents.count(INSTANCES, Eq("series_instance_uid", uid))
            new = sum(each.record.sop_instance_uid not in known for each in own)
            records[uid] = answers.series(
                records.get(uid), own[0].attributes, instances=counted + new, at=own[0].record.stored_at
            )
        at = fresh[0].record.stored_at
        brought_back = sum(each.record.sop_instance_uid in known for each in fresh)
        record = answers.study(
            old_study,
            fresh[0].attributes,
            records.values(),
            size_bytes=(old_study.size_bytes if old_study else 0) + sum(each.record.size_bytes for each in fresh),
            evicted=max(0, (old_study.evicted if old_study else 0) - brought_back),
            at=at,
        )
        await documents.write(
            *(Put(PENDING, row) for row in _pending(study, fresh, correlation_id, at)),
            *(Put(INSTANCES, p.record, None if p.record.sop_instance_uid in known else 0) for p in fresh),
            *(Put(SERIES, records[uid]) for uid in _by_series(fresh)),
            Put(STUDIES, record, version),
        )

    def _alone(self, study: str) -> "_Turn":
        return _Turn(self._locks, study)


class _Turn:
    """One writer of a Study at a time within this process; others wait instead of trying again."""

    def __init__(self, locks: dict[str, tuple[asyncio.Lock, int]], study: str) -> None:
        self._locks = locks
        self._study = study

    async def __aenter__(self) -> None:
        lock, waiting = self._locks.get(self._study, (asyncio.Lock(), 0))
        self._locks[self._study] = (lock, waiting + 1)
        await lock.acquire()

    async def __aexit__(self, *_: object) -> None:
        lock, waiting = self._locks.pop(self._study)
        if waiting > 1:
            self._locks[self._study] = (lock, waiting - 1)
        lock.release()


def _by_series(fresh: Sequence[Prepared]) -> dict[str, list[Prepared]]:
    found: dict[str, list[Prepared]] = {}
    for each in fresh:
        found.setdefault(each.record.series_instance_uid, []).append(each)
    return found


def _pending(study: str, fresh: Sequence[Prepared], correlation_id: str, at: float) -> list[PendingRecord]:
    """One ledger row a Series: what its event will say (≤ 200 Instances: batches are smaller)."""
    return [
        PendingRecord(
            id=str(uuid.uuid4()),
            study_instance_uid=study,
            series_instance_uid=series,
            sop_instance_uids=tuple(each.record.sop_instance_uid for each in own),
            correlation_id=correlation_id,
            at=at,
        )
        for series, own in _by_series(fresh).items()
    ]


def _outcome(each: Prepared | Failure, failures: dict[int, Failure]) -> Outcome:
    if isinstance(each, Failure):
        return Outcome(each.sop_class_uid, each.sop_instance_uid, failure=each)
    record = each.record
    return Outcome(
        record.sop_class_uid,
        record.sop_instance_uid,
        record.study_instance_uid,
        record.series_instance_uid,
        failures.get(id(each)),
    )
