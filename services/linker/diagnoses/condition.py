"""A confirmed diagnosis as a FHIR R4 Condition. Pure.

Source: FHIR R4 Condition; JP Core 1.1 JP_Condition (修飾語 as extensions of the coding).
"""

from collections.abc import Sequence
from typing import Any, Final

from services.linker.diagnoses.records import Content, Diagnosis
from shared.fhir.systems import DICOM_UID, OID

Json = dict[str, Any]
_VER_STATUS: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/condition-category"
_ASSERTED: Final = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_MODIFIER: Final = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Condition_Disease{}Modifier"
BASIS: Final = "urn:jmid:diagnosis-basis"
_ENTERED_IN_ERROR: Final = "entered-in-error"


def condition(entry: Diagnosis, patient_ids: Sequence[str] = (), modifiers: Sequence[Json] = ()) -> Json:
    """Return the resource of what holds now; of a withdrawn one, only that it was entered in error.

    patient_ids: the pseudonyms of the case's patient; none is said as unknown.
    modifiers: for each modifier in order its system, code, display, and kind (prefix or suffix).
    """
    content = entry.content
    status = _ENTERED_IN_ERROR if entry.is_removed else content.certainty
    return {
        "resourceType": "Condition",
        "id": entry.id,
        "meta": {"versionId": str(len(entry.versions)), "lastUpdated": content.at},
        **({"extension": [{"url": _ASSERTED, "valueDateTime": content.date}]} if content.date else {}),
        **({"verificationStatus": _coded(_VER_STATUS, status)} if status != "not-stated" else {}),
        "category": [_coded(_CATEGORY, "encounter-diagnosis")],
        **({} if entry.is_removed else {"code": _code(content, modifiers)}),
        "subject": _subject(patient_ids),
        "recordedDate": content.at,
        "recorder": {"display": content.by},
        **({"evidence": evidence} if (evidence := _evidence(entry, content)) else {}),
        **({"note": [{"text": content.note}]} if content.note else {}),
    }


def _code(content: Content, modifiers: Sequence[Json]) -> Json:
    text = _filled({"text": content.display or content.note})
    if not content.code:
        return text
    named = _filled({"system": content.system, "version": content.system_version, "code": content.code})
    if not content.modifiers:  # with modifiers the name is not that of the code alone
        named |= _filled({"display": content.name})
    extensions = [_modifier(each) for each in modifiers]
    return {"coding": [{**named, **({"extension": extensions} if extensions else {})}], **text}


def _modifier(modifier: Json) -> Json:
    place = "Postfix" if modifier["kind"] == "suffix" else "Prefix"
    coding = _filled({key: modifier[key] for key in ("system", "code", "display")})
    return {"url": _MODIFIER.format(place), "valueCodeableConcept": {"coding": [coding]}}


def _evidence(entry: Diagnosis, content: Content) -> list[Json]:
    studies = [
        {"type": "ImagingStudy", "identifier": {"system": DICOM_UID, "value": f"{OID}{uid}"}} for uid in entry.studies
    ]
    report = [{"reference": f"DiagnosticReport/{entry.report_id}"}] if entry.report_id else []
    basis = {"code": [_coded(BASIS, content.basis)]} if content.basis != "not-stated" else {}
    detail = {"detail": [*studies, *report]} if studies or report else {}
    return [{**basis, **detail}] if basis or detail else []


def _subject(patient_ids: Sequence[str]) -> Json:
    if len(patient_ids) == 1:
        return {"identifier": {"value": patient_ids[0]}}
    return {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}


def _filled(element: Json) -> Json:
    """Return an element without what is empty, which FHIR JSON does not have (FHIR R4 2.6.2)."""
    return {name: value for name, value in element.items() if value}


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}
