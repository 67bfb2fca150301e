"""The header of an SR document: what it is about, and everybody whom it names. Pure.

Source: PS3.3 C.17.2 (SR Document General), C.7.1.1 (Patient), C.7.2.1 (General Study).
"""

from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pydicom.valuerep import PersonName

from services.ingest.reports.dates import hl7_time
from services.ingest.reports.mentions import Mentions, words

_MODALITIES: Final = (
    ("Computed Radiography", "CR"), ("Digital X-Ray", "DX"), ("Digital Mammography", "MG"), ("CT Image", "CT"),
    ("MR Image", "MR"), ("Ultrasound", "US"), ("Positron", "PT"), ("Nuclear Medicine", "NM"),
    ("X-Ray Angiographic", "XA"), ("X-Ray Radiofluoroscopic", "RF"), ("MR Color", "MR"), ("PET Image", "PT"),
)  # fmt: skip


def header_values(dataset: Dataset, mentions: Mentions) -> dict[str, str]:
    """Return the plain fields of the header; further names and numbers of the patient are noted."""
    requests = list(dataset.get("ReferencedRequestSequence") or [])
    evidence = list(dataset.get("CurrentRequestedProcedureEvidenceSequence") or [])
    own = PersonName(dataset.get("PatientName") or "")
    spoken = str(own.phonetic or "")
    written = str(own.ideographic or own.alphabetic or "")
    other_names = [str(each) for each in (own.alphabetic, *_values(dataset.get("OtherPatientNames"))) if each]
    mentions.of_patient(
        names=[words(each) for each in other_names if each != written],
        numbers=[str(other) for other in (*_values(dataset.get("OtherPatientIDs")), *_others(dataset))],
    )
    studies = {str(each.get("StudyInstanceUID", "")) for each in evidence} - {""}
    return {
        "patient_id": str(dataset.get("PatientID") or ""),
        "issuer": str(dataset.get("IssuerOfPatientID") or ""),
        "patient_name": words(written),
        "patient_kana": words(spoken),
        "birth_date": _day(dataset.get("PatientBirthDate")),
        "sex": str(dataset.get("PatientSex") or ""),
        "accession_number": str(dataset.get("AccessionNumber") or _first(requests, "AccessionNumber")),
        "study_uid": studies.pop() if len(studies) == 1 else str(dataset.get("StudyInstanceUID") or ""),
        "modality": _modality(evidence),
        "exam_date": _day(dataset.get("StudyDate")),
        "procedure": _first(requests, "RequestedProcedureDescription"),
        "status": _status(dataset),
        "issued": _issued(dataset),
        "institution": str(dataset.get("InstitutionName") or ""),
        "department": str(dataset.get("InstitutionalDepartmentName") or ""),
    }


def note_people(dataset: Dataset, mentions: Mentions) -> None:
    """Note every person and place that header or content items name, whatever the Attribute."""
    for element in dataset.iterall():
        if element.VR == "PN" and element.keyword not in ("PatientName", "OtherPatientNames"):
            for value in _values(element.value):
                person = PersonName(value)
                for group in (person.alphabetic, person.ideographic, person.phonetic):
                    mentions.person([part for part in str(group or "").split("^")[:3] if part])
        elif element.keyword in _PLACES:
            for value in _values(element.value):
                mentions.place(str(value))
        elif element.keyword in _NUMBERS:
            mentions.number(str(element.value or ""))


_PLACES: Final = frozenset(
    {"InstitutionName", "InstitutionalDepartmentName", "VerifyingOrganization", "InstitutionAddress", "StationName"}
)
_NUMBERS: Final = frozenset(
    {"AdmissionID", "FillerOrderNumberImagingServiceRequest", "PlacerOrderNumberImagingServiceRequest", "StudyID"}
)


def _status(dataset: Dataset) -> str:
    """Return the FHIR status: final if it is complete, and verified or said to be final (C.17.2, C.17.2.1)."""
    complete = str(dataset.get("CompletionFlag") or "") == "COMPLETE"
    verified = str(dataset.get("VerificationFlag") or "") == "VERIFIED"
    preliminary = str(dataset.get("PreliminaryFlag") or "")
    if not complete or preliminary == "PRELIMINARY" or not (verified or preliminary == "FINAL"):
        return "preliminary"
    return "amended" if dataset.get("PredecessorDocumentsSequence") else "final"


def _issued(dataset: Dataset) -> str:
    """Return when the content was made: the time zone of the Data Set goes with it (C.12.1)."""
    clock = str(dataset.get("ContentTime") or "").split(".")[0]
    zone = str(dataset.get("TimezoneOffsetFromUTC") or "")
    return hl7_time(f"{_day(dataset.get('ContentDate'))}{clock}{zone if clock else ''}")


def _modality(evidence: list[Dataset]) -> str:
    """Return the modality of the images that were read, by their SOP Class; empty if it is none or not one."""
    classes = {
        str(item.get("ReferencedSOPClassUID", ""))
        for study in evidence
        for series in study.get("ReferencedSeriesSequence") or []
        for item in series.get("ReferencedSOPSequence") or []
    }
    modalities = {code for uid in classes for part, code in _MODALITIES if uid and part in UID(uid).name}
    return modalities.pop() if len(modalities) == 1 else ""


def _others(dataset: Dataset) -> list[str]:
    items = dataset.get("OtherPatientIDsSequence") or []
    return [str(item.get("PatientID")) for item in items if item.get("PatientID")]


def _first(items: list[Dataset], keyword: str) -> str:
    return next((str(item.get(keyword)) for item in items if item.get(keyword)), "")


def _day(value: Any) -> str:
    return str(value or "")[:8]


def _values(value: Any) -> list[Any]:
    if not value:
        return []
    return list(value) if isinstance(value, list) or hasattr(value, "append") else [value]
