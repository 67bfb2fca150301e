"""A report as plain fields, as tables and messages have it, and its canonical FHIR R4 Bundle. Pure."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson

from services.ingest.reports.fhir import STATUSES
from shared.dicom.uid import is_uid
from shared.errors import Invalid

DCM = "http://dicom.nema.org/resources/ontology/DCM"
_LOINC = "http://loinc.org"
_STATUS_WORDS = {
    "f": "final", "確定": "final", "final": "final", "完了": "final", "p": "preliminary", "仮": "preliminary",
    "暫定": "preliminary", "c": "corrected", "修正": "corrected", "訂正": "corrected", "追記": "appended",
    "a": "amended", "x": "cancelled", "取消": "cancelled", "中止": "cancelled", "w": "entered-in-error",
}  # fmt: skip
_GENDERS = {"m": "male", "f": "female", "男": "male", "女": "female", "1": "male", "2": "female", "o": "other"}
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "M": 1867, "T": 1911, "S": 1925} | {
    "H": 1988,
    "R": 2018,
}
_DATE = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})日?")
_ERA_DATE = re.compile(
    r"(明治|大正|昭和|平成|令和|[MTSHR])\s*\.?(元|\d{1,2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?"
)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")


class ReportFields(msgspec.Struct, frozen=True, kw_only=True):
    """All texts, as they came; empty where unknown. The names are those of a mapping file."""

    report_id: str = ""
    patient_id: str = ""
    issuer: str = ""
    patient_name: str = ""
    patient_kana: str = ""
    birth_date: str = ""
    sex: str = ""
    accession_number: str = ""
    study_uid: str = ""
    modality: str = ""
    exam_date: str = ""
    exam_time: str = ""
    body_part: str = ""
    procedure: str = ""
    status: str = ""
    issued: str = ""
    requester: str = ""
    radiologist: str = ""
    department: str = ""
    institution: str = ""
    clinical_info: str = ""
    findings: str = ""
    impression: str = ""
    text: str = ""


def bundle_of(
    fields: ReportFields,
    *,
    patient: Mapping[str, list[Any]] | None = None,
    others: Sequence[Mapping[str, Any]] = (),
    forms: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """Return the canonical Bundle; raise Invalid that names the field that is missing or wrong.

    patient: more names, identifiers, addresses and telecoms of the Patient.  others: further resources.
    forms: attachments, without data, that were left behind; with one, a report may have no text here.
    """
    if not fields.report_id or not fields.patient_id:
        raise Invalid("missing-field", "report_id and patient_id are needed")
    has_text = any((fields.findings, fields.impression, fields.text))
    if not has_text and not forms and fields.status not in ("cancelled", "entered-in-error"):
        raise Invalid("no-text", "findings, impression and text are all empty")
    if fields.study_uid and not is_uid(fields.study_uid):
        raise Invalid("bad-uid", "study_uid is no valid UID (PS3.5 9.1)")
    subject = _patient(fields)
    for name, values in (patient or {}).items():
        subject[name] = [*subject.get(name, []), *values]
    report = _report(fields)
    report["presentedForm"] += forms
    entries = [report, subject, _order(fields), *_study(fields), *_observations(fields), *_people(fields), *others]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in entries]}
    return orjson.dumps(_without_empty(bundle), option=orjson.OPT_SORT_KEYS)


def iso_date(text: str, name: str) -> str:
    """Return YYYY-MM-DD of a date in Western or Japanese years; raise Invalid that names the field."""
    text = text.strip()
    if not text:
        return ""
    era = _ERA_DATE.fullmatch(text)
    if era:
        year = _ERAS[era[1]] + (1 if era[2] == "元" else int(era[2]))
        return f"{year:04d}-{int(era[3]):02d}-{int(era[4]):02d}"
    plain = _DATE.match(text)
    if plain is None or not (1 <= int(plain[2]) <= 12 and 1 <= int(plain[3]) <= 31):
        raise Invalid("bad-date", f"{name} is no date such as 2024-05-31, 20240531 or 令和6年5月31日")
    return f"{plain[1]}-{int(plain[2]):02d}-{int(plain[3]):02d}"


def _report(fields: ReportFields) -> dict[str, Any]:
    results = [{"reference": f"Observation/{name}"} for name, text in _sections(fields) if text]
    return {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "identifier": [{"system": fields.issuer, "value": fields.report_id}],
        "status": _status(fields.status),
        "category": [{"coding": [{"system": DCM, "code": fields.modality.upper()}]}] if fields.modality else [],
        "code": {"coding": [{"system": _LOINC, "code": "18748-4"}], "text": fields.procedure},
        "subject": {"reference": "Patient/patient"},
        "basedOn": [{"reference": "ServiceRequest/order"}],
        "imagingStudy": [{"reference": "ImagingStudy/study"}] if fields.study_uid else [],
        "effectiveDateTime": iso_date(fields.exam_date, "exam_date"),
        "issued": _issued(fields.issued),
        "result": results,
        "resultsInterpreter": [{"reference": "Practitioner/radiologist"}] if fields.radiologist else [],
        "performer": [{"reference": "Organization/institution"}] if fields.institution or fields.department else [],
        "conclusion": fields.impression,
        "presentedForm": _presented(fields.text),
    }


def _presented(text: str) -> list[dict[str, str]]:
    if not text:
        return []
    data = base64.b64encode(text.encode()).decode("ascii")
    return [{"contentType": "text/plain; charset=utf-8", "data": data}]


def _patient(fields: ReportFields) -> dict[str, Any]:
    names = [named(fields.patient_name), named(fields.patient_kana)]
    return {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [{"system": fields.issuer, "value": fields.patient_id}],
        "name": [name for name in names if name],
        "gender": _GENDERS.get(fields.sex.strip().lower(), ""),
        "birthDate": iso_date(fields.birth_date, "birth_date"),
    }


def named(text: str) -> dict[str, Any]:
    """Return a HumanName; the first word is the family name. Empty if there is none."""
    parts = [part for part in re.split(r"[\s　^]+", text.strip()) if part]
    if not parts:
        return {}
    return {"text": " ".join(parts), "family": parts[0], "given": parts[1:]}


def _order(fields: ReportFields) -> dict[str, Any]:
    accession = {"type": {"coding": [{"code": "ACSN"}]}, "value": fields.accession_number}
    return {
        "resourceType": "ServiceRequest",
        "id": "order",
        "status": "completed",
        "intent": "order",
        "subject": {"reference": "Patient/patient"},
        "identifier": [accession] if fields.accession_number else [],
        "requester": {"reference": "Practitioner/requester"} if fields.requester else {},
        "reasonCode": [{"text": fields.clinical_info}] if fields.clinical_info else [],
    }


def _study(fields: ReportFields) -> list[dict[str, Any]]:
    if not fields.study_uid:
        return []
    identifier = {"system": "urn:dicom:uid", "value": f"urn:oid:{fields.study_uid}"}
    return [{"resourceType": "ImagingStudy", "id": "study", "status": "available", "identifier": [identifier]}]


def _sections(fields: ReportFields) -> list[tuple[str, str]]:
    return [("findings", fields.findings), ("impression", fields.impression)]


def _observations(fields: ReportFields) -> list[dict[str, Any]]:
    codes = {"findings": "18782-3", "impression": "19005-8"}
    return [
        {
            "resourceType": "Observation",
            "id": name,
            "status": "final",
            "code": {"coding": [{"system": _LOINC, "code": codes[name]}]},
            "valueString": text,
        }
        for name, text in _sections(fields)
        if text
    ]


def _people(fields: ReportFields) -> list[dict[str, Any]]:
    people = {"requester": fields.requester, "radiologist": fields.radiologist}
    found: list[dict[str, Any]] = [
        {"resourceType": "Practitioner", "id": name, "name": [named(text)]} for name, text in people.items() if text
    ]
    for name, text in (("institution", fields.institution), ("department", fields.department)):
        if text:
            found.append({"resourceType": "Organization", "id": name, "name": text})
    return found


def _status(text: str) -> str:
    word = text.strip().lower()
    if word in STATUSES:
        return word
    if not word:
        return "final"
    if word not in _STATUS_WORDS:
        raise Invalid("bad-status", "status is neither a FHIR status nor a word that the mapping knows")
    return _STATUS_WORDS[word]


def _issued(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    if _INSTANT.fullmatch(text):
        return text if text[-6] in "+-" or text.endswith("Z") else f"{text}+09:00"
    day = iso_date(text, "issued")
    clock = re.search(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text)
    hour, minute, second = (clock[1], clock[2], clock[3] or "00") if clock else ("0", "00", "00")
    return f"{day}T{int(hour):02d}:{minute}:{second}+09:00"  # the sites' clock, as their tables give none


def _without_empty(value: Any) -> Any:
    """FHIR has no empty values: leave them out, and what becomes empty by that."""
    if isinstance(value, dict):
        kept = {name: _without_empty(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in ("", [], {}, None)}
    if isinstance(value, list):
        return [each for each in map(_without_empty, value) if each not in ("", [], {}, None)]
    return value
