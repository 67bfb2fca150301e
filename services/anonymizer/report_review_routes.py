"""The page on which a person reads a report that was held back, cuts what still identifies, and decides.

It shows the cleaned report: what would leave. It is the gateway's, inside the hospital.
"""

from datetime import UTC, datetime

import aiohttp_jinja2
from aiohttp import web
from msgspec import structs

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.report_handler import deidentify_or_refuse
from services.anonymizer.report_review import RESIDUAL_RISK, cuts_of, texts
from services.anonymizer.reports import DeidentifiedReport
from services.anonymizer.store import DECISIONS, QUARANTINE, Decision, Quarantined
from shared.bus import Bus
from shared.documents import Put
from shared.errors import NotFound
from shared.events import ReportReceived
from shared.logs import decided


def report_review_routes(deps: AnonymizerDeps, bus: Bus) -> list[web.AbstractRouteDef]:
    """/gateway/quarantine/reports/{blob}: the page by GET, the decision by POST."""

    async def page(request: web.Request) -> web.Response:
        item = await _item(deps, request)
        report = await _report(deps, item)
        context = {
            "item": item,
            "texts": texts(report.document) if report else [],
            "digest": report.sha256 if report else "",
            "decision": await deps.documents.get(DECISIONS, item.blob),
        }
        return aiohttp_jinja2.render_template("anonymizer/report_review.html", request, context)

    async def decide(request: web.Request) -> web.Response:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise web.HTTPForbidden(text="a decision is made on this page, not from another site\n")
        item = await _item(deps, request)
        form = {key: str(value) for key, value in (await request.post()).items()}
        decision = _decision(item, form, await _report(deps, item))
        await _carry_out(deps, bus, item, decision)
        raise web.HTTPSeeOther("/gateway/quarantine")

    at = "/gateway/quarantine/reports/{blob:[A-Za-z0-9._-]+}"
    return [web.get(at, page), web.post(at, decide)]


async def _item(deps: AnonymizerDeps, request: web.Request) -> Quarantined:
    item = await deps.documents.get(QUARANTINE, request.match_info["blob"])
    if item is None or item.kind != "report":
        raise web.HTTPNotFound(text="no report of that key is in quarantine\n")
    return item


async def _report(deps: AnonymizerDeps, item: Quarantined) -> DeidentifiedReport | None:
    """Return what would leave; None if nothing could, whoever decides."""
    if item.reason != RESIDUAL_RISK:
        return None
    try:
        data = await deps.identified.get(item.blob)
    except NotFound as error:
        raise web.HTTPGone(text="the original bytes are no longer kept\n") from error
    found = await deps.cpu(deidentify_or_refuse, data, deps.policy)
    return found if isinstance(found, DeidentifiedReport) else None


def _decision(item: Quarantined, form: dict[str, str], report: DeidentifiedReport | None) -> Decision:
    """Return the decision of a form; raise HTTPBadRequest if it says nothing that can be done."""
    choice, by = form.get("decision", ""), form.get("by", "").strip()
    if choice not in ("accept", "cut", "reject"):
        raise web.HTTPBadRequest(text="decision is one of accept, cut, reject\n")
    if not by or len(by) > 64:
        raise web.HTTPBadRequest(text="by is the name of who decides, at most 64 characters\n")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    if choice == "reject":
        return Decision(blob=item.blob, decision=choice, by=by, at=now)
    if report is None:
        raise web.HTTPBadRequest(text="nothing of it can be read as text: it can only be rejected\n")
    if form.get("digest", "") != report.sha256:
        raise web.HTTPConflict(text="the report is cleaned otherwise than what was read; read it again\n")
    cuts = cuts_of(form.get("cuts", ""), texts(report.document)) if choice == "cut" else ()
    if cuts is None or (choice == "cut" and not cuts):
        raise web.HTTPBadRequest(text="cuts is text,start,end;… in signs, at least one\n")
    return Decision(blob=item.blob, decision=choice, cuts=cuts, digest=report.sha256, by=by, at=now)


async def _carry_out(deps: AnonymizerDeps, bus: Bus, item: Quarantined, decision: Decision) -> None:
    """Record the decision, then have the report handled again; if that fails, the person decides again."""
    state = "rejected" if decision.decision == "reject" else item.state
    await deps.documents.write(Put(DECISIONS, decision), Put(QUARANTINE, structs.replace(item, state=state)))
    decided("quarantine-decided", service="anonymizer", receipt_id=item.receipt_id, reason=decision.decision)
    if decision.decision != "reject":
        event = ReportReceived.first(
            f"decision|{item.blob}|{decision.at}",
            correlation_id=item.receipt_id,
            site=deps.site,
            occurred_at=datetime.fromisoformat(decision.at),
            receipt_id=item.receipt_id,
            blob=item.blob,
        )
        await bus.publish(event)
