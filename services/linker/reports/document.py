"""Read and compose de-identified reports: FHIR R4 DiagnosticReport as docs/architecture.md gives it. Pure.

The gateway's link is written into contained ImagingStudies (identifier system ``urn:dicom:uid``) and its rule, or why
there is none, into meta.tag of system ``urn:jmid:link``. meta.versionId is the SHA-256 of the document as the
anonymizer left it, so that a report whose link changed is still the same version.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from services.linker.links import versions
from services.linker.reports import schema
from shared.errors import Invalid
from shared.events import LinkKeys

REPORT_SYSTEM = "urn:jmid:report"
PATIENT_SYSTEM = "urn:jmid:patient:"
SITE_SOURCE = "urn:jmid:site:"
PROFILE_TAG = "urn:jmid:profile"
REVIEW_TAG = "urn:jmid:review"
LINK_TAG = "urn:jmid:link"
UID_SYSTEM = "urn:dicom:uid"
MODALITY_SYSTEM = "http://dicom.nema.org/resources/ontology/DCM"
_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*", re.ASCII)

Json = dict[str, Any]


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """What one document says. studies: the Studies it names.  link: its link tag's code; empty if it has none."""

    report_id: str
    sha256: str
    status: str
    issued: str
    site: str
    profile: str
    flagged: bool
    keys: LinkKeys
    studies: tuple[str, ...]
    link: str


def read(data: bytes) -> tuple[Json, Incoming]:
    """Return the document and what it says; Invalid names every element that breaks the form, and no value."""
    document = _loaded(data)
    problems = _problems(document)
    if problems:
        raise Invalid("not-the-form", "; ".join(problems[:20]))
    return document, _summary(document, data)


def compose(data: bytes, sha256: str, studies: Sequence[str], link: str) -> bytes:
    """Return the document with the link in it: the same bytes for the same version and link."""
    document = _loaded(data)
    meta = {**_sub(document, "meta"), "versionId": sha256}
    meta["tag"] = [tag for tag in _dicts(meta.get("tag")) if tag.get("system") != LINK_TAG]
    meta["tag"].append({"system": LINK_TAG, "code": link})
    return orjson.dumps(with_studies({**document, "meta": meta}, studies), option=orjson.OPT_SORT_KEYS)


def with_studies(document: Json, studies: Sequence[str]) -> Json:
    """Return the document with exactly these Studies in its contained ImagingStudies."""
    contained = _dicts(document.get("contained"))
    imaging = [_without_uid(item) for item in contained if item.get("resourceType") == "ImagingStudy"]
    first = imaging[0] if imaging else {}
    linked = []
    for number, uid in enumerate(studies):
        base: Json = {**(first if number == 0 else {}), "resourceType": "ImagingStudy", "status": "available"}
        base.setdefault("subject", document.get("subject", {}))
        base["id"] = str(base.get("id") or f"study-{number + 1}")
        base["identifier"] = [{"system": UID_SYSTEM, "value": f"urn:oid:{uid}"}, *base.get("identifier", [])]
        linked.append(base)
    rest = imaging[1:] if linked else imaging
    kept = [item for item in (*linked, *rest) if item.get("identifier")]
    others = [item for item in contained if item.get("resourceType") != "ImagingStudy"]
    references = [{"reference": f"#{item['id']}"} for item in kept if item.get("id")]
    result = {**document, "contained": [*kept, *others], "imagingStudy": references}
    return {name: value for name, value in result.items() if value != []}


def tombstone(document: Json) -> Json:
    """Return what is left to see of a retracted report: that it was, and its status."""
    kept = ("resourceType", "id", "identifier", "meta", "status", "code", "subject")
    return {name: document[name] for name in kept if name in document}


def is_flagged(data: bytes) -> bool:
    """Tell whether the anonymizer wants a person to look at the report."""
    return bool(_tag(_loaded(data), REVIEW_TAG))


def outcome(code: str, diagnostics: str) -> Json:
    """Return an OperationOutcome (FHIR R4). code: of value set issue-type."""
    issues = [{"severity": "error", "code": code, "diagnostics": text} for text in diagnostics.split("; ")]
    return {"resourceType": "OperationOutcome", "issue": issues}


def _loaded(data: bytes) -> Json:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Invalid("not-json", "the report is not UTF-8 JSON (RFC 8259)") from error
    if not isinstance(document, dict):
        raise Invalid("not-the-form", "resourceType is not DiagnosticReport")
    return document


