"""What was refused and why, as a page and as JSON. Neither shows a patient's value."""

import aiohttp_jinja2
import msgspec
from aiohttp import web
from yarl import URL

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.quarantine import queue
from services.anonymizer.records import QUARANTINE, State
from shared import clock
from shared.documents import Eq


def routes(deps: AnonymizerDeps) -> list[web.AbstractRouteDef]:
    """GET /gateway/quarantine, /api/gateway/quarantine?state=&reason=&kind=&series=&limit=&after=, …/reasons?state=."""

    async def page(request: web.Request) -> web.Response:
        asked = queue.filter_of(request.query)
        items = await queue.page(deps.documents, asked, request.query)
        context = {
            "items": items.documents,
            "asked": asked,
            "query": _query(asked.query),
            "following": _query({**asked.query, "after": items.next}) if items.next else "",
            "counts": {state.value: await _count(deps, state) for state in State},
            "reasons": await queue.reasons(deps.documents, asked.state),
            "now": clock.utc_now(),
            "with_query": _query,
            "path_of": queue.path_of,
            "age_of": queue.age_of,
        }
        return aiohttp_jinja2.render_template("anonymizer/quarantine.html", request, context)

    async def listing(request: web.Request) -> web.Response:
        items = await queue.page(deps.documents, queue.filter_of(request.query), request.query)
        return _json({"items": items.documents, "next": items.next})

    async def reasons(request: web.Request) -> web.Response:
        return _json({"reasons": await queue.reasons(deps.documents, queue.filter_of(request.query).state)})

    return [
        web.get("/gateway/quarantine", page),
        web.get("/api/gateway/quarantine", listing),
        web.get("/api/gateway/quarantine/reasons", reasons),
    ]


async def _count(deps: AnonymizerDeps, state: State) -> int:
    return await deps.documents.count(QUARANTINE, Eq("state", state.value))


def _query(values: dict[str, str]) -> str:
    return URL.build(query=values).raw_query_string


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
