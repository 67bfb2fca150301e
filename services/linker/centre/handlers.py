"""What the centre's linker does when the archive has stored Instances: complete the links of reports that waited."""

from collections.abc import Sequence
from typing import Any

import msgspec

from services.linker.centre import archive, linking
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import STUDIES_KNOWN, KnownStudy
from services.linker.centre.withdrawal_records import is_withdrawn
from services.linker.links import matching
from shared.dicom.json_values import texts
from shared.documents.optimistic import change
from shared.events import Event, InstancesStored

# Keys of DICOM JSON, and the QIDO-RS parameters that ask for them (PS3.18 10.6.1.2, Table 10.6.3-3).
_FIELDS = {
    "patient_ids": "00100020",
    "accession_numbers": "00080050",
    "modalities": "00080061",
    "study_dates": "00080020",
}


async def take_stored(event: InstancesStored, deps: CentreDeps) -> Sequence[Event]:
    """Learn the Study's keys from the event, once per Series, and look for its reports.

    An event of before it carried keys is completed by a QIDO-RS search in the archive.
    """
    uid, series = event.study_instance_uid, event.series_instance_uid
    known = await deps.documents.get(STUDIES_KNOWN, uid)
    is_as_known = known is not None and series in known.series and event.study_site in ("", known.site)
    if is_as_known or await is_withdrawn(deps, "study", uid):
        return ()
    new_keys = _keys_in(event) or await _ask_archive(deps, uid)
    if new_keys is None:
        return ()

    async def step(old: KnownStudy | None) -> KnownStudy | None:
        before = old or KnownStudy(study_instance_uid=uid)
        keys = matching.merge(before.keys, new_keys)
        return KnownStudy(**msgspec.structs.asdict(keys), series=before.series, site=event.study_site or before.site)

    study = await change(deps.documents, STUDIES_KNOWN, uid, step)
    if study is None:
        return ()
    reports, at = sorted(await linking.reports_of(deps, study)), event.occurred_at.timestamp()
    await linking.relink_each(deps, reports, at=at, correlation_id=event.correlation_id)

    async def done(old: KnownStudy | None) -> KnownStudy | None:
        return msgspec.structs.replace(old, series=tuple(sorted({*old.series, series}))) if old else None

    await change(deps.documents, STUDIES_KNOWN, uid, done)
    return ()


def _keys_in(event: InstancesStored) -> matching.StudyKeys | None:
    if event.keys is None:
        return None
    keys = event.keys
    own = matching.StudyKeys(
        study_instance_uid=event.study_instance_uid,
        patient_ids=(keys.patient_id,),
        accession_numbers=(keys.accession_number,),
        modalities=(keys.modality,),
        study_dates=(keys.study_date,),
    )
    return matching.merge(own, own)  # leaves out what is empty


async def _ask_archive(deps: CentreDeps, uid: str) -> matching.StudyKeys | None:
    """Return the Study's keys; None if the archive no longer has it. Raises Unavailable."""
    studies = await archive.studies(deps, [uid], _FIELDS.values())
    return _keys(uid, studies[0]) if studies else None


def _keys(uid: str, data_set: dict[str, Any]) -> matching.StudyKeys:
    values = {name: tuple(texts(data_set, tag)) for name, tag in _FIELDS.items()}
    return matching.merge(matching.StudyKeys(uid, **values), matching.StudyKeys(uid))
