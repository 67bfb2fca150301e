"""The page on which a person reads a report that was held back, cuts what still identifies, and decides.

It shows the cleaned report: what would leave. It is the gateway's, inside the hospital.
"""

import aiohttp_jinja2
from aiohttp import web

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.policy_now import policy_now
from services.anonymizer.quarantine import decisions
from services.anonymizer.quarantine.names import KINDS
from services.anonymizer.records import Choice, Decision, Kind, Quarantined, State
from services.anonymizer.reports.deidentify import DeidentifiedReport
from services.anonymizer.reports.handler import deidentify_or_refuse
from services.anonymizer.reports.review import RESIDUAL_RISK, cuts_of, residual_risk_findings, texts
from services.anonymizer.text.folding.spans import MARKER
from shared import clock
from shared.bus import Bus
from shared.errors import Conflict, Invalid, Refused


def report_review_routes(deps: AnonymizerDeps, bus: Bus) -> list[web.AbstractRouteDef]:
    """/gateway/quarantine/reports/{blob}: the page by GET, the decision by POST."""

    async def page(request: web.Request) -> web.Response:
        item = await decisions.item_of(deps, request, Kind.REPORT, "report")
        report = await _report(deps, item)
        shown = texts(report.resource) if report else []
        context = await decisions.shown_with(deps, request, item) | {
            "kinds": KINDS,
            "is_marker": MARKER.search,
            "back": request.path_qs,
            "texts": shown,
            "findings": residual_risk_findings(shown, report.risks) if report else [],
            "digest": report.sha256 if report else "",
        }
        return aiohttp_jinja2.render_template("anonymizer/report_review.html", request, context)

    async def decide(request: web.Request) -> web.Response:
        form = await decisions.form_of(request)
        item = await decisions.item_of(deps, request, Kind.REPORT, "report")
        decision = _decision(item, form, await _report(deps, item))
        await decisions.carry_out(deps, bus, item, decision, seen=decisions.seen_in(form))
        raise await decisions.go_on(deps, request, item)

    at = "/gateway/quarantine/reports/{blob:[A-Za-z0-9._-]+}"
    return [web.get(at, page), web.post(at, decide)]


async def _report(deps: AnonymizerDeps, item: Quarantined) -> DeidentifiedReport | None:
    """Return what would leave; None if nothing could, whoever decides, or if it has left: then it can be retracted."""
    if item.reason != RESIDUAL_RISK or item.state.has_left:
        return None
    data = await decisions.bytes_of(deps, item)
    policy, _ = await policy_now(deps)
    outcome = await deps.cpu(deidentify_or_refuse, data, policy)
    return outcome if isinstance(outcome, DeidentifiedReport) else None


def _decision(item: Quarantined, form: dict[str, str], report: DeidentifiedReport | None) -> Decision:
    """Return the decision of a form; raise Invalid if it says nothing that can be done."""
    choice, by = decisions.choice_of(form, (Choice.ACCEPT, Choice.CUT, Choice.REJECT))
    now = clock.utc_now().isoformat(timespec="milliseconds")
    if item.state is State.REJECTED_LATE:
        raise Refused("retracted", "it is retracted already: only its report system can send another version")
    if choice is Choice.REJECT:
        return Decision(blob=item.blob, decision=choice, by=by, at=now)
    if item.state.has_left:
        raise Refused("has-left", "it was handed over for delivery: it can only be rejected, which retracts it")
    if report is None:
        raise Invalid("not-readable", "nothing of it can be read as text: it can only be rejected")
    if form.get("digest", "") != report.sha256:
        raise Conflict("the report is cleaned otherwise than what was read; read it again")
    cuts = cuts_of(form.get("cuts", ""), texts(report.resource)) if choice is Choice.CUT else ()
    if cuts is None or (choice is Choice.CUT and not cuts):
        raise Invalid("wrong-cuts", "cuts is text,start,end;… in characters, at least one")
    return Decision(blob=item.blob, decision=choice, cuts=cuts, digest=report.sha256, by=by, at=now)
