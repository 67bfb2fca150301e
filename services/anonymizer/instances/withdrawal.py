"""The Key Object Selection by which the centre is asked to withdraw Instances that left before a person rejected them.

It is made from audit rows alone, so that it can be made when the identified bytes are gone. Pure.

Source: IHE RAD TF-1 Imaging Object Change Management (rejection note); PS3.3 A.35.4; PS3.16 TID 2010, CID 7011.
"""

import hashlib
import io
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from services.anonymizer.profile import profile
from services.anonymizer.records import Audit
from shared.deidentification_mark import METHOD
from shared.dicom.uid import KEY_OBJECT_SELECTION
from shared.events import NAMESPACE, InstanceRef
from shared.fhir import systems

_REJECTED: Final = ("113037", "DCM", "Rejected for Patient Safety Reasons")
_DESCRIPTION: Final = ("113012", "DCM", "Key Object Description")
_WHY: Final = "Rejected by the site after release: it may identify the patient."
_SERIES_NUMBER: Final = 9999


def rejection_note(audits: Sequence[Audit], at: str) -> tuple[InstanceRef, bytes]:
    """Return the note about Instances of one Study, and its file. at: RFC 3339, when they were rejected.

    The same Instances and time give the same bytes: a replay makes no second note.
    """
    refs = sorted((each.instance for each in audits), key=lambda ref: ref.sop_instance_uid)
    study = audits[0].keys.study_instance_uid
    dataset = _dataset(audits[0], refs, at)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, _uid("rejections", study)
    dataset.SOPInstanceUID = _uid("rejection", at, *(ref.sop_instance_uid for ref in refs))
    data = _file(dataset)
    digest = hashlib.sha256(data).hexdigest()
    blob = f"instances/{dataset.SOPInstanceUID}.dcm"
    uids = (str(dataset.SOPInstanceUID), str(dataset.SeriesInstanceUID))
    return InstanceRef(blob, len(data), KEY_OBJECT_SELECTION, *uids, sha256=digest), data


def _dataset(audit: Audit, refs: Sequence[InstanceRef], at: str) -> Dataset:
    """Return the modules of the IOD but for its UIDs."""
    dataset, when = Dataset(), datetime.fromisoformat(at)
    dataset.SpecificCharacterSet, dataset.SOPClassUID = "ISO_IR 192", KEY_OBJECT_SELECTION
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID = audit.keys.study_date, "", ""
    dataset.AccessionNumber, dataset.ReferringPhysicianName = audit.keys.accession_number, ""
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "KO", _SERIES_NUMBER, 1
    dataset.Manufacturer, dataset.ReferencedPerformedProcedureStepSequence = "J-MID", []
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = "", audit.subject, "", ""
    dataset.IssuerOfPatientID = systems.patient_system(audit.keys_version)
    dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", f"{METHOD}{audit.profile}"
    taken = profile.load(audit.profile.partition("/")[0])
    codes = [(code, "DCM", meaning) for code, meaning in profile.codes(taken)]
    dataset.DeidentificationMethodCodeSequence = [_code(*each) for each in codes if each[0] == "113100"]
    dataset.ContentDate, dataset.ContentTime = when.strftime("%Y%m%d"), when.strftime("%H%M%S")
    dataset.CurrentRequestedProcedureEvidenceSequence = [_evidence(audit.keys.study_instance_uid, refs)]
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    dataset.ConceptNameCodeSequence = [_code(*_REJECTED)]
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "2010"
    dataset.ContentTemplateSequence = [template]
    dataset.ContentSequence = [_described(), *map(_image, refs)]
    return dataset


def _evidence(study: str, refs: Sequence[InstanceRef]) -> Dataset:
    evidence = Dataset()
    evidence.StudyInstanceUID, evidence.ReferencedSeriesSequence = study, []
    for uid in sorted({ref.series_instance_uid for ref in refs}):
        series = Dataset()
        series.SeriesInstanceUID = uid
        series.ReferencedSOPSequence = [_reference(ref) for ref in refs if ref.series_instance_uid == uid]
        evidence.ReferencedSeriesSequence.append(series)
    return evidence


def _described() -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", "TEXT", _WHY
    item.ConceptNameCodeSequence = [_code(*_DESCRIPTION)]
    return item


def _image(ref: InstanceRef) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType, item.ReferencedSOPSequence = "CONTAINS", "IMAGE", [_reference(ref)]
    return item


def _reference(ref: InstanceRef) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = ref.sop_class_uid, ref.sop_instance_uid
    return reference


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _uid(*parts: str) -> str:
    return f"2.25.{uuid.uuid5(NAMESPACE, '|'.join(parts)).int}"


def _file(dataset: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(KEY_OBJECT_SELECTION), dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    FileDataset(buffer, dataset, file_meta=meta, preamble=b"\0" * 128).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def by_study(audits: Iterable[Audit]) -> list[list[Audit]]:
    """Return the audits of each Study together."""
    studies: dict[str, list[Audit]] = {}
    for audit in audits:
        studies.setdefault(audit.keys.study_instance_uid, []).append(audit)
    return list(studies.values())
