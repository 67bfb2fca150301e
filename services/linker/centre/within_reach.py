"""Which of the centre's documents a request may know of (docs/decisions/0131).

A report is of the site that delivered it, a Study of the one that the archive knows. What belongs to Studies or reports
of two sites is shown to who sees both. The archive is asked only where a request does not reach everything.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from services.linker.centre import archive
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import REPORTS, StoredReport
from services.linker.diagnoses.records import Entry
from services.linker.links.records import Link
from shared.errors import NotFound
from shared.web.access import reach

E = TypeVar("E", bound=Entry)
_REPORT = "report:"


async def reports(deps: CentreDeps, every: Iterable[StoredReport]) -> list[StoredReport]:
    """Return the reports within reach, in order. Raises Unavailable."""
    reached = reach.current()
    if reached.is_all:
        return list(every)
    own = [report for report in every if reached.holds(report.site)]
    sites = await archive.sites(deps, (uid for report in own for uid in report.studies))
    return [report for report in own if all(reached.holds(sites[uid]) for uid in report.studies if uid in sites)]


async def entries(deps: CentreDeps, every: Sequence[E]) -> list[E]:
    """Return the diagnoses or annotations within reach, in order. Raises Unavailable."""
    if reach.current().is_all:
        return list(every)
    studies = await _studies(deps, (uid for entry in every for uid in (*entry.studies, *entry.touched)))
    known = await _reports(deps, (entry.report_id for entry in every))
    return [
        entry
        for entry in every
        if {*entry.studies, *entry.touched} <= studies and (entry.report_id in known if entry.report_id else True)
    ]


async def links(deps: CentreDeps, every: Sequence[Link]) -> list[Link]:
    """Return the links of reports within reach that name only Studies within reach, in order. Raises Unavailable."""
    if reach.current().is_all:
        return list(every)
    known = await _reports(deps, (link.report_id for link in every))
    own = [link for link in every if link.report_id in known]
    studies = await _studies(deps, (uid for link in own for uid in _named(link)))
    return [link for link in own if _named(link) <= studies]


async def cases(deps: CentreDeps, keys: Sequence[str]) -> list[str]:
    """Return the cases within reach, in order: a Study by its UID, a report alone as report:ID. Raises Unavailable."""
    if reach.current().is_all:
        return list(keys)
    studies = await _studies(deps, (key for key in keys if not key.startswith(_REPORT)))
    known = await _reports(deps, (key.removeprefix(_REPORT) for key in keys if key.startswith(_REPORT)))
    return [key for key in keys if key in studies or key.removeprefix(_REPORT) in known]


async def check(deps: CentreDeps, studies: Iterable[str] = (), report_id: str = "") -> None:
    """Raise NotFound if one of these is not within reach, whether it is here or not. Raises Unavailable."""
    if reach.current().is_all:
        return
    wanted = set(studies)
    if not wanted <= await _studies(deps, wanted):
        raise NotFound("unknown-study", "no such Study")
    if report_id and not await _reports(deps, [report_id]):
        raise NotFound("unknown-report", "no such report")


async def check_entry(deps: CentreDeps, old: Entry | None) -> None:
    """Raise NotFound if an entry that there is already is not within reach. Raises Unavailable."""
    if old is not None and not await entries(deps, [old]):
        raise NotFound("unknown-entry", "id: no such entry")


async def _studies(deps: CentreDeps, uids: Iterable[str]) -> set[str]:
    reached = reach.current()
    return {uid for uid, site in (await archive.sites(deps, uids)).items() if reached.holds(site)}


async def _reports(deps: CentreDeps, report_ids: Iterable[str]) -> set[str]:
    known = await deps.documents.get_many(REPORTS, sorted(set(report_ids) - {""}))
    return {report.report_id for report in await reports(deps, known.values())}


def _named(link: Link) -> set[str]:
    by_hand = {decision.study_instance_uid for decision in link.decisions} - {""}
    return {*link.studies, *link.touched, *link.candidates, *by_hand}