def _problems(document: Json) -> list[str]:
    if document.get("resourceType") != "DiagnosticReport":
        return ["resourceType is not DiagnosticReport"]
    contained = document.get("contained", [])
    if not isinstance(contained, list):
        return ["DiagnosticReport.contained is not a list"]
    rest = {name: value for name, value in document.items() if name != "contained"}
    found = [f"{path} is not allowed" for path in schema.strangers(rest, schema.DIAGNOSTIC_REPORT, "DiagnosticReport")]
    for number, item in enumerate(contained):
        path = f"DiagnosticReport.contained[{number}]"
        kind = schema.CONTAINED.get(str(item.get("resourceType"))) if isinstance(item, dict) else None
        if kind is None:
            found.append(f"{path} is not an ImagingStudy or Observation")
        else:
            found.extend(f"{stranger} is not allowed" for stranger in schema.strangers(item, kind, path))
    return found or [text for holds, text in _requirements(document) if not holds]


def _requirements(document: Json) -> list[tuple[bool, str]]:
    report_id = document.get("id")
    identifiers = _dicts(document.get("identifier"))
    patient = _sub(_sub(document, "subject"), "identifier")
    forms = _dicts(document.get("presentedForm"))
    return [
        (isinstance(report_id, str) and 0 < len(report_id) <= 64, "DiagnosticReport.id is missing or too long"),
        (
            any(i.get("system") == REPORT_SYSTEM and i.get("value") == report_id for i in identifiers),
            f"DiagnosticReport.identifier has no {REPORT_SYSTEM} equal to id",
        ),
        (document.get("status") in versions.STATUSES, "DiagnosticReport.status is not of diagnostic-report-status"),
        (isinstance(document.get("code"), dict), "DiagnosticReport.code is missing"),
        (
            not patient or str(patient.get("system", "")).startswith(PATIENT_SYSTEM),
            f"DiagnosticReport.subject.identifier.system does not begin with {PATIENT_SYSTEM}",
        ),
        (
            str(_sub(document, "meta").get("source", SITE_SOURCE)).startswith(SITE_SOURCE),
            f"DiagnosticReport.meta.source does not begin with {SITE_SOURCE}",
        ),
        (bool(_tag(document, PROFILE_TAG)), f"DiagnosticReport.meta.tag has no {PROFILE_TAG}"),
        (all(map(_is_uid, _studies(document))), "DiagnosticReport.contained: not a UID (PS3.5 9.1)"),
        (
            all(str(f.get("contentType", "")).split(";")[0].strip() == "text/plain" for f in forms),
            "DiagnosticReport.presentedForm.contentType is not text/plain",
        ),
    ]


def _summary(document: Json, data: bytes) -> Incoming:
    meta = document["meta"]
    studies = _studies(document)
    return Incoming(
        report_id=document["id"],
        sha256=str(meta.get("versionId", "")) or hashlib.sha256(data).hexdigest(),
        status=document["status"],
        issued=str(document.get("issued", "")),
        site=str(meta.get("source", "")).removeprefix(SITE_SOURCE),  # the research profile does not tell it
        profile=_tag(document, PROFILE_TAG),
        flagged=bool(_tag(document, REVIEW_TAG)),
        keys=LinkKeys(
            patient_id=str(_sub(_sub(document, "subject"), "identifier").get("value", "")),
            accession_number=_accession(document),
            study_instance_uid=studies[0] if studies else "",
            modality=_modality(document),
            study_date=str(document.get("effectiveDateTime", ""))[:10].replace("-", ""),
        ),
        studies=studies,
        link=_tag(document, LINK_TAG),
    )


def _imaging(document: Json) -> list[Json]:
    return [item for item in _dicts(document.get("contained")) if item.get("resourceType") == "ImagingStudy"]


def _studies(document: Json) -> tuple[str, ...]:
    identifiers = [i for study in _imaging(document) for i in _dicts(study.get("identifier"))]
    uids = [str(i.get("value", "")).removeprefix("urn:oid:") for i in identifiers if i.get("system") == UID_SYSTEM]
    return tuple(dict.fromkeys(uid for uid in uids if uid))


def _accession(document: Json) -> str:
    identifiers = [i for study in _imaging(document) for i in _dicts(study.get("identifier"))]
    for identifier in [*identifiers, *_dicts(document.get("identifier"))]:
        codes = {coding.get("code") for coding in _dicts(_sub(identifier, "type").get("coding"))}
        if "ACSN" in codes:
            return str(identifier.get("value", ""))
    return ""


def _modality(document: Json) -> str:
    for concept in _dicts(document.get("category")):
        for coding in _dicts(concept.get("coding")):
            if coding.get("system") == MODALITY_SYSTEM:
                return str(coding.get("code", ""))
    return ""


def _tag(document: Json, system: str) -> str:
    tags = _dicts(_sub(document, "meta").get("tag"))
    return next((str(tag.get("code", "")) for tag in tags if tag.get("system") == system), "")


def _is_uid(uid: str) -> bool:
    return len(uid) <= 64 and _UID.fullmatch(uid) is not None


def _sub(document: Json, name: str) -> Json:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _without_uid(study: Json) -> Json:
    return {**study, "identifier": [i for i in _dicts(study.get("identifier")) if i.get("system") != UID_SYSTEM]}


def _dicts(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
