"""What stands beside a case: other exams of its pseudonym, versions of its reports, annotations."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from services.search.case import Case, Json, shown_report
from services.search.deps import SearchDeps
from services.search.language.query import CaseQuery
from services.search.language.tree import Is, folded_value
from services.search.pages.differences import Change, changes
from shared.errors import Unavailable
from shared.fhir.report import PublishedReport
from shared.fhir.statuses import RETRACTED
from shared.web.access import reach
from shared.web.language import translatable

MOST_EXAMS: Final = 100
RULES: Final = {
    "accession": translatable("linked by accession number"),
    "study-uid": translatable("linked by Study Instance UID"),
    "patient-modality-date": translatable("linked by patient, modality and date"),
    "by-hand": translatable("linked by hand"),
}
"""Rule of a link → what a person reads."""
NOT_SHOWN: Final = frozenset({"SEG", "SR", "PR", "KO", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG", "DOC", "M3D", "ANN"})
"""Modalities of Series that are no images (PS3.3 C.7.3.1.1.1)."""


class Version(msgspec.Struct, frozen=True):
    """An earlier version of a report. sections: heading → what the next version changed."""

    number: int
    status: str
    issued: str
    sections: Sequence[tuple[str, list[Change]]]


class History(msgspec.Struct, frozen=True):
    """link: the rule that linked the report.  versions: how many there are.  earlier: all but the current one."""

    link: str = ""
    versions: int = 1
    earlier: Sequence[Version] = ()


async def exams(deps: SearchDeps, case: Case) -> list[Case]:
    """Return the cases of the same pseudonym within reach, this one too, the earliest first."""
    if not case.patient_id:
        return [case]
    same = Is("patient", folded_value(case.patient_id), case.patient_id)
    query = CaseQuery(where=same, limit=MOST_EXAMS)
    hits = await asyncio.to_thread(deps.index.search, query, reach.current())
    others = [each for each in hits.cases if each.patient_id == case.patient_id and each.id != case.id]
    return sorted([*others, case], key=lambda each: (each.study_date, each.id))


async def histories(deps: SearchDeps, case: Case) -> dict[str, History] | None:
    """Return report id → its history; None while the linker does not answer."""
    try:
        versions = [await deps.sources.versions(report.report_id) for report in case.reports]
    except Unavailable:
        return None
    shown = {report.report_id: each for report, each in zip(case.reports, versions, strict=True)}
    return await asyncio.to_thread(lambda: {name: history(each) for name, each in shown.items()})


async def annotations(deps: SearchDeps, case: Case) -> list[Json] | None:
    """Return the annotations of the Study; None while the linker does not answer."""
    if not case.study_instance_uid:
        return []
    try:
        return await deps.sources.annotations(case.study_instance_uid)
    except Unavailable:
        return None


def history(versions: Sequence[PublishedReport]) -> History:
    """Return what is shown of the versions, the newest first. Of one that was retracted no text is compared."""
    if not versions:
        return History()
    pairs = zip(versions, versions[1:], range(len(versions) - 1, 0, -1), strict=False)
    earlier = [_version(old, new, number) for new, old, number in pairs if old.status not in RETRACTED]
    return History(versions[0].link, len(versions), earlier)


def _version(old: PublishedReport, new: PublishedReport, number: int) -> Version:
    before, after = (dict[str, str](shown_report(each).sections()) for each in (old, new))
    headings = dict.fromkeys((*before, *after))
    compared = [(heading, changes(before.get(heading, ""), after.get(heading, ""))) for heading in headings]
    return Version(number, old.status, old.issued, compared)


def frames_of(instances: Sequence[Json]) -> list[tuple[str, int]]:
    """Return SOP Instance UID and frame number (0: the only one) of every frame, by Instance Number."""

    def number(each: Json, tag: str, default: int) -> int:
        values: Any = each.get(tag, {}).get("Value") or [default]
        return int(values[0]) if str(values[0]).lstrip("-").isdecimal() else default

    ordered = sorted(instances, key=lambda each: number(each, "00200013", 0))
    frames: list[tuple[str, int]] = []
    for each in ordered:
        uid, count = str(each["00080018"]["Value"][0]), number(each, "00280008", 1)
        frames += [(uid, 0)] if count < 2 else [(uid, frame) for frame in range(1, count + 1)]
    return frames
