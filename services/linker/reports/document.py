"""Check, read and compose de-identified reports: FHIR R4 DiagnosticReport as docs/architecture.md gives it. Pure.

The gateway's link is written into contained ImagingStudies (identifier system ``urn:dicom:uid``) and its rule, or why
there is none, into meta.tag of system ``urn:jmid:link``. meta.versionId is the SHA-256 of the document as the
anonymizer left it, so that a report whose link changed is still the same version.
"""

import codecs
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from services.linker.reports import schema
from shared.dicom.uid import is_uid
from shared.errors import Invalid
from shared.events import LinkKeys
from shared.fhir import systems
from shared.fhir.report import PublishedReport, contained, published, studies_of, tag_of
from shared.fhir.statuses import ReportStatus, status_of
from shared.fhir.values import exact_text, items, listed, object_of, patient_reference, uid_identifier

_MOST_PROBLEMS = 20
_PATIENT = systems.PATIENT.removesuffix(":")  # of which keys is not known

Json = dict[str, Any]


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """What one document says. studies: the Studies it names.  link: its link tag's code; empty if it has none."""

    report_id: str
    sha256: str
    status: ReportStatus
    issued: str
    site: str
    profile: str
    flagged: bool
    keys: LinkKeys
    studies: tuple[str, ...]
    link: str


