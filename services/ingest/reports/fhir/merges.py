"""Patients whose links say that one replaces the other. Pure.

Source: FHIR R4 Patient.link (replaced-by, replaces; refer and seealso say nothing of the kind), 8.1.9 (merging).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.ingest.reports.merges import PatientMerge, PatientNumber, hospital_number, merge_document
from shared.errors import Invalid
from shared.fhir.values import Json, codes_of, items, object_of, text_of


def fhir_merges(entries: Sequence[dict[str, Any]], by_address: Mapping[str, Json]) -> Iterator[bytes | Invalid]:
    """Yield the document of each merge that the Patients of a document say, or why there is none.

    by_address: the resources of the document.
    """
    for entry in entries:
        patient = entry["resource"]
        if patient.get("resourceType") != "Patient":
            continue
        for link in items(patient.get("link")):
            if text_of(link, "type") in ("replaced-by", "replaces"):
                try:
                    yield merge_document(_merge(patient, link, by_address))
                except Invalid as error:
                    yield error


def _merge(patient: Json, link: Json, by_address: Mapping[str, Json]) -> PatientMerge:
    other = object_of(link, "other")
    identifiers = items(other.get("identifier"))
    linked = by_address.get(text_of(other, "reference"), {})
    numbers = (_number(items(patient.get("identifier"))), _number(identifiers or items(linked.get("identifier"))))
    at = text_of(object_of(patient, "meta"), "lastUpdated")
    if not at:
        raise Invalid("bad-date", "Patient.meta.lastUpdated is missing: of merges that contradict the last one holds")
    own, others = numbers
    if text_of(link, "type") == "replaces":
        return PatientMerge(surviving=own, replaced=others, at=at)
    return PatientMerge(surviving=others, replaced=own, at=at)


def _number(identifiers: Sequence[Json]) -> PatientNumber:
    numbers = [PatientNumber(text_of(each, "value"), text_of(each, "system")) for each in identifiers]
    kinds = [next((code for _, code in codes_of(each.get("type"))), "") for each in identifiers]
    return hospital_number(numbers, kinds)
