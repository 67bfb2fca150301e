"""The header of an SR document: what it is about, and everybody whom it names. Pure.

Source: PS3.3 C.17.2 (SR Document General), C.7.1.1 (Patient), C.7.2.1 (General Study).
"""

from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pydicom.valuerep import PersonName

from services.ingest.reports.context_resources import Parts

_MODALITIES: Final = (
    ("Computed Radiography", "CR"), ("Digital X-Ray", "DX"), ("Digital Mammography", "MG"), ("CT Image", "CT"),
    ("MR Image", "MR"), ("Ultrasound", "US"), ("Positron", "PT"), ("Nuclear Medicine", "NM"),
    ("X-Ray Angiographic", "XA"), ("X-Ray Radiofluoroscopic", "RF"), ("MR Color", "MR"), ("PET Image", "PT"),
)  # fmt: skip


def header_values(dataset: Dataset, parts: Parts) -> dict[str, str]:
    """Return the plain fields of the header; further names and numbers of the patient go into parts."""
    requests = list(dataset.get("ReferencedRequestSequence") or [])
    evidence = list(dataset.get("CurrentRequestedProcedureEvidenceSequence") or [])
    own = PersonName(dataset.get("PatientName") or "")
    spoken = str(own.phonetic or "")
    written = str(own.ideographic or own.alphabetic or "")
    for each in (own.alphabetic, *(other for other in _values(dataset.get("OtherPatientNames")))):
        if each and str(each) != written:
            parts.of_patient("name", {"text": " ".join(str(each).replace("^", " ").split())})
    for other in (*_values(dataset.get("OtherPatientIDs")), *_others(dataset)):
        parts.of_patient("identifier", {"value": str(other)})
    studies = {str(each.get("StudyInstanceUID", "")) for each in evidence} - {""}
    return {
        "patient_id": str(dataset.get("PatientID") or ""),
        "issuer": str(dataset.get("IssuerOfPatientID") or ""),
        "patient_name": " ".join(written.replace("^", " ").split()),
        "patient_kana": " ".join(spoken.replace("^", " ").split()),
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


def people(dataset: Dataset, parts: Parts) -> None:
    """Put every person and place that header or content items name into parts, whatever the Attribute."""
    for element in dataset.iterall():
        if element.VR == "PN" and element.keyword not in ("PatientName", "OtherPatientNames"):
            for value in _values(element.value):
                person = PersonName(value)
                for group in (person.alphabetic, person.ideographic, person.phonetic):
                    parts.person([part for part in str(group or "").split("^")[:3] if part])
        elif element.keyword in _PLACES:
            for value in _values(element.value):
                parts.place(str(value))
        elif element.keyword in _NUMBERS:
            parts.number(str(element.value or ""))


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
    """Return when the content was made, as an HL7 TS: the time zone of the Data Set goes with it (C.12.1)."""
    clock = str(dataset.get("ContentTime") or "").split(".")[0]
    zone = str(dataset.get("TimezoneOffsetFromUTC") or "")
    return f"{_day(dataset.get('ContentDate'))}{clock}{zone if clock else ''}"


def _modality(evidence: list[Dataset]) -> str:
    """Return the modality of the images that were read, by their SOP Class; empty if it is none or not one."""
    classes = {
        str(item.get("ReferencedSOPClassUID", ""))
        for study in evidence
        for series in study.get("ReferencedSeriesSequence") or []
        for item in series.get("ReferencedSOPSequence") or []
    }
    found = {code for uid in classes for part, code in _MODALITIES if uid and part in UID(uid).name}
    return found.pop() if len(found) == 1 else ""


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
