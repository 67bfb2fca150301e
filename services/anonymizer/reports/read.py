"""Read an identified FHIR R4 report, whole or bare, into the little that a de-identified one is built from.

Whatever is not read here does not exist afterwards: narrative generated from what is read, extensions, media, Binary,
attached images and PDF.

Source: FHIR R4 DiagnosticReport; JP Core JP_DiagnosticReport_Radiology.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from services.anonymizer.reports.attachment_text import plain_text
from services.anonymizer.reports.observations import named, notes, observed
from services.anonymizer.reports.people import header_of
from services.anonymizer.reports.references import Resources
from services.anonymizer.reports.wholeness import check_whole
from shared.errors import Invalid, Refused
from shared.fhir import codes, systems
from shared.fhir.instants import date_time, full_instant
from shared.fhir.statuses import ReportStatus, status_of
from shared.fhir.values import codes_of, exact_text, is_accession, items, object_of, text_of
from shared.text.html import html_text

_CODE_SYSTEMS = re.compile(
    "|".join(
        (
            *map(re.escape, (systems.LOINC, systems.SNOMED, *systems.RADLEX, systems.DCM, systems.ICD_10)),
            r"urn:oid:1\.2\.392\.200119\.5\.\d+(?:\.\d+)*",  # JAHIS and MEDIS-DC
            r"http://jpfhir\.jp/fhir/[\w/.-]+",
        )
    )
)
_CODE = re.compile(r"[A-Za-z0-9.\-]{1,40}")
_MODALITY = re.compile(r"[A-Z]{2,16}")


class Section(msgspec.Struct, frozen=True):
    """A text of the report. code: its LOINC code."""

    code: str
    text: str


class Coding(msgspec.Struct, frozen=True):
    """A code of a published system. display is never taken: it is free text."""

    system: str
    code: str


class SourceReport(msgspec.Struct, frozen=True):
    """An identified report, read. It must not leave the anonymizer.

    header: DICOM keyword → values, the dictionary for cleaning.  issuer, identifier: of the report itself, or empty.
    effective, issued: as FHIR dateTime and instant, or empty.  dropped: kind → how many were left behind.
    """

    header: Mapping[str, list[str]]
    issuer: str
    identifier: str
    status: ReportStatus
    code: tuple[Coding, ...]
    title: str
    patient_issuer: str
    patient_id: str
    accession_number: str
    study_instance_uid: str
    modality: str
    effective: str
    issued: str
    conclusion: str
    sections: tuple[Section, ...]
    full_text: str
    dropped: Mapping[str, int]


def read_report(data: bytes) -> SourceReport:
    """Return the report of a Bundle, or of a bare DiagnosticReport with contained resources.

    Raises Invalid: not JSON, no DiagnosticReport, or more than one.  Raises Refused: not all of it can be read.
    """
    try:
        document = msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("report-not-json", "the report is not JSON") from error
    resources = Resources.of(document)
    check_whole(resources)
    report = resources.report
    dropped: dict[str, int] = {}
    patient_issuer, patient_id = resources.patient_identifier()
    issuer, identifier = _own_identifier(report)
    sections, attached = tuple(_sections(resources)), tuple(_attached(report, dropped))
    has_findings = bool(attached) or any(each.code == codes.FINDINGS for each in sections)
    narrative = _narrative(report, is_needed=not has_findings)
    full_text = "\n\n".join(filter(None, (*attached, *narrative, *_unsectioned(resources))))
    _count_dropped(resources, dropped)
    return SourceReport(
        header=header_of(resources),
        issuer=issuer,
        identifier=identifier,
        status=status_of(text_of(report, "status")) or ReportStatus.UNKNOWN,
        code=tuple(_codings(report.get("code"))),
        title=text_of(report.get("code"), "text"),
        patient_issuer=patient_issuer,
        patient_id=patient_id,
        accession_number=resources.accession_number(),
        study_instance_uid=resources.study_instance_uid(),
        modality=_modality(resources),
        effective=_effective(resources),
        issued=full_instant(exact_text(report, "issued")),
        conclusion=text_of(report, "conclusion"),
        sections=sections,
        full_text=full_text,
        dropped=dropped,
    )


def _own_identifier(report: Mapping[str, Any]) -> tuple[str, str]:
    for each in items(report.get("identifier")):
        if text_of(each, "value") and not is_accession(each):
            return text_of(each, "system"), text_of(each, "value")
    return "", text_of(report, "id")


def _codings(concept: Any) -> Iterator[Coding]:
    for system, code in codes_of(concept):
        if _CODE_SYSTEMS.fullmatch(system) and _CODE.fullmatch(code):
            yield Coding(system, code)


def _modality(resources: Resources) -> str:
    """Return the DICOM modality: from category, else from the ImagingStudy or the request."""
    places = [resources.report.get("category")]
    for study in resources.studies():
        places += [study.get("modality"), *(series.get("modality") for series in items(study.get("series")))]
    for place in places:
        for each in items(place):
            for coding in (each, *items(each.get("coding"))):
                if text_of(coding, "system") == systems.DCM and _MODALITY.fullmatch(text_of(coding, "code")):
                    return text_of(coding, "code")
    return ""


def _effective(resources: Resources) -> str:
    report = resources.report
    period = next(iter(items(report.get("effectivePeriod"))), {})
    starts = (exact_text(period, "start"), *(exact_text(study, "started") for study in resources.studies()))
    instants = (date_time(value) for value in (exact_text(report, "effectiveDateTime"), *starts))
    return next((value for value in instants if value), "")


def _sections(resources: Resources) -> Iterator[Section]:
    for observation in resources.observations():
        loinc = [coding.code for coding in _codings(observation.get("code")) if coding.system == systems.LOINC]
        text = observed(observation)
        if loinc and text:
            yield Section(loinc[0], text)
    for request in resources.requests():
        reasons = map(named, items(request.get("reasonCode")))
        text = "\n".join(part for part in [*reasons, notes(request)] if part)
        if text:
            yield Section(codes.CLINICAL, text)


def _unsectioned(resources: Resources) -> Iterator[str]:
    """Yield what no section has: Observations without a LOINC code, below their name, and the report's own codes."""
    for observation in resources.observations():
        text = observed(observation)
        if text and not any(coding.system == systems.LOINC for coding in _codings(observation.get("code"))):
            yield "\n".join(filter(None, (named(observation.get("code")), text)))
    yield from filter(None, map(named, items(resources.report.get("conclusionCode"))))
    yield from filter(None, _around_images(resources))


