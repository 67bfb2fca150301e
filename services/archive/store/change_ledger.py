"""The change ledger: rows written in one commit with what they are about, published as events, then deleted.

Source: design section 4 (write the ledger row, then answer; publish what is not yet published).
"""

import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from services.archive.deps import ArchiveDeps
from services.archive.records import (
    INSTANCES,
    PENDING,
    STUDIES,
    InstanceRecord,
    PendingRecord,
    StudyChange,
    StudyRecord,
)
from services.archive.store.counts import recount
from shared import clock
from shared.dicom.json_values import Json, text
from shared.documents import Delete, Order, Put
from shared.events import Event, InstancesStored, LinkKeys, StudyChanged
from shared.lease import Lease

PAGE = 100
GIVE_UP_S = 60.0
_WORK = "changes"


async def publish_pending(deps: ArchiveDeps, lease: Lease) -> int:
    """Publish the events of the oldest ledger rows, then delete the rows; return how many there were.

    The rows of a Study that cannot be brought up to date are left, and the Study is set aside; the others go on.
    Of all processes the one with the lease does so. Raises LeaseLost.
    """
    return await deps.set_asides.of(_WORK).first_done(
        lambda after: deps.documents.find(PENDING, order=(Order("at"),), limit=PAGE, after=after),
        lambda row: row.study_instance_uid,
        partial(_publish_rows, deps, lease),
    )


async def oldest_unpublished_s(deps: ArchiveDeps) -> int:
    """Return for how long the oldest change has waited to be published; 0 if none waits."""
    page = await deps.documents.find(PENDING, order=(Order("at"),), limit=1)
    return max(0, int(clock.now() - page.documents[0].at)) if page.documents else 0


async def _publish_rows(deps: ArchiveDeps, lease: Lease, pending: list[PendingRecord]) -> int:
    rows, known = await _complete(deps, pending)
    by_study: dict[str, list[PendingRecord]] = {}
    for row in rows:
        by_study.setdefault(row.study_instance_uid, []).append(row)
    behind = await _behind(deps, rows)
    events: dict[str, list[Event]] = {}

    async def prepare(study: str) -> None:
        if study in behind:
            await recount(deps, study)
        events[study] = [event for row in by_study[study] for event in _events(deps, _own(row, known))]

    await deps.set_asides.of(_WORK).each(sorted(by_study), str, prepare)
    if not events:
        return 0
    await lease.check()
    await deps.bus.publish(*(event for study in events for event in events[study]))
    done = [row for study in events for row in by_study[study]]
    await lease.write(*(Delete(PENDING, row.id) for row in done))
    return len(done)


async def _behind(deps: ArchiveDeps, rows: list[PendingRecord]) -> set[str]:
    """Return the Studies whose record was not, or not lately, part of a row's write.

    A process may have been killed between the Instances and their Study; on a store without transactions only.
    """
    known = await deps.documents.get_many(STUDIES, sorted({row.study_instance_uid for row in rows}))
    commits = {uid: set(study.commits) for uid, study in known.items()}
    return {row.study_instance_uid for row in rows if row.commit not in commits.get(row.study_instance_uid, ())}


async def _complete(
    deps: ArchiveDeps, rows: list[PendingRecord]
) -> tuple[list[PendingRecord], dict[str, InstanceRecord]]:
    """Leave out rows whose Instances are only now being written: without transactions the ledger comes first.

    Return the others, and the Instances that rows name.
    """
    uids = [uid for row in rows for uid in row.sop_instance_uids]
    known = await deps.documents.get_many(INSTANCES, uids) if uids else {}
    old = clock.now() - GIVE_UP_S
    return [row for row in rows if row.at < old or all(uid in known for uid in row.sop_instance_uids)], known


def _own(row: PendingRecord, known: Mapping[str, InstanceRecord]) -> PendingRecord:
    """Return the row without what other writes brought, whose own rows say so, and what nobody brought."""
    own = [
        number
        for number, uid in enumerate(row.sop_instance_uids)
        if uid in known and known[uid].commit in ("", row.commit)
    ]
    if len(own) == len(row.sop_instance_uids):
        return row
    return msgspec.structs.replace(
        row,
        sop_instance_uids=tuple(row.sop_instance_uids[number] for number in own),
        sha256=tuple(row.sha256[number] for number in own if row.sha256),
        sizes_bytes=tuple(row.sizes_bytes[number] for number in own if row.sizes_bytes),
    )


def stored_rows(
    study: StudyRecord, instances: Iterable[tuple[InstanceRecord, Json]], correlation_id: str, at: float, commit: str
) -> list[Put[PendingRecord]]:
    """Return one ledger row a Series: what its event will say (≤ 200 Instances: batches are smaller).

    study: as the write leaves it.  instances: the records with their Attributes.  commit: id of the write, as the
    records of Instances and Study will have it. On a store without transactions a write that lost to another leaves its
    rows: they say what it brought, and no more.
    """
    by_series: dict[str, list[tuple[InstanceRecord, Json]]] = {}
    for record, attributes in instances:
        by_series.setdefault(record.series_instance_uid, []).append((record, attributes))
    return [
        Put(
            PENDING,
            PendingRecord(
                id=str(uuid.uuid4()),
                study_instance_uid=study.study_instance_uid,
                study_site=study.only_site,
                series_instance_uid=series,
                sop_instance_uids=tuple(record.sop_instance_uid for record, _ in own),
                keys=_keys(own[0][1]),
                sha256=tuple(record.sha256 for record, _ in own),
                sizes_bytes=tuple(record.size_bytes for record, _ in own),
                commit=commit,
                correlation_id=correlation_id,
                at=at,
            ),
        )
        for series, own in by_series.items()
    ]


def again(rows: Iterable[Put[PendingRecord]]) -> list[Put[PendingRecord]]:
    """Return the rows of a write that took longer than rows are waited for: as new ones, to be published anew."""
    return [Put(PENDING, msgspec.structs.replace(row.document, id=str(uuid.uuid4()), at=clock.now())) for row in rows]


def _keys(attributes: Json) -> LinkKeys:
    """Return what reports are matched by, as one Instance has it."""
    return LinkKeys(
        patient_id=text(attributes, "00100020"),
        accession_number=text(attributes, "00080050"),
        study_instance_uid=text(attributes, "0020000D"),
        modality=text(attributes, "00080060"),
        study_date=text(attributes, "00080020"),
    )


def study_row(study: str, change: StudyChange, at: float) -> Put[PendingRecord]:
    """Return the ledger row of a change that concerns a Study as a whole: deleted or evicted."""
    return Put(
        PENDING,
        PendingRecord(
            id=str(uuid.uuid4()),
            study_instance_uid=study,
            series_instance_uid="",
            sop_instance_uids=(),
            change=change,
            correlation_id="",
            at=at,
        ),
    )


def _events(deps: ArchiveDeps, row: PendingRecord) -> list[Event]:
    common: dict[str, Any] = {"correlation_id": row.correlation_id or row.id, "site": deps.site}
    study = StudyChanged.first(row.id, **common, study_instance_uid=row.study_instance_uid, change=row.change)
    if row.change is not StudyChange.STORED or not row.sop_instance_uids:
        return [study]
    stored = InstancesStored.first(
        row.id,
        **common,
        study_instance_uid=row.study_instance_uid,
        series_instance_uid=row.series_instance_uid,
        sop_instance_uids=row.sop_instance_uids,
        keys=row.keys,
        sha256=row.sha256,
        sizes_bytes=row.sizes_bytes,
        study_site=row.study_site,
    )
    return [stored, study]
