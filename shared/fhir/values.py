"""Defensive access to FHIR JSON: whatever a sender wrote, these return the type that they promise. Pure.

Source: FHIR R4 2.6 (JSON), 2.24.0.12 (Identifier), 2.24.0.7 (CodeableConcept).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.fhir import codes, systems

Json = Mapping[str, Any]


def items(value: Any) -> list[dict[str, Any]]:
    """Return the objects of an array, or the one object that stands where an array should."""
    return [value] if isinstance(value, dict) else listed(value)


def listed(value: Any) -> list[dict[str, Any]]:
    """Return the objects of an array; nothing of what is no array."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def object_of(resource: Any, name: str) -> dict[str, Any]:
    """Return a field that is an object; empty if it is none."""
    value = resource.get(name) if isinstance(resource, dict) else None
    return value if isinstance(value, dict) else {}


def text_of(resource: Any, name: str) -> str:
    """Return a text field, stripped; empty if it is not a text."""
    return exact_text(resource, name).strip()


def exact_text(resource: Any, name: str) -> str:
    """Return a text field as it stands; empty if it is not a text."""
    value = resource.get(name) if isinstance(resource, dict) else None
    return value if isinstance(value, str) else ""


def codes_of(concepts: Any) -> Iterator[tuple[str, str]]:
    """Yield system and code of every coding of a CodeableConcept, or of a list of them."""
    for concept in items(concepts):
        for coding in items(concept.get("coding")):
            yield text_of(coding, "system"), text_of(coding, "code")


def is_accession(identifier: Json) -> bool:
    """Say whether an Identifier is of type Accession ID."""
    return any(code == codes.ACCESSION for _, code in codes_of(identifier.get("type")))


def uid_identifier(uid: str) -> dict[str, str]:
    """Return the Identifier of a Study Instance UID."""
    return {"system": systems.DICOM_UID, "value": f"{systems.OID}{uid}"}


def patient_reference(system: str, pseudonym: str) -> dict[str, Any]:
    """Return the Reference of a patient by a pseudonym of this system; without one the system stands alone."""
    return {"identifier": {"system": system, **({"value": pseudonym} if pseudonym else {})}}


def operation_outcome(code: str, *diagnostics: str) -> dict[str, Any]:
    """Return an OperationOutcome with an error for each text. code: of value set issue-type."""
    issues = [{"severity": "error", "code": code, "diagnostics": text} for text in diagnostics]
    return {"resourceType": "OperationOutcome", "issue": issues}