def _around_images(resources: Resources) -> Iterator[str]:
    """Yield what is said of key images, which do not leave themselves, and of the Study."""
    yield from (text_of(each, "comment") for each in items(resources.report.get("media")))
    yield from (notes(each) for kind in ("Media", "ImagingStudy") for each in resources.of_type(kind))


def _narrative(report: Mapping[str, Any], *, is_needed: bool) -> Iterator[str]:
    """Yield the narrative where it says more than the data: its status is then additional (FHIR R4 Narrative).

    is_needed: no other element has the findings; JP Core has them in the narrative then.
    """
    narrative = object_of(report, "text")
    if is_needed or text_of(narrative, "status") == "additional":
        yield html_text(text_of(narrative, "div"))


def _attached(report: Mapping[str, Any], dropped: dict[str, int]) -> Iterator[str]:
    """Yield what is readable in presentedForm; count what is not: a PDF's or picture's text cannot be vouched for.

    Raises Refused: a text that cannot be read, for the report would be shortened by it.
    """
    for form in items(report.get("presentedForm")):
        kind = text_of(form, "contentType").lower()
        try:
            raw = base64.b64decode(text_of(form, "data"), validate=False)
            text = plain_text(raw, kind) if raw else None
        except (binascii.Error, ValueError, LookupError) as error:
            raise Refused("text-not-readable", "DiagnosticReport.presentedForm is not of its character set") from error
        if text:
            yield text
        else:
            dropped[_kind_word(kind)] = dropped.get(_kind_word(kind), 0) + 1


def _kind_word(content_type: str) -> str:
    if content_type.startswith("image/"):
        return "key_image"
    return "pdf" if content_type.startswith("application/pdf") else "attachment"


def _count_dropped(resources: Resources, dropped: dict[str, int]) -> None:
    for word, count in (("key_image", len(items(resources.report.get("media")))), *resources.unused()):
        if count:
            dropped[word] = dropped.get(word, 0) + count
