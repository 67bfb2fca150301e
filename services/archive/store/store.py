"""Stores Instances: durable and indexed in one commit, or not at all; told to others from a ledger.

Order: bytes to the blob store, then one write of ledger, Instances, Series and Study, guarded by the Study's version.
Every attempt writes under keys of its own, so that no deletion can hit the bytes of another. Bytes without a record are
invisible and swept; records without told events are told again.
"""

import asyncio
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from services.archive.attributes import search_results, sites
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
from services.archive.store import acceptance, change_ledger, deletion, tombstones, withdrawal
from services.archive.store.acceptance import Sender
from services.archive.store.batch import Bytes, Sent, prepare_all
from services.archive.store.bytes_at_rest import without_bytes
from services.archive.store.conflicts import OTHER_SITE, is_of_other_site, refuse_other_bytes, takes_the_place
from services.archive.store.counts import recount
from services.archive.store.prepare import Failure, Prepared, unforeseen
from shared import clock
from shared.dicom import spool
from shared.dicom.store_response import DOES_NOT_MATCH, NOT_AUTHORIZED
from shared.documents import Eq, Put
from shared.errors import Conflict, Transient
from shared.metrics import STORED as STORED_METRIC

TRIES = 8
MOST_SERIES = 10_000
COMMITS = 32
"""How many of its last writes a Study knows; after more the publisher of the ledger counts it anew."""
ELSEWHERE = "the Series Instance UID is that of a Series of another Study (PS3.3 A.1.2)"


class Ready(NamedTuple):
    """An Instance to store. position: in the batch.  data: its Part 10 file, none if at rest.  replaces: as of Sent."""

    position: int
    prepared: Prepared
    data: Bytes
    replaces: str = ""

    @property
    def record(self) -> InstanceRecord:
        """Return the record to write."""
        return self.prepared.record


