"""Take what a gateway says of two pseudonyms, decide anew about links, and have readers refresh the cases."""

from collections.abc import Iterable, Sequence

from services.linker.centre import feed, linking
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import REPORTS, STUDIES_KNOWN
from services.linker.centre.withdrawal_records import is_withdrawn
from services.linker.links.merges import (
    MergeDecision,
    merge_id,
    merges_of,
    record_decisions,
)
from shared import clock
from shared.documents import Eq, In
from shared.logs import decided

PATIENT = "patient"
"""The kind of the feed's row of Studies whose patient was merged, or is no longer."""


async def record(deps: CentreDeps, site: str, patients: Sequence[str], said: Iterable[MergeDecision]) -> None:
    """Note what was said of two pseudonyms of a site, and do what follows; may be done again.

    Of patients who opted out nothing is noted.
    """
    if await is_withdrawn(deps, "patient", *patients, site=site):
        return
    key = merge_id(site, patients)
    await record_decisions(deps.documents, site, patients, tuple(said))
    merges = await merges_of(deps.documents, site, patients, standing=False)
    every = tuple(sorted({*patients, *(each for merge in merges for each in merge.patients)}))
    known = await deps.documents.find_all(STUDIES_KNOWN, In("patient_ids", every))
    studies = [study for study in known if study.site in ("", site)]
    reports = await deps.documents.find_all(REPORTS, In("patient_id", every), Eq("site", site))
    concerned = {report.report_id for report in reports}
    for study in studies:
        concerned |= await linking.reports_of(deps, study)
    at = clock.now()
    await linking.relink_each(deps, sorted(concerned), at=at)
    for report in reports:
        await feed.note(deps, "report", report.report_id, report.touched)
    if studies:
        await feed.note(deps, PATIENT, key, [study.study_instance_uid for study in studies])
    decided("patients-merged", service="linker", role="centre", count=len(studies))
