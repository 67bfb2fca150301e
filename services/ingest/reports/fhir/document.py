"""The FHIR R4 report channel: what a report server sends becomes Bundles, one a DiagnosticReport. Pure.

Each Bundle holds the report and what it refers to, as received: a CanonicalReport would lose resources from which the
anonymizer learns who is named (docs/decisions/0037).

Source: FHIR R4 DiagnosticReport, Bundle (types collection, transaction, batch, message, document, searchset).
"""

import codecs
from collections.abc import Iterator
from typing import Any

import orjson

from services.ingest.reports.fhir.composition import with_sections
from services.ingest.reports.fhir.merges import fhir_merges
from services.ingest.reports.fhir.xml import document_of
from shared.errors import Invalid
from shared.fhir.statuses import RETRACTED, status_of
from shared.fhir.values import Json

MOST_RESOURCES = 5000


def fhir_bundles(data: bytes) -> list[bytes]:
    """Return one Bundle for each report of a JSON document, and one document for each merge of patients.

    Raises Invalid that says what breaks which rule. A merge that cannot be used refuses no report.
    """
    try:
        document = orjson.loads(data.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise Invalid("not-json", "the body is not UTF-8 JSON (RFC 8259)") from error
    return _bundles(document)


def fhir_xml_bundles(data: bytes) -> list[bytes]:
    """Return the same of an XML document (FHIR R4 2.6.1)."""
    return _bundles(document_of(data))


def _bundles(document: Any) -> list[bytes]:
    entries = with_sections(_entries(document))
    by_address = {address: entry["resource"] for entry in entries for address in _addresses(entry)}
    links = list(fhir_merges(entries, by_address))
    merges = [each for each in links if isinstance(each, bytes)]
    reports = [entry for entry in entries if entry["resource"].get("resourceType") == "DiagnosticReport"]
    for unusable in links:
        if isinstance(unusable, Invalid) and not reports:
            raise unusable
    if not reports and not merges:
        raise Invalid("no-report", "there is no DiagnosticReport or Composition in it (FHIR R4)")
    for report in reports:
        _check(report["resource"])
    try:
        return [*merges, *(_bundle(report, entries) for report in reports)]
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise Invalid("not-fhir", "the document is nested deeper than any report is") from error


def _entries(document: Any) -> list[dict[str, Any]]:
    """Return the resources with the addresses they are referred to by."""
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        raise Invalid("not-fhir", "resourceType is missing (FHIR R4)")
    if document["resourceType"] != "Bundle":
        return [{"resource": document}]
    entries = document.get("entry", [])
    if not isinstance(entries, list) or len(entries) > MOST_RESOURCES:
        raise Invalid("not-fhir", f"Bundle.entry is no list of at most {MOST_RESOURCES} (FHIR R4 Bundle)")
    good = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)]
    return [{name: entry[name] for name in ("fullUrl", "resource") if name in entry} for entry in good]


def _check(report: Json) -> None:
    """What the registration needs; the anonymizer reads the rest defensively."""
    status = status_of(report.get("status"))
    if status is None:
        raise Invalid("bad-status", "DiagnosticReport.status is not of value set diagnostic-report-status (FHIR R4)")
    if not isinstance(report.get("subject"), dict):
        raise Invalid("no-subject", "DiagnosticReport.subject is missing: a report without a patient cannot be linked")
    texts = ("conclusion", "presentedForm", "result", "contained", "text")
    if not any(report.get(name) for name in texts) and status not in RETRACTED:
        raise Invalid("no-text", "DiagnosticReport has neither conclusion, presentedForm, result nor text")


def _bundle(report: dict[str, Any], entries: list[dict[str, Any]]) -> bytes:
    """Return the report with everything that it refers to, directly or not."""
    by_address = {address: entry for entry in entries for address in _addresses(entry)}
    chosen = [report]
    waiting = list(_references(report["resource"]))
    while waiting:
        entry = by_address.get(waiting.pop())
        if entry is None or any(entry is each for each in chosen):
            continue
        if entry["resource"].get("resourceType") != "DiagnosticReport":
            chosen.append(entry)
            waiting += _references(entry["resource"])
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": chosen}
    return orjson.dumps(bundle, option=orjson.OPT_SORT_KEYS)


def _addresses(entry: Json) -> Iterator[str]:
    resource = entry["resource"]
    if isinstance(entry.get("fullUrl"), str):
        yield entry["fullUrl"]
    if isinstance(resource.get("id"), str):
        yield f"{resource.get('resourceType')}/{resource['id']}"


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str):
            yield reference
            parts = reference.split("/_history/")[0].split("/")
            if len(parts) > 2:
                yield "/".join(parts[-2:])
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
