"""Keep each report's link equal to what the rules and people say, and do what follows from a change.

``relink`` writes the new link first, unsettled; then what follows (deliveries, ReportLinked); then settles it. Whatever
a crash leaves unsettled, a replay or the sweeper does again.
"""

import time
from functools import partial

import msgspec

from services.linker.gateway import planning
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import REPORTS_SEEN, STUDIES_SEEN, SeenReport, SeenStudy
from services.linker.links import matching
from services.linker.links.matching import ManualDecision
from services.linker.links.optimistic import change, derive, find_all
from services.linker.links.records import LINKS, Link, advance
from services.linker.links.states import Settled
from shared.documents import Eq, In
from shared.events import LinkKeys, ReportLinked
from shared.fhir.statuses import RETRACTED
from shared.metrics import LINKED

RELINK = "relink"


async def relink(
    deps: GatewayDeps, report_id: str, *, at: float, decision: ManualDecision | None = None
) -> Link | None:
    """Decide anew about one report; None if it is not known."""

    async def step(old: Link | None, decision: ManualDecision | None = None) -> Link | None:
        report = await deps.documents.get(REPORTS_SEEN, report_id)
        if report is None:
            return None
        old = old or Link(report_id=report_id)
        return advance(old, await _find(deps, report, old, decision), decision=decision, at=at)

    if decision is not None:
        await change(deps.documents, LINKS, report_id, partial(step, decision=decision))
    link = await derive(deps.documents, LINKS, report_id, step)
    if link is not None:
        await planning.plan_report(deps, report_id)
        if link.settled is not Settled.YES:
            await settle(deps, link)
    return link


async def relink_study(deps: GatewayDeps, study: SeenStudy, *, at: float) -> None:
    """Decide anew about every report that this Study could concern; what fails for one is tried again by itself."""

    async def decide(report_id: str) -> None:
        await relink(deps, report_id, at=at)

    await deps.set_asides.of(RELINK).each(sorted(await _reports_of(deps, study)), str, decide)


async def relink_again(deps: GatewayDeps) -> int:
    """Decide anew about the reports for which that failed before; return for how many it was done."""

    async def decide(report_id: str) -> None:
        await relink(deps, report_id, at=time.time())

    work = deps.set_asides.of(RELINK)
    return await work.each(await work.due(), str, decide)


async def settle(deps: GatewayDeps, link: Link) -> None:
    """Do what follows from a link's new revision; may be done again."""
    for study in link.touched:
        await planning.plan_study(deps, study)
    await planning.plan_report(deps, link.report_id)
    report = await deps.documents.get(REPORTS_SEEN, link.report_id)
    if report is not None and link.studies:
        await deps.bus.publish(*_announcements(report, link))
        LINKED.labels(rule=link.rule).inc()

    async def step(now: Link | None) -> Link | None:
        same = now is not None and now.revision == link.revision
        return msgspec.structs.replace(now, settled=Settled.YES) if same and now is not None else None

    await change(deps.documents, LINKS, link.report_id, step)


def _announcements(report: SeenReport, link: Link) -> list[ReportLinked]:
    version = report.current
    return [
        ReportLinked.first(
            f"{link.report_id}|{link.revision}|{study}|{receipt_id}",
            correlation_id=version.correlation_id,
            site=version.site,
            receipt_id=receipt_id,
            report_id=link.report_id,
            study_instance_uid=study,
            rule=link.rule,
        )
        for receipt_id in version.receipt_ids
        for study in link.studies
    ]


async def _find(deps: GatewayDeps, report: SeenReport, link: Link, decision: ManualDecision | None) -> matching.Match:
    version = report.current
    studies = await _studies_for(deps, version.keys)
    return matching.decide(
        version.keys,
        [study.keys for study in studies],
        retracted=version.status in RETRACTED,
        decisions=(*link.decisions, decision) if decision else link.decisions,
        tolerance_days=deps.settings.date_tolerance_days,
    )


async def _studies_for(deps: GatewayDeps, keys: LinkKeys) -> list[SeenStudy]:
    """Return every Study that a rule could link a report of these keys to."""
    found: dict[str, SeenStudy] = {}
    if keys.accession_number:
        for study in await find_all(deps.documents, STUDIES_SEEN, Eq("accession_numbers", keys.accession_number)):
            found[study.study_instance_uid] = study
    if keys.study_instance_uid:
        named = await deps.documents.get(STUDIES_SEEN, keys.study_instance_uid)
        found |= {named.study_instance_uid: named} if named else {}
    dates = matching.dates_around(keys.study_date, deps.settings.date_tolerance_days)
    if keys.patient_id and dates:
        where = (Eq("patient_ids", keys.patient_id), In("study_dates", dates))
        for study in await find_all(deps.documents, STUDIES_SEEN, *where):
            found[study.study_instance_uid] = study
    return list(found.values())


async def _reports_of(deps: GatewayDeps, study: SeenStudy) -> set[str]:
    """Return every report that a rule could link to this Study, or that has been linked to it."""
    found = await find_all(deps.documents, REPORTS_SEEN, Eq("named_study", study.study_instance_uid))
    if study.accession_numbers:
        found += await find_all(deps.documents, REPORTS_SEEN, In("accession_number", study.accession_numbers))
    tolerance = deps.settings.date_tolerance_days
    dates = {near for day in study.study_dates for near in matching.dates_around(day, tolerance)}
    if study.patient_ids and dates:
        where = (In("patient_id", study.patient_ids), In("study_date", tuple(sorted(dates))))
        found += await find_all(deps.documents, REPORTS_SEEN, *where)
    linked = await find_all(deps.documents, LINKS, Eq("studies", study.study_instance_uid))
    return {report.report_id for report in found} | {link.report_id for link in linked}
