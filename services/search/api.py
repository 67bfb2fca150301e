"""The JSON API: /api/cases, /api/cases/{id}, /api/counts."""

import asyncio
from typing import Any

import msgspec
import orjson
from aiohttp import web

from services.search.case import Case
from services.search.deps import SearchDeps
from services.search.highlight import excerpt
from services.search.query import parse_query
from shared.errors import Invalid

PERIODS = {"year": 4, "month": 6, "day": 8}
GROUPS = ("modality", "site", "sex", "body_part")


def routes(deps: SearchDeps) -> list[web.AbstractRouteDef]:
    """Return the routes of the API."""

    async def cases(request: web.Request) -> web.Response:
        try:
            query = parse_query(request.query)
        except Invalid as error:
            return _error(error)
        hits = await asyncio.to_thread(deps.index.search, query)
        terms = query.text.terms()
        found = [_summary(case, terms) for case in hits.cases]
        return _json({"total": hits.total, "limit": query.limit, "offset": query.offset, "cases": found})

    async def case(request: web.Request) -> web.Response:
        found = await asyncio.to_thread(deps.index.get, request.match_info["case_id"])
        if found is None:
            return _json({"reason": "not-found", "detail": "there is no case of this id"}, 404)
        return _json(_whole(found))

    async def counts(request: web.Request) -> web.Response:
        parameters = dict(request.query)
        by, period = parameters.pop("by", "modality"), parameters.pop("period", "month")
        try:
            if by not in GROUPS or period not in PERIODS:
                raise Invalid("wrong-parameter", f"by is one of {GROUPS}, period one of {tuple(PERIODS)}")
            query = parse_query(parameters)
        except Invalid as error:
            return _error(error)
        found = await asyncio.to_thread(deps.index.counts, query, by, PERIODS[period])
        return _json({"by": by, "period": period, "counts": found})

    return [
        web.get("/api/cases", cases),
        web.get("/api/cases/{case_id}", case),
        web.get("/api/counts", counts),
    ]


def _summary(case: Case, terms: tuple[str, ...]) -> dict[str, Any]:
    """Return a case without its texts, but with excerpts around what was searched for."""
    shown = _whole(case)
    shown.pop("reports")
    marked = [piece for text in case.texts() for piece in excerpt(text, terms) if any(s.hit for s in piece)]
    shown["report_ids"] = [report.report_id for report in case.reports]
    shown["highlights"] = msgspec.to_builtins(marked[:3]) if terms else []
    return shown


def _whole(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(case)
    found["has_images"], found["has_report"], found["instances"] = case.has_images, bool(case.reports), case.instances
    return found


def _error(error: Invalid) -> web.Response:
    return _json({"reason": error.reason, "detail": error.detail}, 400)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")
