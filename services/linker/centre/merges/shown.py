"""Whose pseudonyms are one patient's, as others see it: the surviving one, and those that it replaces."""

from collections.abc import Iterable
from typing import Any

from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import REPORTS, STUDIES_KNOWN
from services.linker.links.merges import PatientMerge, merges_of, survivors_of
from shared.documents import Eq
from shared.fhir import systems
from shared.web.access import reach

Json = dict[str, Any]


async def within_reach(deps: CentreDeps, patients: Iterable[str], site: str = "") -> list[PatientMerge]:
    """Return the merges that hold of these pseudonyms, of the sites within reach."""
    reached = reach.current()
    found = await merges_of(deps.documents, site, patients)
    return [each for each in found if reached.is_all or reached.holds(each.site)]


async def is_known(deps: CentreDeps, patient_id: str) -> bool:
    """Say whether a Study or report within reach has this pseudonym."""
    reached = reach.current()
    reports = await deps.documents.find_all(REPORTS, Eq("patient_id", patient_id))
    studies = await deps.documents.find_all(STUDIES_KNOWN, Eq("patient_ids", patient_id))
    sites = [*(each.site for each in reports), *(each.site for each in studies)]
    return any(reached.is_all or reached.holds(site) for site in sites)


def patient_of(patient_id: str, merges: Iterable[PatientMerge]) -> Json:
    """Return what is known of a pseudonym: the one that stays, and all that are this patient's."""
    merged = survivors_of(merges)
    return {"patient_id": merged.survivor(patient_id), "patient_ids": list(merged.all_of([patient_id]))}


def resource_of(patients: Iterable[str], merges: Iterable[PatientMerge]) -> Json | None:
    """Return a FHIR Patient that stays for these, with the pseudonyms that it replaces; None if nothing was merged."""
    own, merged = tuple(patients), survivors_of(merges)
    survivors = {merged.survivor(each) for each in own}
    if len(survivors) != 1 or not merged.survivors:
        return None
    survivor = survivors.pop()
    replaced = [each for each in merged.all_of(own) if each != survivor]
    links = [{"other": {"identifier": _identifier(each)}, "type": "replaces"} for each in replaced]
    return {"resourceType": "Patient", "id": survivor, "identifier": [_identifier(survivor)], "link": links}


def _identifier(pseudonym: str) -> Json:
    return {"system": systems.PATIENT.removesuffix(":"), "value": pseudonym}
