"""Withdraws Instances that a site rejected after they had left: a gateway says so by a Key Object Selection.

The note itself is stored as any Instance. What it names is deleted at once, and refused if it comes later: a delivery
may overtake its note. To take the note a second time does the same again.

Source: IHE RAD TF-1, Imaging Object Change Management (rejection notes); PS3.16 CID 7011.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from services.archive.deps import ArchiveDeps
from services.archive.records import (
    DELETIONS,
    INSTANCES,
    STUDIES,
    WITHDRAWN,
    DeletionRecord,
    InstanceRecord,
    WithdrawnRecord,
)
from services.archive.store.prepare import Failure, Prepared
from services.archive.store.removal import remove
from shared import clock
from shared.dicom.json_values import Json, items, text
from shared.dicom.uid import KEY_OBJECT_SELECTION, is_uid
from shared.documents import Put
from shared.logs import decided

REJECTED: Final = 0xC010
"""Failure Reason of an Instance that its site rejected: of the final class Cxxx, so that no gateway tries again."""
_TITLES: Final = frozenset({"113001", "113037", "113038", "113039"})  # CID 7011
_TITLE, _CODE, _SCHEME, _EVIDENCE = "0040A043", "00080100", "00080102", "0040A375"
_SERIES, _INSTANCES, _INSTANCE, _STUDY, _PATIENT = "00081115", "00081199", "00081155", "0020000D", "00100020"


def named_by(sop_class_uid: str, attributes: Json) -> dict[str, str]:
    """Return what a rejection note names, SOP Instance UID → Study; empty for what is no rejection note. Pure."""
    titles = {text(each, _CODE) for each in items(attributes, _TITLE) if text(each, _SCHEME) == "DCM"}
    if sop_class_uid != KEY_OBJECT_SELECTION or not titles & _TITLES:
        return {}
    named = {
        text(reference, _INSTANCE): text(study, _STUDY)
        for study in items(attributes, _EVIDENCE)
        for series in items(study, _SERIES)
        for reference in items(series, _INSTANCES)
    }
    return {uid: study for uid, study in named.items() if is_uid(uid)}


async def refused(results: Sequence[Prepared | Failure], deps: ArchiveDeps) -> list[Prepared | Failure]:
    """Return the results with a Failure for each Instance that was withdrawn before."""
    uids = [each.record.sop_instance_uid for each in results if isinstance(each, Prepared)]
    known = await deps.documents.get_many(WITHDRAWN, uids) if uids else {}

    def decided_on(each: Prepared | Failure) -> Prepared | Failure:
        if isinstance(each, Failure) or each.record.sop_instance_uid not in known:
            return each
        record = each.record
        return Failure(REJECTED, "its site rejected it", record.sop_class_uid, record.sop_instance_uid)

    return [decided_on(each) for each in results]


async def follow(stored: Sequence[Prepared], deps: ArchiveDeps) -> None:
    """Do what the notes among these Instances say; and take out what a note named while it was stored.

    Raises Transient: then the gateway sends them again.
    """
    for note in stored:
        if named := named_by(note.record.sop_class_uid, note.attributes):
            await _withdraw(named, note, deps)
    uids = [each.record.sop_instance_uid for each in stored]
    meanwhile = await deps.documents.get_many(WITHDRAWN, uids) if uids else {}
    for uid, known in meanwhile.items():
        await _delete(deps, known.study_instance_uid, [uid], known.note)


async def _withdraw(named: Mapping[str, str], note: Prepared, deps: ArchiveDeps) -> None:
    """Delete what a note names, and refuse it from now on; a Study of another patient or site is not the note's."""
    patient, source, at = text(note.attributes, _PATIENT), note.record.sop_instance_uid, clock.now()
    studies = await deps.documents.get_many(STUDIES, sorted({*named.values(), note.record.study_instance_uid}))
    site = studies[note.record.study_instance_uid].site if note.record.study_instance_uid in studies else ""
    others = {uid for uid, study in studies.items() if study.patient_id != patient or study.site not in ("", site)}
    own = {uid: study for uid, study in named.items() if study not in others}
    records = [
        WithdrawnRecord(sop_instance_uid=uid, study_instance_uid=study, note=source, at=at)
        for uid, study in own.items()
    ]
    await deps.documents.write(*(Put(WITHDRAWN, each) for each in records))
    for study in sorted(set(own.values())):
        await _delete(deps, study, [uid for uid, of in own.items() if of == study], source)


async def _delete(deps: ArchiveDeps, study: str, uids: Sequence[str], note: str) -> None:
    async with deps.study_locks.hold(study):
        held = await deps.documents.get_many(INSTANCES, sorted(uids))
        here = [each for each in held.values() if each.study_instance_uid == study]
        if not here:
            return
        await deps.documents.write(*(Put(DELETIONS, _row(each, note)) for each in here))
        await remove(deps, here)
    decided("withdrawn", level="warning", service="archive", count=len(here))


def _row(instance: InstanceRecord, note: str) -> DeletionRecord:
    return DeletionRecord(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{note}|{instance.sop_instance_uid}")),
        uids={
            "study": instance.study_instance_uid,
            "series": instance.series_instance_uid,
            "instance": instance.sop_instance_uid,
        },
        reason=f"rejected by its site after release (Key Object Selection {note})",
        at=clock.now(),
    )
