"""FHIR R4 documents: what a Composition's sections say becomes Observations of its report. Pure.

A document without a DiagnosticReport becomes one: a Composition has what identifies it, its status, its subject and its
text. Where there is a report, the sections are added to it if it has no text of its own.
Source: FHIR R4 3.3 (documents), Composition, DiagnosticReport, 2.1.27.0.4 (narrative).
"""

from collections.abc import Iterator
from typing import Any, Final

from services.ingest.reports import sections
from services.ingest.reports.sections import Section
from shared.errors import Invalid
from shared.fhir import codes, systems
from shared.fhir.statuses import ReportStatus
from shared.fhir.values import Json, codes_of, items, object_of, text_of
from shared.text.html import html_text

_DEEPEST: Final = 60
_LOINC: Final = {
    Section.FINDINGS: codes.FINDINGS,
    Section.IMPRESSION: codes.IMPRESSION,
    Section.CLINICAL: codes.CLINICAL,
}
_STATUSES: Final = frozenset(
    {ReportStatus.PRELIMINARY, ReportStatus.FINAL, ReportStatus.AMENDED, ReportStatus.ENTERED_IN_ERROR}
)
_OWN_TEXT: Final = ("conclusion", "presentedForm", "result", "text")


def with_sections(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries of a document with its sections in its report; all others as they are.

    Raises Invalid: several Compositions, or a Composition whose status or depth is none.
    """
    compositions = [entry for entry in entries if entry["resource"].get("resourceType") == "Composition"]
    if not compositions:
        return entries
    if len(compositions) > 1:
        raise Invalid("several-documents", "a document has one Composition (FHIR R4 3.3.1)")
    composition = compositions[0]["resource"]
    rest = [entry for entry in entries if entry is not compositions[0]]
    reports = [entry for entry in rest if entry["resource"].get("resourceType") == "DiagnosticReport"]
    if not reports:
        return [{**compositions[0], "resource": _with_observations(_report(composition), composition)}, *rest]
    bare = [entry for entry in reports if not any(entry["resource"].get(name) for name in _OWN_TEXT)]
    if len(reports) > 1 or not bare:
        return entries
    filled = {**bare[0], "resource": _with_observations(bare[0]["resource"], composition)}
    return [filled, *(entry for entry in rest if entry is not bare[0])]


def _report(composition: Json) -> dict[str, Any]:
    """Return the DiagnosticReport that a Composition is."""
    if text_of(composition, "status") not in _STATUSES:
        raise Invalid("bad-status", "Composition.status is not of value set composition-status (FHIR R4)")
    event = next(iter(items(composition.get("event"))), {})
    at = text_of(composition, "date")
    report = {
        "resourceType": "DiagnosticReport",
        "id": text_of(composition, "id"),
        "identifier": items(composition.get("identifier")),
        "status": text_of(composition, "status"),
        "category": items(composition.get("category")),
        "code": {**object_of(composition, "type"), **({"text": title} if (title := _title(composition)) else {})},
        "subject": composition.get("subject"),
        "encounter": composition.get("encounter"),
        "effectivePeriod": event.get("period"),
        "issued": at if "T" in at else "",
        "resultsInterpreter": items(composition.get("author")),
        "performer": items(composition.get("custodian")),
        "text": composition.get("text"),
        "imagingStudy": _entries_of(composition, "ImagingStudy"),
        "result": _entries_of(composition, "Observation"),
        "basedOn": _entries_of(composition, "ServiceRequest"),
    }
    return {name: value for name, value in report.items() if value}


def _with_observations(report: dict[str, Any], composition: Json) -> dict[str, Any]:
    made = [_observation(number, *each) for number, each in enumerate(_sections(composition), 1)]
    results = [*items(report.get("result")), *({"reference": f"#{each['id']}"} for each in made)]
    contained = [*items(report.get("contained")), *made]
    return {**report, **({"result": results} if results else {}), **({"contained": contained} if contained else {})}


def _observation(number: int, kind: Section, title: str, text: str) -> dict[str, Any]:
    code = {"coding": [{"system": systems.LOINC, "code": _LOINC[kind]}]} if kind in _LOINC else {"text": title}
    return {
        "resourceType": "Observation",
        "id": f"section-{number}",
        "status": "final",
        "code": {name: value for name, value in code.items() if value},
        "valueString": text,
    }


def _sections(holder: Json, inherited: Section = Section.TEXT, depth: int = 0) -> Iterator[tuple[Section, str, str]]:
    """Yield kind, title and text of each section that has a text, and of those in it."""
    if depth > _DEEPEST:
        raise Invalid("not-fhir", "sections are nested deeper than any report's are")
    for section in items(holder.get("section")):
        kind = _kind(section) or inherited
        title = sections.heading(_title(section))
        text = html_text(text_of(object_of(section, "text"), "div"))
        body = text.removeprefix(_title(section)).strip() or text
        if body:
            yield kind, title, f"{title}\n{body}" if title and kind in _LOINC else body
        yield from _sections(section, kind, depth + 1)


def _kind(section: Json) -> Section | None:
    by_code = (
        sections.DOCUMENT_LOINC.get(code) for system, code in codes_of(section.get("code")) if system == systems.LOINC
    )
    return next((each for each in by_code if each), None) or sections.by_title(_title(section))


def _entries_of(holder: Json, kind: str) -> list[dict[str, Any]]:
    """Return the references of all sections to resources of a kind, as their address says it."""
    found = []
    for section in items(holder.get("section")):
        found += [each for each in items(section.get("entry")) if f"{kind}/" in text_of(each, "reference")]
        found += _entries_of(section, kind)
    return found


def _title(holder: Json) -> str:
    return " ".join(text_of(holder, "title").split())
