"""Writes a canonical report as one FHIR R4 Bundle: the only place where J-MID writes an identified report. Pure.

Source: FHIR R4 Bundle (collection), DiagnosticReport, Patient, ServiceRequest, ImagingStudy, Observation.
"""

import base64
from collections.abc import Iterator
from typing import Any

import orjson

from services.ingest.reports.canonical import Address, CanonicalPatient, CanonicalReport, Mention, Person, Place
from shared.fhir import codes, systems
from shared.fhir.values import uid_identifier

Json = dict[str, Any]
_PATIENT = {"reference": "Patient/patient"}
_UNREAD = {"resourceType": "Basic", "code": {"text": "not read"}}
_UNKNOWN = {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"}


def bundle_of(report: CanonicalReport) -> bytes:
    """Return the Bundle: the same bytes for the same report."""
    resources = [
        _report(report),
        _patient(report.patient),
        _order(report),
        *_study(report),
        *_observations(report),
        *_people(report),
        *map(_mention, report.mentions),
        *([_UNREAD] * report.unmapped),  # one each, so that the anonymizer counts them
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
    return orjson.dumps(_without_empty(bundle), option=orjson.OPT_SORT_KEYS)


def _report(report: CanonicalReport) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "identifier": [{"system": report.patient.issuer, "value": report.report_id}],
        "status": report.status,
        "category": [_RADIOLOGY, *([_coded(systems.DCM, report.modality)] if report.modality else [])],
        "code": {"coding": [{"system": systems.LOINC, "code": codes.IMAGING_REPORT}], "text": report.procedure},
        "subject": _PATIENT,
        "basedOn": [{"reference": "ServiceRequest/order"}],
        "imagingStudy": [{"reference": "ImagingStudy/study"}] if report.study_uid else [],
        "effectiveDateTime": report.exam_date,
        "issued": report.issued,
        "result": [{"reference": f"Observation/{name}"} for name, _, _ in _sections(report)],
        "resultsInterpreter": [{"reference": "Practitioner/radiologist"}] if report.radiologist else [],
        "performer": [{"reference": "Organization/institution"}] if report.institution or report.department else [],
        "conclusion": report.impression,
        "presentedForm": [*_presented(report.text), *({"contentType": each} for each in report.left_behind)],
    }


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


_RADIOLOGY = _coded(systems.LOINC, codes.RADIOLOGY)


def _presented(text: str) -> Iterator[Json]:
    if text:
        data = base64.b64encode(text.encode()).decode("ascii")
        yield {"contentType": "text/plain; charset=utf-8", "data": data}


def _patient(patient: CanonicalPatient) -> Json:
    return {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [{"system": patient.issuer, "value": patient.number}, *_values(patient.other_numbers)],
        "name": [_name(patient.name), _name(patient.kana), *({"text": each} for each in patient.other_names)],
        "gender": patient.gender,
        "birthDate": patient.birth_date,
        "address": [_address(each) for each in patient.addresses],
        "telecom": _values(patient.phones),
    }


def _order(report: CanonicalReport) -> Json:
    accession = {"type": {"coding": [{"code": codes.ACCESSION}]}, "value": report.accession_number}
    return {
        "resourceType": "ServiceRequest",
        "id": "order",
        "status": "completed",
        "intent": "order",
        "subject": _PATIENT,
        "identifier": [accession] if report.accession_number else [],
        "requester": {"reference": "Practitioner/requester"} if report.requester else {},
        "reasonCode": [{"text": report.clinical_info}],
    }


def _study(report: CanonicalReport) -> Iterator[Json]:
    if report.study_uid:
        identifier = [uid_identifier(report.study_uid)]
        study = {"resourceType": "ImagingStudy", "id": "study", "status": "available", "subject": _PATIENT}
        yield {**study, "identifier": identifier}


def _sections(report: CanonicalReport) -> list[tuple[str, str, str]]:
    """Return name, LOINC code and text of the sections that are there."""
    sections = [
        ("findings", codes.FINDINGS, report.findings),
        ("impression", codes.IMPRESSION, report.impression),
    ]
    return [each for each in sections if each[2]]


def _observations(report: CanonicalReport) -> Iterator[Json]:
    for name, code, text in _sections(report):
        yield {
            "resourceType": "Observation",
            "id": name,
            "status": "final",
            "code": {"coding": [{"system": systems.LOINC, "code": code}]},
            "valueString": text,
        }


def _people(report: CanonicalReport) -> Iterator[Json]:
    for name, text in (("requester", report.requester), ("radiologist", report.radiologist)):
        if text:
            yield {"resourceType": "Practitioner", "id": name, "name": [_name(text)]}
    for name, text in (("institution", report.institution), ("department", report.department)):
        if text:
            yield {"resourceType": "Organization", "id": name, "name": text}


def _mention(mention: Mention) -> Json:
    if isinstance(mention, Person):
        kind = "RelatedPerson" if mention.is_relative else "Practitioner"
        return {"resourceType": kind, "name": [_name(mention.name)], "identifier": _values([mention.number])}
    if isinstance(mention, Place):
        addresses = [_address(each) for each in mention.addresses]
        telecom = _values(mention.phones)
        return {"resourceType": "Organization", "name": mention.name, "address": addresses, "telecom": telecom}
    number = _values([mention.value])
    return {"resourceType": "Encounter", "status": "unknown", "class": _UNKNOWN, "identifier": number}


def _name(text: str) -> Json:
    """Return a HumanName; the first word is the family name."""
    family, *given = text.split() or [""]
    return {"text": text, "family": family, "given": given}


def _address(address: Address) -> Json:
    return {
        "line": list(address.lines),
        "city": address.city,
        "state": address.state,
        "postalCode": address.postal_code,
        "text": address.text,
    }


def _values(values: tuple[str, ...] | list[str]) -> list[Json]:
    return [{"value": each} for each in values]


def _without_empty(value: Any) -> Any:
    """FHIR has no empty values: leave them out, and what becomes empty by that."""
    if isinstance(value, dict):
        kept = {name: _without_empty(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in ("", [], {}, None)}
    if isinstance(value, list):
        return [each for each in map(_without_empty, value) if each not in ("", [], {}, None)]
    return value
