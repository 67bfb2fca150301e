"""Keep each report's link equal to what the rules and people say, and do what follows from a change.

``relink`` writes the new link first, unsettled; then what follows (deliveries, ReportLinked); then settles it. Whatever
a crash leaves unsettled, a replay or the next look at unsettled links does again.
"""

from services.linker.gateway import planning
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, REPORTS_SEEN, STUDIES_SEEN, SeenReport, SeenStudy
from services.linker.links import matching
from services.linker.links.candidates import reports_for, studies_for
from services.linker.links.deciding import decide_link, mark_settled
from services.linker.links.matching import ManualDecision, Match
from services.linker.links.merges import merged_patients
from services.linker.links.records import LINKS, Link
from services.linker.links.states import Settled
from shared import clock
from shared.documents import Eq
from shared.events import ReportLinked
from shared.fhir.statuses import RETRACTED
from shared.metrics import LINKED

RELINK = "relink"


async def relink(
    deps: GatewayDeps, report_id: str, *, at: float, decision: ManualDecision | None = None
) -> Link | None:
    """Decide anew about one report; None if it is not known."""

    async def find_match(link: Link, decision: ManualDecision | None) -> Match | None:
        report = await deps.documents.get(REPORTS_SEEN, report_id)
        return None if report is None else await _find(deps, report, link, decision)

    link = await decide_link(deps.documents, report_id, find_match, decision=decision, at=at)
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
        await relink(deps, report_id, at=clock.now())

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
    await mark_settled(deps.documents, link)


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


async def _find(deps: GatewayDeps, report: SeenReport, link: Link, decision: ManualDecision | None) -> Match:
    version = report.current
    tolerance = deps.settings.date_tolerance_days
    delivery = await deps.documents.get(DELIVERIES, planning.report_key(report.report_id))
    merged = await planning.merged_of(deps, report)
    if report.is_contested(delivery.approved if delivery else "", merged):
        return await _contested(deps, report)
    studies = await studies_for(deps.documents, STUDIES_SEEN, version.keys, tolerance, merged)
    return matching.decide(
        merged.of_report(version.keys),
        [merged.of_study(study.keys) for study in studies],
        retracted=version.status in RETRACTED,
        decisions=(*link.decisions, decision) if decision else link.decisions,
        tolerance_days=tolerance,
    )


async def _contested(deps: GatewayDeps, report: SeenReport) -> Match:
    """Return that nothing is linked, and the Studies that each version would have been considered for."""
    tolerance = deps.settings.date_tolerance_days
    candidates = {
        study.study_instance_uid
        for version in report.versions
        for study in await studies_for(deps.documents, STUDIES_SEEN, version.keys, tolerance)
    }
    return Match(reason=matching.PATIENTS_DISAGREE, candidates=tuple(sorted(candidates)))


async def _reports_of(deps: GatewayDeps, study: SeenStudy) -> set[str]:
    """Return every report that a rule could link to this Study, or that has been linked to it."""
    merged = await merged_patients(deps.documents, deps.site, study.patient_ids)
    possible = await reports_for(deps.documents, REPORTS_SEEN, study, deps.settings.date_tolerance_days, merged)
    linked = await deps.documents.find_all(LINKS, Eq("studies", study.study_instance_uid))
    return possible | {link.report_id for link in linked}
