"""The elements of the de-identified DiagnosticReport, as JP Core 1.2 fixes their codes. Pure.

Source: JP Core 1.2 JP_DiagnosticReport_Radiology (category, code), JP_Observation_Radiology_Findings and
JP_Observation_Radiology_Impression (category, code, valueString); FHIR R4 DiagnosticReport, Observation, ImagingStudy.
"""

import base64
from collections.abc import Sequence
from typing import Any

from shared.events import LinkKeys
from shared.fhir import codes, systems
from shared.fhir.statuses import ReportStatus, observation_status
from shared.fhir.values import uid_identifier

Json = dict[str, Any]
_IDS = {codes.FINDINGS: "findings", codes.IMPRESSION: "impression", codes.CLINICAL: "clinical-information"}
_REPORT_CODES = (
    {"system": systems.LOINC, "code": codes.IMAGING_REPORT},
    {"system": systems.JP_DOCUMENT_CODES, "code": codes.IMAGING_REPORT},
)


def categories(modality: str) -> list[Json]:
    """Return category: radiology first, then the modality, a DICOM code or empty."""
    radiology = {"coding": [{"system": systems.LOINC, "code": codes.RADIOLOGY}]}
    return [radiology, *([{"coding": [{"system": systems.DCM, "code": modality}]}] if modality else [])]


def report_code(codings: Sequence[tuple[str, str]], title: str) -> Json:
    """Return code: that of an imaging report first, then what the sender wrote, as system and code; title: cleaned."""
    own = [{"system": system, "code": code} for system, code in codings]
    code = {"coding": [*_REPORT_CODES, *(each for each in own if each not in _REPORT_CODES)]}
    return {**code, "text": title} if title else code


def observation(code: str, text: str, subject: Json, status: ReportStatus) -> Json:
    """Return a section as an Observation. code: LOINC.  status: of the report."""
    return {
        "resourceType": "Observation",
        "id": _IDS.get(code, f"loinc-{code}"),
        "status": observation_status(status),
        "category": [{"coding": [{"system": systems.JP_OBSERVATION_CATEGORY, "code": "imaging"}]}],
        "code": {"coding": [{"system": systems.LOINC, "code": code}]},
        "subject": subject,
        "valueString": text,
    }


def imaging_study(keys: LinkKeys, modality: str, subject: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the Study as what the report is about, by pseudonyms; nothing if none is known."""
    identifiers: list[dict[str, Any]] = []
    if keys.study_instance_uid:
        identifiers.append(uid_identifier(keys.study_instance_uid))
    if keys.accession_number:
        kind = {"coding": [{"system": systems.IDENTIFIER_TYPE, "code": codes.ACCESSION}]}
        identifiers.append({"type": kind, "value": keys.accession_number})
    if not identifiers:
        return []
    study = {"resourceType": "ImagingStudy", "id": "study", "status": "available", "subject": subject}
    coded = {"modality": [{"system": systems.DCM, "code": modality}]} if modality else {}
    return [study | {"identifier": identifiers} | coded]


def attachment(text: str) -> dict[str, str]:
    """Return the whole text of a report as presentedForm."""
    return {"contentType": "text/plain; charset=utf-8", "data": base64.b64encode(text.encode()).decode("ascii")}
