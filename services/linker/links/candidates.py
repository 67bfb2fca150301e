"""Which Studies a report could belong to, and which reports a Study: asked of the records of either side."""

from typing import TypeVar

import msgspec

from services.linker.links.matching import StudyKeys, dates_around
from services.linker.links.merges import NOBODY, MergedPatients
from shared.documents import Collection, Documents, Eq, In
from shared.events import LinkKeys


class IdentifiedStudy(msgspec.Struct, frozen=True, kw_only=True):
    """A Study by what reports are matched by: every value that an Instance of it had."""

    study_instance_uid: str
    patient_ids: tuple[str, ...] = ()
    accession_numbers: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    study_dates: tuple[str, ...] = ()

    @property
    def keys(self) -> StudyKeys:
        """What reports are matched by."""
        return StudyKeys(
            self.study_instance_uid, self.patient_ids, self.accession_numbers, self.modalities, self.study_dates
        )


class IdentifiedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report by what it is found by: the keys of its current version. named_study: the Study that it names itself."""

    report_id: str
    patient_id: str = ""
    accession_number: str = ""
    named_study: str = ""
    study_date: str = ""


S = TypeVar("S", bound=IdentifiedStudy)
R = TypeVar("R", bound=IdentifiedReport)


async def studies_for(
    documents: Documents, studies: Collection[S], keys: LinkKeys, tolerance_days: int, merged: MergedPatients = NOBODY
) -> list[S]:
    """Return every Study that a rule could link a report of these keys to. merged: who is one patient with theirs."""
    by_uid: dict[str, S] = {}
    if keys.accession_number:
        for study in await documents.find_all(studies, Eq("accession_numbers", keys.accession_number)):
            by_uid[study.study_instance_uid] = study
    if keys.study_instance_uid:
        named = await documents.get(studies, keys.study_instance_uid)
        by_uid |= {named.study_instance_uid: named} if named else {}
    dates = dates_around(keys.study_date, tolerance_days)
    if keys.patient_id and dates:
        where = (In("patient_ids", merged.all_of([keys.patient_id])), In("study_dates", dates))
        for study in await documents.find_all(studies, *where):
            by_uid[study.study_instance_uid] = study
    return list(by_uid.values())


async def reports_for(
    documents: Documents,
    reports: Collection[R],
    study: IdentifiedStudy,
    tolerance_days: int,
    merged: MergedPatients = NOBODY,
) -> set[str]:
    """Return the ids of the reports that a rule could link to this Study. merged: who is one patient with its own."""
    possible = await documents.find_all(reports, Eq("named_study", study.study_instance_uid))
    if study.accession_numbers:
        possible += await documents.find_all(reports, In("accession_number", study.accession_numbers))
    dates = {near for day in study.study_dates for near in dates_around(day, tolerance_days)}
    if study.patient_ids and dates:
        where = (In("patient_id", merged.all_of(study.patient_ids)), In("study_date", tuple(sorted(dates))))
        possible += await documents.find_all(reports, *where)
    return {report.report_id for report in possible}
