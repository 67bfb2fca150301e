"""Whether a FHIR report can be read whole: what it refers to as its results is here, and of kinds that are read. Pure.

Source: FHIR R4 DiagnosticReport.result, Observation.hasMember; 2.4.1 (modifierExtension changes what an element means).
"""

from collections.abc import Iterator
from typing import Final

from services.anonymizer.reports.references import Resource, Resources, is_unread
from shared.errors import Refused
from shared.fhir.values import items, listed, text_of

_MODIFIED: Final = frozenset({"DiagnosticReport", "Observation"})


def check_whole(resources: Resources) -> None:
    """Raise Refused for a report of which a part would be lost or turned round, and say which."""
    for problem, detail in _problems(resources):
        raise Refused(problem, detail)


def _problems(resources: Resources) -> Iterator[tuple[str, str]]:
    for resource in resources.everything:
        kind = text_of(resource, "resourceType")
        if kind in _MODIFIED and _is_modified(resource):
            yield "report-modifier-extension", f"{kind}.modifierExtension is not understood (FHIR R4 2.4.1)"
        if any(map(is_unread, listed(resource.get("contained")))):
            yield "report-resource-not-read", f"{kind}.contained has a resource of a kind that is not read"
    results = [("DiagnosticReport.result", resources.report.get("result"))]
    results += [("Observation.hasMember", each.get("hasMember")) for each in resources.of_type("Observation")]
    for path, references in results:
        if not all(_is_here(resources, each) for each in items(references)):
            yield "report-result-missing", f"{path} refers to what did not come with the report"


def _is_modified(resource: Resource) -> bool:
    return any(listed(each.get("modifierExtension")) for each in (resource, *items(resource.get("component"))))


def _is_here(resources: Resources, reference: Resource) -> bool:
    if not any(reference.get(name) for name in ("reference", "identifier", "display")):
        return True
    target = resources.resolve(reference)
    return target is not None and target.get("resourceType") == "Observation"
