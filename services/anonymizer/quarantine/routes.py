"""What was refused and why, as a page and as JSON. Neither shows a patient's value."""

import aiohttp_jinja2
import msgspec
from aiohttp import web

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.records import QUARANTINE, Quarantined, State
from shared.documents import Condition, Eq, Order, Page
from shared.errors import Invalid

_PAGE = 100


def routes(deps: AnonymizerDeps) -> list[web.AbstractRouteDef]:
    """GET /gateway/quarantine, /api/gateway/quarantine?state=&reason=&limit=&after=."""

    async def page(request: web.Request) -> web.Response:
        items = await _find(deps, request)
        waiting = await deps.documents.count(QUARANTINE, Eq("state", State.WAITING.value))
        context = {"items": items.documents, "next": items.next, "waiting": waiting, "state": _state(request)}
        return aiohttp_jinja2.render_template("anonymizer/quarantine.html", request, context)

    async def listing(request: web.Request) -> web.Response:
        items = await _find(deps, request)
        body = msgspec.json.encode({"items": items.documents, "next": items.next})
        return web.Response(body=body, content_type="application/json")

    return [web.get("/gateway/quarantine", page), web.get("/api/gateway/quarantine", listing)]


async def _find(deps: AnonymizerDeps, request: web.Request) -> Page[Quarantined]:
    where: list[Condition] = [Eq("state", _state(request).value)]
    if reason := request.query.get("reason"):
        where.append(Eq("reason", reason))
    limit = request.query.get("limit", str(_PAGE))
    if not limit.isdigit() or not 1 <= int(limit) <= 1000:
        raise Invalid("wrong-parameter", "limit is a number from 1 to 1000")
    newest = Order("at", descending=True)
    after = request.query.get("after") or None
    return await deps.documents.find(QUARANTINE, *where, order=[newest], limit=int(limit), after=after)


def _state(request: web.Request) -> State:
    try:
        return State(request.query.get("state", State.WAITING.value))
    except ValueError as error:
        raise Invalid("wrong-parameter", f"state is one of {', '.join(State)}") from error