class Outcome(msgspec.Struct, frozen=True):
    """What became of one Instance. failure: None if it is stored, now or before."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    failure: Failure | None = None


class _Known(msgspec.Struct, frozen=True):
    """What is there already. series: of the Study.  named, instances: those of the batch, of whatever Study."""

    study: StudyRecord | None
    version: int
    series: dict[str, SeriesRecord]
    named: dict[str, SeriesRecord]
    instances: dict[str, InstanceRecord]


class Store:
    """The archive's one way to take Instances in."""

    def __init__(self, deps: ArchiveDeps) -> None:
        self._deps = deps

    async def take(
        self,
        files: Sequence[Bytes | Sent],
        *,
        study: str = "",
        correlation_id: str = "",
        sender: Sender = Sender(),  # noqa: B008 - frozen
    ) -> list[Outcome]:
        """Store a batch of Part 10 files; return an outcome for each, in order."""
        root, at = self._deps.settings.public_root, clock.now()
        sent = [each if isinstance(each, Sent) else Sent(each) for each in files]
        results = await prepare_all(sent, self._deps.cpu, root=root, at=at, study=study)
        results = await acceptance.accepted(results, sender, self._deps)
        results = await withdrawal.refused(results, self._deps) if sender.is_gateway else results
        results = await tombstones.refused(results, self._deps)
        ready = [
            Ready(number, each, sent[number].data, sent[number].replaces if sender.is_gateway else "")
            for number, each in enumerate(results)
            if isinstance(each, Prepared)
        ]
        failures = await self._store_all(ready, correlation_id)
        stored = [each.prepared for each in ready if each.position not in failures]
        await tombstones.follow(stored, self._deps)
        if sender.is_gateway:
            await withdrawal.follow(stored, self._deps)
        outcomes = [_outcome(each, failures.get(position)) for position, each in enumerate(results)]
        for outcome in outcomes:
            STORED_METRIC.labels("failed" if outcome.failure else "stored").inc()
        return outcomes

    async def take_at_rest(self, files: Mapping[str, Prepared]) -> dict[str, Failure]:
        """Make records of Instances whose bytes are at rest already; return the failures. files: by the bytes' key."""
        keys = list(files)
        ready = [
            Ready(number, msgspec.structs.replace(each, record=msgspec.structs.replace(each.record, blob=key)), b"")
            for number, (key, each) in enumerate(files.items())
        ]
        failures = await self._store_all(ready, "", at_rest=frozenset(keys))
        return {keys[position]: failure for position, failure in failures.items()}

    async def _store_all(
        self, ready: list[Ready], correlation_id: str, at_rest: frozenset[str] = frozenset()
    ) -> dict[int, Failure]:
        """Store Study by Study; return the failures by position in the batch. at_rest: keys of bytes that are there."""
        failures: dict[int, Failure] = {}
        for study in sorted({each.record.study_instance_uid for each in ready}):
            own = [each for each in ready if each.record.study_instance_uid == study]
            async with self._deps.study_locks.hold(study):
                failures |= await self._store_or_split(study, own, correlation_id, at_rest)
        return failures

    async def _store_or_split(
        self, study: str, ready: list[Ready], correlation_id: str, at_rest: frozenset[str]
    ) -> dict[int, Failure]:
        """Store what belongs to one Study; when that fails for no reason of a store's, find the one that it is."""
        try:
            return await self._store_study(study, ready, correlation_id, at_rest)
        except Transient:
            raise
        except Exception as error:
            if len(ready) == 1:
                record = ready[0].record
                return {ready[0].position: unforeseen(error, record.sop_class_uid, record.sop_instance_uid)}
        failures: dict[int, Failure] = {}
        for each in ready:
            failures |= await self._store_or_split(study, [each], correlation_id, at_rest)
        return failures

    async def _store_study(
        self, study: str, ready: list[Ready], correlation_id: str, at_rest: frozenset[str]
    ) -> dict[int, Failure]:
        written = set(at_rest)
        torn = False
        for _ in range(TRIES):
            known = await self._look(study, ready)
            fresh, failures = await self._sort_out(ready, known)
            if torn and not fresh:  # without transactions, the Instances may be there and their Study behind
                await recount(self._deps, study)
                self._deps.wake_up.set()
            await self._keep([(each.record.blob, each.data) for each in fresh if each.record.blob not in written])
            written |= {each.record.blob for each in fresh}
            if not fresh:
                return failures
            try:
                await self._commit(study, [each.prepared for each in fresh], known, correlation_id)
            except Conflict:
                torn = True  # somebody else wrote to this Study: look again
                continue
            self._deps.wake_up.set()
            return failures
        raise Conflict("the Study is written by too many at once")

    async def _keep(self, blobs: Sequence[tuple[str, Bytes]]) -> None:
        small = {key: data for key, data in blobs if isinstance(data, bytes)}
        if small:
            await self._deps.blobs.put_many(small)
        for key, data in blobs:
            if key not in small:
                await spool.keep(self._deps.blobs, key, data)

    async def _look(self, study: str, ready: list[Ready]) -> _Known:
        """Read what a store into this Study depends on; its version first, so that it guards all the rest."""
        documents = self._deps.documents
        versioned = await documents.get_versioned(STUDIES, study)
        record, version = versioned or (None, 0)
        uids = sorted({each.record.series_instance_uid for each in ready})
        instances, series, page = await asyncio.gather(
            documents.get_many(INSTANCES, [each.record.sop_instance_uid for each in ready]),
            documents.get_many(SERIES, uids),
            documents.find(SERIES, Eq("study_instance_uid", study), limit=MOST_SERIES if record else 1),
        )
        own = {each.series_instance_uid: each for each in page.documents} if record else {}
        return _Known(record, version, own, series, instances)

    async def _sort_out(self, ready: list[Ready], known: _Known) -> tuple[list[Ready], dict[int, Failure]]:
        """Leave out what is there already; refuse, but keep, other bytes under a known SOP Instance UID.

        An Instance is there if its bytes are: a record whose bytes are gone, for whatever reason, is no duplicate.
        """
        digests = {each.record.sop_instance_uid: each.record.sha256 for each in ready}
        same = [each for uid, each in known.instances.items() if each.sha256 == digests[uid]]
        missing = await without_bytes(self._deps, same)
        fresh: dict[str, Ready] = {}
        failures: dict[int, Failure] = {}
        for each in ready:
            uid = each.record.sop_instance_uid
            old = known.instances.get(uid) or (fresh[uid].record if uid in fresh else None)
            other = known.named.get(each.record.series_instance_uid)
            if other is not None and other.study_instance_uid != each.record.study_instance_uid:
                failures[each.position] = Failure(DOES_NOT_MATCH, ELSEWHERE, each.record.sop_class_uid, uid)
            elif self._is_of_other_site(each, known.study or next((new.record for new in fresh.values()), None)):
                failures[each.position] = Failure(NOT_AUTHORIZED, OTHER_SITE, each.record.sop_class_uid, uid)
            elif old is None or (old.sha256 == each.record.sha256 and uid in missing):
                fresh[uid] = each
            elif takes_the_place(old, each.replaces):
                record = msgspec.structs.replace(each.record, first_sha256=old.first_sha256 or old.sha256)
                fresh[uid] = each._replace(prepared=msgspec.structs.replace(each.prepared, record=record))
            elif old.sha256 != each.record.sha256:
                failures[each.position] = await refuse_other_bytes(self._deps, each.record, old, each.data)
        return list(fresh.values()), failures

    def _is_of_other_site(self, new: Ready, there: StudyRecord | InstanceRecord | None) -> bool:
        return bool(new.data) and self._deps.settings.accept != "any" and is_of_other_site(new.record, there)

    async def _commit(self, study: str, fresh: list[Prepared], known: _Known, correlation_id: str) -> None:
        """Write everything in one go; the Study's version guards the counts."""
        only_site = sites.after_store(known.study, (each.record for each in fresh))
        records = dict(known.series)
        for uid, own in _by_series(fresh).items():
            before = records[uid].instances if uid in records else 0
            new = sum(each.record.sop_instance_uid not in known.instances for each in own)
            records[uid] = search_results.series(
                records.get(uid),
                own[0].attributes,
                instances=before + new,
                at=own[0].record.stored_at,
                only_site=only_site,
            )
        at = fresh[0].record.stored_at
        uids = {each.record.sop_instance_uid for each in fresh}
        replaced = [each for uid, each in known.instances.items() if uid in uids]
        brought_back = sum(each.state == InstanceState.EVICTED for each in replaced)
        lost_bytes = sum(each.size_bytes for each in replaced if each.state != InstanceState.EVICTED)
        record = search_results.study(
            known.study,
            fresh[0].attributes,
            records.values(),
            size_bytes=(known.study.size_bytes if known.study else 0)
            + sum(each.record.size_bytes for each in fresh)
            - lost_bytes,
            evicted=max(0, (known.study.evicted if known.study else 0) - brought_back),
            at=at,
            only_site=only_site,
        )
        commit = uuid.uuid4().hex[:16]
        commits = (*(known.study.commits if known.study else ()), commit)[-COMMITS:]
        stored = [
            (msgspec.structs.replace(each.record, commit=commit, site=each.record.site or only_site), each.attributes)
            for each in fresh
        ]
        rows = change_ledger.stored_rows(record, stored, correlation_id, at, commit)
        begun = time.monotonic()
        try:
            await self._deps.documents.write(
                *rows,
                *await deletion.lifted(self._deps, fresh),
                *(Put(INSTANCES, new, None if new.sop_instance_uid in known.instances else 0) for new, _ in stored),
                *(Put(SERIES, records[uid]) for uid in _by_series(fresh)),
                Put(STUDIES, msgspec.structs.replace(record, commits=commits), known.version),
            )
        finally:
            if time.monotonic() - begun > change_ledger.GIVE_UP_S / 2:  # a stopped process: its rows may be gone
                await self._deps.documents.write(*change_ledger.again(rows))


def _by_series(fresh: Sequence[Prepared]) -> dict[str, list[Prepared]]:
    by_series: dict[str, list[Prepared]] = {}
    for each in fresh:
        by_series.setdefault(each.record.series_instance_uid, []).append(each)
    return by_series


def _outcome(each: Prepared | Failure, failure: Failure | None) -> Outcome:
    if isinstance(each, Failure):
        return Outcome(each.sop_class_uid, each.sop_instance_uid, failure=each)
    record = each.record
    return Outcome(
        record.sop_class_uid,
        record.sop_instance_uid,
        record.study_instance_uid,
        record.series_instance_uid,
        failure,
    )
