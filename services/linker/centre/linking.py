"""Link reports at the centre: by hand here, else as the gateway said, else by the same rules once a Study is stored."""

import asyncio
from collections.abc import Iterable
from functools import partial

import msgspec

from services.linker.centre import feed
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import REPORTS, STUDIES_KNOWN, KnownStudy, StoredReport
from services.linker.links import matching
from services.linker.links.candidates import reports_for, studies_for
from services.linker.links.deciding import decide_link, mark_settled
from services.linker.links.matching import ManualDecision, Match
from services.linker.links.merges import merged_patients
from services.linker.links.records import LINKS, Link
from services.linker.links.sites import linked_within_site, within_site
from services.linker.links.states import Settled
from services.linker.links.unsettled import Unsettled
from shared import clock
from shared.documents import Eq
from shared.documents.optimistic import derive
from shared.errors import Transient
from shared.lease import Lease, LeaseLost
from shared.logs import decided
from shared.metrics import LINKED

_RELINK = "relink"

FINAL_AT_GATEWAY = frozenset({"unlinked-by-hand", "patient-conflict", "identifiers-disagree", "ambiguous"})


async def relink(
    deps: CentreDeps,
    report_id: str,
    *,
    at: float,
    decision: ManualDecision | None = None,
    changed: bool = False,
    correlation_id: str = "",
) -> StoredReport | None:
    """Decide anew about one report, write the result into it, and note the change; None if it is not known.

    changed: the report itself changed, so that the change is noted even if its link did not.
    """

    async def find_match(link: Link, decision: ManualDecision | None) -> Match | None:
        report = await deps.documents.get(REPORTS, report_id)
        return None if report is None else await _find(deps, report, link, decision)

    link = await decide_link(deps.documents, report_id, find_match, decision=decision, at=at)
    if link is None:
        return None
    return await settle(deps, link, changed=changed, correlation_id=correlation_id)


async def settle(
    deps: CentreDeps, link: Link, *, changed: bool = False, correlation_id: str = ""
) -> StoredReport | None:
    """Bring a link's revision into its report and the feed; may be done again."""

    async def written(old: StoredReport | None) -> StoredReport | None:
        now = await deps.documents.get(LINKS, link.report_id)
        if old is None or now is None:
            return None
        touched = tuple(sorted({*old.touched, *now.touched}))
        return msgspec.structs.replace(old, studies=now.studies, rule=now.code, touched=touched)

    report = await derive(deps.documents, REPORTS, link.report_id, written)
    if report is None or (link.settled is Settled.YES and not changed):
        return report
    await feed.note(deps, "report", link.report_id, report.touched, correlation_id)
    if link.settled is Settled.YES:
        return report
    if link.rule:
        LINKED.labels(rule=link.rule).inc()

    await mark_settled(deps.documents, link)
    return report


async def relink_each(deps: CentreDeps, report_ids: Iterable[str], *, at: float, correlation_id: str = "") -> int:
    """Decide anew about each report; what fails for one is tried again by itself. Return for how many it was done."""

    async def decide(report_id: str) -> None:
        await relink(deps, report_id, at=at, correlation_id=correlation_id)

    return await deps.set_asides.of(_RELINK).each(report_ids, str, decide)


async def repair_forever(deps: CentreDeps, _: Lease) -> None:
    """Settle what a crash or an error left undone, and decide anew where that failed; until cancelled."""
    unsettled = Unsettled(deps.documents, deps.set_asides.of("settle"), partial(settle, deps))
    while True:
        try:
            await unsettled.look()
            await relink_each(deps, await deps.set_asides.of(_RELINK).due(), at=clock.now())
        except LeaseLost:
            raise
        except Transient as error:
            decided("links-wait", level="warning", service="linker", error=type(error).__name__)
        await asyncio.sleep(deps.settings.sweep_s)


async def reports_of(deps: CentreDeps, study: KnownStudy) -> set[str]:
    """Return every report without a Study that a rule could link to this one, and those already linked to it."""
    merged = await merged_patients(deps.documents, study.site, study.patient_ids)
    possible = await reports_for(deps.documents, REPORTS, study, deps.settings.date_tolerance_days, merged)
    linked = await deps.documents.find_all(REPORTS, Eq("studies", study.study_instance_uid))
    return possible | {report.report_id for report in linked}


async def _find(deps: CentreDeps, report: StoredReport, link: Link, decision: ManualDecision | None) -> Match:
    version = report.current
    decisions = (*link.decisions, decision) if decision else link.decisions
    if report.hidden:
        return Match(reason=matching.REPORT_RETRACTED)
    linked, barred = matching.manual_links(decisions)
    if linked:
        return Match(studies=tuple(sorted(linked)), rule=matching.MANUAL)
    if version.studies and version.link != matching.AWAITED:
        known = await deps.documents.get_many(STUDIES_KNOWN, list(version.studies))
        told = Match(studies=tuple(sorted(version.studies)), rule=version.link or matching.STUDY_UID)
        match = linked_within_site(told, report.site, _sites(known.values()))
        return _but(match, barred) if match.studies else match
    if version.link in FINAL_AT_GATEWAY:
        return Match(reason=version.link)
    tolerance = deps.settings.date_tolerance_days
    merged = await merged_patients(deps.documents, report.site, [version.keys.patient_id])
    studies = await studies_for(deps.documents, STUDIES_KNOWN, version.keys, tolerance, merged)
    keys = merged.of_report(version.keys)
    rules = partial(matching.decide, keys, decisions=decisions, tolerance_days=tolerance)
    return within_site(report.site, [merged.of_study(study.keys) for study in studies], _sites(studies), rules)


def _sites(studies: Iterable[KnownStudy]) -> dict[str, str]:
    return {study.study_instance_uid: study.site for study in studies}


def _but(match: Match, barred: frozenset[str]) -> Match:
    left = tuple(uid for uid in match.studies if uid not in barred)
    return msgspec.structs.replace(match, studies=left) if left else Match(reason="unlinked-by-hand")
