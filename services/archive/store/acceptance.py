"""Which Instances the centre takes: de-identified ones of a gateway, and what its own pages make of a Study here.

Who stores is told by a shared credential, since people have no identity here yet; what is stored says of itself how it
was de-identified. Neither proves that no name is left in it: that is the gateway's work.

Source: PS3.15 E.1.1 (what a de-identified Instance says); PS3.7 Annex C (0124, Refused: Not Authorized).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from services.archive.deps import ArchiveDeps
from services.archive.records import STUDIES, StudyRecord
from services.archive.store.prepare import Failure, Prepared
from shared.deidentification_mark import METHOD, is_of_profile
from shared.dicom.json_values import Json, items, person_groups, text, texts, values
from shared.dicom.store_response import NOT_AUTHORIZED

_BASIC_PROFILE: Final = "113100"  # CID 7050
_PATIENT_NAME, _PATIENT_ID, _BIRTH_DATE, _REMOVED = "00100010", "00100020", "00100030", "00120062"
_METHODS, _CODES, _CODE = "00120063", "00120064", "00080100"
_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
_DERIVED: Final = frozenset(
    f"{_STORAGE}{each}"
    for each in (
        # registrations, segmentations, maps, contours
        *("66.1", "66.2", "66.3", "66.4", "66.5", "66.7", "30", "67", "481.3"),
        *("88.11", "88.22", "88.33", "88.34", "88.35", "88.59"),  # Structured Reports and key object selections
        *("11.1", "11.2", "11.3", "11.4", "11.5", "11.8", "11.11", "11.12"),  # presentation states
    )
)
"""SOP Classes of what a viewer makes of images: nothing in them comes from a scanner."""


class Sender(NamedTuple):
    """Who stores. is_gateway: showed the gateways' credential.  is_own_page: a page of ours, in a browser."""

    is_gateway: bool = False
    is_own_page: bool = False


async def accepted(
    results: Sequence[Prepared | Failure], sender: Sender, deps: ArchiveDeps
) -> list[Prepared | Failure]:
    """Return the results with a Failure for each Instance that the centre does not take."""
    if deps.settings.accept == "any":
        return list(results)
    named = {each.record.study_instance_uid for each in results if isinstance(each, Prepared)}
    studies = await deps.documents.get_many(STUDIES, sorted(named)) if sender.is_own_page else {}

    def decided_on(each: Prepared | Failure) -> Prepared | Failure:
        if isinstance(each, Failure):
            return each
        study = studies.get(each.record.study_instance_uid)
        return refused(each, sender, deps.settings.accept_profiles, study) or each

    return [decided_on(each) for each in results]


def refused(prepared: Prepared, sender: Sender, profiles: Sequence[str], study: StudyRecord | None) -> Failure | None:
    """Return why the centre does not take an Instance, None if it does.

    profiles: names of the profiles that it takes.  study: what is held of the Instance's Study.
    """
    if sender.is_gateway:
        problem = _not_deidentified(prepared.attributes, profiles)
    elif sender.is_own_page:
        problem = _not_derived(prepared.record.sop_class_uid, prepared.attributes, study)
    else:
        problem = "only a gateway stores here: its credential is missing"
    if not problem:
        return None
    return Failure(NOT_AUTHORIZED, problem, prepared.record.sop_class_uid, prepared.record.sop_instance_uid)


def _not_deidentified(attributes: Json, profiles: Sequence[str]) -> str:
    if text(attributes, _REMOVED) != "YES":
        return "(0012,0062) Patient Identity Removed is not YES"
    labels = [each.removeprefix(METHOD) for each in texts(attributes, _METHODS) if each.startswith(METHOD)]
    if not any(is_of_profile(label, profiles) for label in labels):
        return "(0012,0063) De-identification Method names no known profile"
    if not any(text(each, _CODE) == _BASIC_PROFILE for each in items(attributes, _CODES)):
        return "(0012,0064) does not name the Basic Profile (113100)"
    return ""


def _not_derived(sop_class_uid: str, attributes: Json, study: StudyRecord | None) -> str:
    if sop_class_uid not in _DERIVED:
        return "a page stores what is derived from images, not images"
    if study is None:
        return "it belongs to no Study that is held here"
    if text(attributes, _PATIENT_ID) != study.patient_id:
        return "(0010,0020) Patient ID is not that of its Study"
    if text(attributes, _BIRTH_DATE) not in ("", study.patient_birth_date):
        return "(0010,0030) Patient's Birth Date is not that of its Study"
    names = {name for value in values(attributes, _PATIENT_NAME) for name in person_groups(value) if name}
    if names and names != {name for name in (study.patient_name,) if name}:
        return "(0010,0010) Patient's Name is not that of its Study"
    return ""
