"""The allow-list schema of a de-identified report, as data: what may stand in a document that crosses over. Pure.

Source: docs/architecture.md, "The de-identified DiagnosticReport"; FHIR R4 DiagnosticReport, ImagingStudy, Observation.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

LEAF = None
_CODING: Schema = {"system": LEAF, "version": LEAF, "code": LEAF, "display": LEAF}
_CONCEPT: Schema = {"coding": _CODING, "text": LEAF}
_IDENTIFIER: Schema = {"use": LEAF, "type": _CONCEPT, "system": LEAF, "value": LEAF}
_REFERENCE: Schema = {"reference": LEAF, "type": LEAF, "identifier": _IDENTIFIER}
_META: Schema = {"versionId": LEAF, "lastUpdated": LEAF, "source": LEAF, "profile": LEAF, "tag": _CODING}
_PERIOD: Schema = {"start": LEAF, "end": LEAF}
_ATTACHMENT: Schema = {"contentType": LEAF, "language": LEAF, "data": LEAF}

_OBSERVATION: Schema = {
    "resourceType": LEAF,
    "id": LEAF,
    "status": LEAF,
    "category": _CONCEPT,
    "code": _CONCEPT,
    "subject": _REFERENCE,
    "effectiveDateTime": LEAF,
    "issued": LEAF,
    "valueString": LEAF,
}
_IMAGING_STUDY: Schema = {
    "resourceType": LEAF,
    "id": LEAF,
    "identifier": _IDENTIFIER,
    "status": LEAF,
    "modality": _CODING,
    "subject": _REFERENCE,
    "started": LEAF,
    "procedureCode": _CONCEPT,
    "series": {"uid": LEAF, "modality": _CODING, "bodySite": _CODING, "laterality": _CODING},
}
CONTAINED = {"Observation": _OBSERVATION, "ImagingStudy": _IMAGING_STUDY}
DIAGNOSTIC_REPORT: Schema = {  # without contained, see CONTAINED
    "resourceType": LEAF,
    "id": LEAF,
    "meta": _META,
    "language": LEAF,
    "identifier": _IDENTIFIER,
    "status": LEAF,
    "category": _CONCEPT,
    "code": _CONCEPT,
    "subject": _REFERENCE,
    "effectiveDateTime": LEAF,
    "effectivePeriod": _PERIOD,
    "issued": LEAF,
    "result": _REFERENCE,
    "imagingStudy": _REFERENCE,
    "conclusion": LEAF,
    "conclusionCode": _CONCEPT,
    "presentedForm": _ATTACHMENT,
}


def unknown_elements(value: object, schema: Schema | None, path: str) -> Iterator[str]:
    """Yield the path of every element that the schema does not know, and of every leaf that is not a plain value."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from unknown_elements(item, schema, f"{path}[{number}]")
    elif schema is LEAF:
        if isinstance(value, dict):
            yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in schema:
                yield from unknown_elements(item, schema[name], f"{path}.{name}")
            else:
                yield f"{path}.{_quotable(name)}"
    else:
        yield path


def _quotable(name: str) -> str:
    """Return the element's name if it can only be a name; foreign text is never repeated."""
    return name if name.isascii() and name.isalpha() and len(name) <= 40 else "(unnamed)"
