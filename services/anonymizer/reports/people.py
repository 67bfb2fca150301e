"""Collect from a FHIR report who and what identifies, as the DICOM header that the text cleaner understands.

Every HumanName, Identifier, address, telecom and Organization anywhere counts, whether or not it is used elsewhere.
"""

import re
from collections.abc import Mapping
from typing import Any

from services.anonymizer.reports.references import Resource, Resources
from shared.fhir import systems
from shared.fhir.values import items, text_of

_PLACES = re.compile(
    "病院|医院|クリニック|診療所|センター|大学|Hospital|Clinic|Center|Centre|University|Organization|Location"
)
_DEPARTMENTS = re.compile("科$|部$|室$|病棟$|外来$|Department|Radiology$")
_REFERENCES = frozenset({"performer", "resultsInterpreter", "author", "requester", "subject", "identifier"})
_NOT_IDS = frozenset({systems.DICOM_UID, systems.URI})


def header_of(resources: Resources) -> dict[str, list[str]]:
    """Return DICOM keyword → values for Identifiers.of_header."""
    header: dict[str, list[str]] = {}
    patient = resources.patient()
    for resource in resources.everything:
        is_patient = resource is patient or resource.get("resourceType") in ("Patient", "RelatedPerson")
        _walk(resource, header, is_patient, 0)
    names = header.get("PatientName")
    if names and len(names) > 1:  # scripts of one person, so that they complete each other
        header["PatientName"] = ["=".join(names), *names]
    uid = resources.study_instance_uid()
    return header | {"StudyInstanceUID": [uid]} if uid else header


def _walk(resource: Resource, header: dict[str, list[str]], is_patient: bool, depth: int) -> None:
    """Visit every field of a resource; a contained resource is visited by itself."""
    if depth > 12:
        return
    _organization(resource, header)
    for name, value in resource.items():
        for each in items(value) if name != "contained" else ():
            _field(name, each, header, is_patient)
            _walk(each, header, is_patient, depth + 1)
        if name == "birthDate" and isinstance(value, str):
            header.setdefault("PatientBirthDate", []).append(value)
        elif name in ("effectiveDateTime", "issued", "started", "authoredOn") and isinstance(value, str):
            header.setdefault("StudyDate", []).append(value[:10])


def _field(name: str, value: Mapping[str, Any], header: dict[str, list[str]], is_patient: bool) -> None:
    person = "PatientName" if is_patient else "ReferringPhysicianName"
    if name == "identifier" and text_of(value, "value") and text_of(value, "system") not in _NOT_IDS:
        header.setdefault("PatientID" if is_patient else "AccessionNumber", []).append(text_of(value, "value"))
    elif name in ("name", "contact") and (value.get("family") or value.get("given") or value.get("text")):
        header.setdefault(person, []).extend(_person_names(value))
    elif name == "address":
        lines = [line for line in value.get("line") or () if isinstance(line, str)]
        whole = [text_of(value, "text"), *lines, "".join([text_of(value, "state"), text_of(value, "city"), *lines])]
        header.setdefault("PatientAddress" if is_patient else "InstitutionAddress", []).extend(filter(None, whole))
    elif name == "telecom" and text_of(value, "value"):
        header.setdefault("PatientTelephoneNumbers", []).append(text_of(value, "value"))
    if (display := text_of(value, "display")) and ("reference" in value or name in _REFERENCES):
        _display(name, display, text_of(value, "reference"), header, person)


def _display(name: str, display: str, reference: str, header: dict[str, list[str]], person: str) -> None:
    if name == "subject":
        header.setdefault("PatientName", []).append(display)
    elif "Organization/" in reference or _PLACES.search(display):
        header.setdefault("InstitutionName", []).append(display)
    elif _DEPARTMENTS.search(display):
        header.setdefault("InstitutionalDepartmentName", []).append(display)
    elif "Practitioner" in reference or name in ("performer", "resultsInterpreter", "author", "requester"):
        header.setdefault(person, []).append(display)


def _organization(resource: Resource, header: dict[str, list[str]]) -> None:
    if resource.get("resourceType") in ("Organization", "Location") and text_of(resource, "name"):
        keyword = "InstitutionalDepartmentName" if _DEPARTMENTS.search(text_of(resource, "name")) else "InstitutionName"
        header.setdefault(keyword, []).append(text_of(resource, "name"))


def _person_names(name: Mapping[str, Any]) -> list[str]:
    """Return a HumanName as DICOM PN component groups (PS3.5 6.2.1)."""
    given = (
        [part for part in name.get("given") or () if isinstance(part, str)]
        if isinstance(name.get("given"), list)
        else []
    )
    parts = [f"{text_of(name, 'family')}^{' '.join(given)}".rstrip("^")] if name.get("family") or given else []
    return [*parts, text_of(name, "text")] if text_of(name, "text") else parts
