"""Stores Instances: durable and indexed in one commit, or not at all; told to others from a ledger.

Order: bytes to the blob store, then one write of ledger, Instances, Series and Study, guarded by the Study's version.
Every attempt writes under keys of its own, so that no deletion can hit the bytes of another. Bytes without a record are
invisible and swept; records without told events are told again.
"""

import asyncio
import mmap
import time
from collections.abc import Sequence

import msgspec

from services.archive import answers, keeping
from services.archive.deps import ArchiveDeps
from services.archive.prepare import DOES_NOT_MATCH, Failure, Prepared, prepare
from services.archive.records import (
    CONFLICTS,
    EVICTED,
    INSTANCES,
    SERIES,
    STUDIES,
    ConflictRecord,
    InstanceRecord,
    SeriesRecord,
)
from shared.dicom import spool
from shared.documents import Eq, Put
from shared.errors import Conflict
from shared.metrics import STORED as STORED_METRIC

DUPLICATE = 0x0111  # PS3.7 C.4.2: Duplicate SOP Instance
TRIES = 8
MOST_SERIES = 10_000
ELSEWHERE = "the Series Instance UID is that of a Series of another Study (PS3.3 A.1.2)"
Bytes = bytes | mmap.mmap
Ready = tuple[Prepared, Bytes]


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

    async def take(self, files: Sequence[Bytes], *, study: str = "", correlation_id: str = "") -> list[Outcome]:
        """Store a batch of Part 10 files; return an outcome for each, in order."""
        root, at = self._deps.settings.public_root, time.time()
        ready = await asyncio.to_thread(lambda: [prepare(data, root=root, at=at, study=study) for data in files])
        good = [(each, data) for each, data in zip(ready, files, strict=True) if isinstance(each, Prepared)]
        failures = await self._store_all(good, correlation_id)
        outcomes = [_outcome(each, failures) for each in ready]
        for outcome in outcomes:
            STORED_METRIC.labels("failed" if outcome.failure else "stored").inc()
        return outcomes

    async def _store_all(self, good: list[Ready], correlation_id: str) -> dict[int, Failure]:
        """Store Study by Study; return the failures by the id of what was prepared."""
        failures: dict[int, Failure] = {}
        studies = sorted({each.record.study_instance_uid for each, _ in good})
        for study in studies:
            own = [(each, data) for each, data in good if each.record.study_instance_uid == study]
            async with self._deps.turns.alone(study):
                failures |= await self._store_study(study, own, correlation_id)
        return failures

    async def _store_study(self, study: str, good: list[Ready], correlation_id: str) -> dict[int, Failure]:
        written: set[str] = set()
        torn = False
        for _ in range(TRIES):
            fresh, failures = await self._sort_out(good)
            if torn and not fresh:  # without transactions, the Instances may be there and their Study behind
                await keeping.mend(self._deps, study, [each.record for each, _ in good], correlation_id)
            await self._keep([(p.record.blob, data) for p, data in fresh if p.record.blob not in written])
            written |= {p.record.blob for p, _ in fresh}
            if not fresh:
                return failures
            try:
                await self._commit(study, [each for each, _ in fresh], correlation_id)
            except Conflict:
                torn = True  # somebody else wrote to this Study: look again
                continue
            self._deps.bell.set()
            return failures
        raise Conflict("the Study is written by too many at once")

    async def _keep(self, blobs: Sequence[tuple[str, Bytes]]) -> None:
        small = {key: data for key, data in blobs if isinstance(data, bytes)}
        if small:
            await self._deps.blobs.put_many(small)
        for key, data in blobs:
            if key not in small:
                await spool.keep(self._deps.blobs, key, data)

    async def _sort_out(self, good: list[Ready]) -> tuple[list[Ready], dict[int, Failure]]:
        """Leave out what is there already; refuse, but keep, other bytes under a known SOP Instance UID."""
        documents = self._deps.documents
        known = await documents.get_many(INSTANCES, [each.record.sop_instance_uid for each, _ in good])
        series = await documents.get_many(SERIES, sorted({each.record.series_instance_uid for each, _ in good}))
        fresh: dict[str, Ready] = {}
        failures: dict[int, Failure] = {}
        for each, data in good:
            uid = each.record.sop_instance_uid
            old = known.get(uid) or (fresh[uid][0].record if uid in fresh else None)
            other = series.get(each.record.series_instance_uid)
            if other is not None and other.study_instance_uid != each.record.study_instance_uid:
                failures[id(each)] = Failure(DOES_NOT_MATCH, ELSEWHERE, each.record.sop_class_uid, uid)
            elif old is None or (old.sha256 == each.record.sha256 and old.state == EVICTED):
                fresh[uid] = (each, data)
            elif old.sha256 != each.record.sha256:
                failures[id(each)] = await self._refuse(each.record, old, data)
        return list(fresh.values()), failures

    async def _refuse(self, new: InstanceRecord, old: InstanceRecord, data: Bytes) -> Failure:
        blob = f"conflicts/{new.sop_instance_uid}.{new.sha256[:16]}.dcm"
        await spool.keep(self._deps.blobs, blob, data)
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
        records: dict[str, SeriesRecord] = {}
        if old_study is not None:
            page = await documents.find(SERIES, Eq("study_instance_uid", study), limit=MOST_SERIES)
            records = {each.series_instance_uid: each for each in page.documents}
        for uid, own in _by_series(fresh).items():
            counted = await documents.count(INSTANCES, Eq("series_instance_uid", uid)) if uid in records else 0
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
        rows = keeping.ledger(study, [each.record for each in fresh], correlation_id, at)
        await documents.write(
            *rows,
            *(Put(INSTANCES, p.record, None if p.record.sop_instance_uid in known else 0) for p in fresh),
            *(Put(SERIES, records[uid]) for uid in _by_series(fresh)),
            Put(STUDIES, record, version),
        )
        self._deps.committed.update(row.document.id for row in rows)


def _by_series(fresh: Sequence[Prepared]) -> dict[str, list[Prepared]]:
    found: dict[str, list[Prepared]] = {}
    for each in fresh:
        found.setdefault(each.record.series_instance_uid, []).append(each)
    return found


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