class OutsideSchema(Invalid):
    """The document breaks the allow-list. problems: each names an element, and no value."""

    def __init__(self, *problems: str) -> None:
        super().__init__("not-the-form", "; ".join(problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type["OutsideSchema"], tuple[str, ...]]:  # type: ignore[override]
        return (type(self), self.problems)


def read(data: bytes) -> tuple[Json, Incoming]:
    """Return the document and what it says. Raises OutsideSchema, or Invalid if it is no JSON."""
    document = parsed(data)
    problems = _problems(document)
    if problems:
        raise OutsideSchema(*problems[:_MOST_PROBLEMS])
    return document, _incoming(published(document), data)


def parsed(data: bytes) -> Json:
    """Return the JSON object of a report's bytes, unchecked. Raises Invalid: not JSON, or no object."""
    try:
        document = orjson.loads(data.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise Invalid("not-json", "the report is not UTF-8 JSON (RFC 8259)") from error
    if not isinstance(document, dict):
        raise OutsideSchema("resourceType is not DiagnosticReport")
    return document


def compose(data: bytes, sha256: str, studies: Sequence[str], link: str) -> bytes:
    """Return the document with the link in it: the same bytes for the same version and link."""
    return orjson.dumps(linked(parsed(data), sha256, studies, link), option=orjson.OPT_SORT_KEYS)


def linked(document: Json, sha256: str, studies: Sequence[str], link: str) -> Json:
    """Return a parsed document with its version, its Studies and the code of its link, if that was decided."""
    meta = {**object_of(document, "meta"), "versionId": sha256}
    other = [tag for tag in listed(meta.get("tag")) if tag.get("system") != systems.LINK]
    tags = [*other, *([{"system": systems.LINK, "code": link}] if link else [])]
    filled = {name: value for name, value in {**meta, "tag": tags}.items() if value != []}
    return with_studies({**document, "meta": filled}, studies)


def with_studies(document: Json, studies: Sequence[str]) -> Json:
    """Return the document with exactly these Studies in its contained ImagingStudies."""
    imaging = [_without_uid(study) for study in contained(document, "ImagingStudy")]
    named = [
        _named(imaging[0] if imaging and number == 1 else {}, uid, number, document)
        for number, uid in enumerate(studies, 1)
    ]
    kept = [study for study in (*named, *(imaging[1:] if named else imaging)) if study.get("identifier")]
    others = [each for each in listed(document.get("contained")) if each.get("resourceType") != "ImagingStudy"]
    references = [{"reference": f"#{study['id']}"} for study in kept if study.get("id")]
    result = {**document, "contained": [*kept, *others], "imagingStudy": references}
    return {name: value for name, value in result.items() if value != []}


def tombstone(document: Json) -> Json:
    """Return what is left to see of a retracted report: that it was, and its status."""
    kept = ("resourceType", "id", "identifier", "meta", "status", "code", "subject")
    return {name: document[name] for name in kept if name in document}


def is_flagged(data: bytes) -> bool:
    """Tell whether the anonymizer wants a person to look at the report."""
    return bool(tag_of(parsed(data), systems.REVIEW))


def _named(study: Json, uid: str, number: int, document: Json) -> Json:
    """Return an ImagingStudy, made from one that is there or from nothing, with this Study Instance UID."""
    base = {**study, "resourceType": "ImagingStudy", "status": "available"}
    base.setdefault("subject", document.get("subject") or patient_reference(_PATIENT, ""))
    base["id"] = str(base.get("id") or f"study-{number}")
    base["identifier"] = [uid_identifier(uid), *base.get("identifier", [])]
    return base


def _without_uid(study: Json) -> Json:
    identifiers = [each for each in listed(study.get("identifier")) if each.get("system") != systems.DICOM_UID]
    return {**study, "identifier": identifiers}


def _problems(document: Json) -> list[str]:
    if document.get("resourceType") != "DiagnosticReport":
        return ["resourceType is not DiagnosticReport"]
    resources = document.get("contained", [])
    if not isinstance(resources, list):
        return ["DiagnosticReport.contained is not a list"]
    rest = {name: value for name, value in document.items() if name != "contained"}
    unknown = [*schema.unknown_elements(rest, schema.DIAGNOSTIC_REPORT, "DiagnosticReport")]
    problems = [f"{path} is not allowed" for path in unknown]
    for number, resource in enumerate(resources):
        problems += _contained_problems(resource, f"DiagnosticReport.contained[{number}]")
    return problems or [text for holds, text in _requirements(document) if not holds]


def _contained_problems(resource: object, path: str) -> list[str]:
    allowed = schema.CONTAINED.get(str(resource.get("resourceType"))) if isinstance(resource, dict) else None
    if allowed is None:
        return [f"{path} is not an ImagingStudy or Observation"]
    return [f"{each} is not allowed" for each in schema.unknown_elements(resource, allowed, path)]


def _requirements(document: Json) -> list[tuple[bool, str]]:
    return [*_identity_requirements(document), *_content_requirements(document)]


def _identity_requirements(document: Json) -> list[tuple[bool, str]]:
    report_id = document.get("id")
    own = [each.get("value") for each in listed(document.get("identifier")) if each.get("system") == systems.REPORT]
    patients = [each for subject in items(document.get("subject")) for each in items(subject.get("identifier")) if each]
    return [
        (isinstance(report_id, str) and 0 < len(report_id) <= 64, "DiagnosticReport.id is missing or too long"),
        (report_id in own, f"DiagnosticReport.identifier has no {systems.REPORT} equal to id"),
        (
            all(exact_text(each, "system").startswith(systems.PATIENT) for each in patients),
            f"DiagnosticReport.subject.identifier.system does not begin with {systems.PATIENT}",
        ),
        (
            str(object_of(document, "meta").get("source", systems.SITE)).startswith(systems.SITE),
            f"DiagnosticReport.meta.source does not begin with {systems.SITE}",
        ),
        (bool(tag_of(document, systems.PROFILE)), f"DiagnosticReport.meta.tag has no {systems.PROFILE}"),
    ]


def _content_requirements(document: Json) -> list[tuple[bool, str]]:
    kinds = [exact_text(form, "contentType").split(";")[0].strip() for form in items(document.get("presentedForm"))]
    return [
        (status_of(document.get("status")) is not None, "DiagnosticReport.status is not of diagnostic-report-status"),
        (isinstance(document.get("code"), dict), "DiagnosticReport.code is missing"),
        (all(map(is_uid, studies_of(document))), "DiagnosticReport.contained: not a UID (PS3.5 9.1)"),
        (set(kinds) <= {"text/plain"}, "DiagnosticReport.presentedForm.contentType is not text/plain"),
    ]


def _incoming(published: PublishedReport, data: bytes) -> Incoming:
    return Incoming(
        report_id=published.report_id,
        sha256=published.version_id or hashlib.sha256(data).hexdigest(),
        status=ReportStatus(published.status),
        issued=published.issued,
        site=published.site,  # empty if the profile does not tell it, as the research profile
        profile=published.profile,
        flagged=published.is_flagged,
        keys=LinkKeys(
            patient_id=published.patient_id,
            accession_number=published.accession_number,
            study_instance_uid=next(iter(published.studies), ""),
            modality=next(iter(published.modalities), ""),
            study_date=published.effective[:10].replace("-", ""),
        ),
        studies=published.studies,
        link=published.link,
    )
