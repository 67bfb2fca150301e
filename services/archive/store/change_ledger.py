"""The change ledger: rows written in one commit with what they are about, published as events, then deleted.

Source: design section 4 (write the ledger row, then answer; publish what is not yet published).
"""

import time
import uuid
from collections.abc import Iterable
from typing import Any

from services.archive.attributes.stored import attributes_of
from services.archive.deps import ArchiveDeps
from services.archive.records import INSTANCES, PENDING, STUDIES, InstanceRecord, PendingRecord, StudyChange
from services.archive.store.counts import recount
from shared.dicom.json_values import Json, text
from shared.documents import Delete, Order, Put
from shared.events import Event, InstancesStored, LinkKeys, StudyChanged
from shared.lease import Lease

PAGE = 100
GIVE_UP_S = 60.0


async def publish_pending(deps: ArchiveDeps, lease: Lease) -> int:
    """Publish the events of the oldest ledger rows, then delete the rows; return how many there were.

    Of all processes the one with the lease does so. Raises LeaseLost.
    """
    page = await deps.documents.find(PENDING, order=(Order("at"),), limit=PAGE)
    rows = await _complete(deps, page.documents)
    if not rows:
        return 0
    await _complete_studies(deps, rows)
    await lease.check()
    await deps.bus.publish(*(event for row in rows for event in _events(deps, row)))
    await lease.write(*(Delete(PENDING, row.id) for row in rows))
    return len(rows)


async def _complete_studies(deps: ArchiveDeps, rows: list[PendingRecord]) -> None:
    """Count anew the Studies whose record was not, or not lately, part of a row's write.

    A process may have been killed between the Instances and their Study; on a store without transactions only.
    """
    known = await deps.documents.get_many(STUDIES, sorted({row.study_instance_uid for row in rows}))
    commits = {uid: set(study.commits) for uid, study in known.items()}
    behind = {row.study_instance_uid for row in rows if row.commit not in commits.get(row.study_instance_uid, ())}
    for study in sorted(behind):
        await recount(deps, study)


async def _complete(deps: ArchiveDeps, rows: list[PendingRecord]) -> list[PendingRecord]:
    """Leave out rows whose Instances are only now being written: without transactions the ledger comes first."""
    uids = [uid for row in rows for uid in row.sop_instance_uids]
    known = await deps.documents.get_many(INSTANCES, uids) if uids else {}
    old = time.time() - GIVE_UP_S
    return [row for row in rows if row.at < old or all(uid in known for uid in row.sop_instance_uids)]


def stored_rows(
    study: str, instances: Iterable[tuple[InstanceRecord, Json]], correlation_id: str, at: float, commit: str = ""
) -> list[Put[PendingRecord]]:
    """Return one ledger row a Series: what its event will say (≤ 200 Instances: batches are smaller).

    instances: the records with their Attributes.  commit: id of the write, as the Study's record will have it.
    """
    by_series: dict[str, list[tuple[InstanceRecord, Json]]] = {}
    for record, attributes in instances:
        by_series.setdefault(record.series_instance_uid, []).append((record, attributes))
    return [
        Put(
            PENDING,
            PendingRecord(
                id=_id_of(series, [record for record, _ in own]),
                study_instance_uid=study,
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


def _id_of(series: str, records: Iterable[InstanceRecord]) -> str:
    """Return the id of a row, and so of its event: it derives from the Instances, not from the attempt to write them.

    On a store without transactions an attempt that lost to another process leaves its row; the next attempt writes the
    same row again, not a second one.
    """
    contents = sorted(f"{record.sop_instance_uid}:{record.sha256}" for record in records)
    return str(uuid.uuid5(_ROWS, "|".join((series, *contents))))


_ROWS = uuid.UUID("6f1f2a3e-5d0c-4c57-9a55-0c8a3b1d7e42")


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


async def repair(deps: ArchiveDeps, study: str, records: Iterable[InstanceRecord], correlation_id: str) -> None:
    """Bring a Study up to date whose Instances were written and whose own record was not, and publish the change."""
    instances = [(record, attributes_of(record)) for record in records]
    await deps.documents.write(*stored_rows(study, instances, correlation_id, time.time()))
    await recount(deps, study)
    deps.wake_up.set()


def _events(deps: ArchiveDeps, row: PendingRecord) -> list[Event]:
    common: dict[str, Any] = {"correlation_id": row.correlation_id or row.id, "site": deps.site}
    study = StudyChanged.first(row.id, **common, study_instance_uid=row.study_instance_uid, change=row.change)
    if row.change is not StudyChange.STORED:
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
    )
    return [stored, study]
