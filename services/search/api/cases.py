"""The JSON API: /api/cases, /api/cases/{id}, /api/cases/{id}/similar, /api/counts."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from aiohttp import web

from services.search.api.suggestions import suggestions_of
from services.search.case import Case
from services.search.deps import SearchDeps
from services.search.index.case_index import Hits
from services.search.index.facets import Facet
from services.search.language.highlight import excerpt
from services.search.language.query import CaseQuery, page_token, parse_query
from shared.errors import Invalid, NotFound
from shared.web.access import reach
from shared.web.language import translatable, translated
from shared.web.routing import json_answer

MOST_SIMILAR = 10
PERIODS = {"year": 4, "month": 6, "day": 8}
GROUPS = ("modality", "site", "sex", "body_part")


def routes(deps: SearchDeps) -> list[web.RouteDef]:
    """Return the routes of the API."""

    async def cases(request: web.Request) -> web.Response:
        query = parse_query(request.query, partial(translated, request))
        hits = await asyncio.to_thread(deps.index.search, query, reach.current())
        tallies = {} if hits.total else await asyncio.to_thread(deps.index.tallies, query, reach.current())
        likely = {} if hits.total else await asyncio.to_thread(deps.index.likely, query, reach.current())
        return json_answer(_answer(query, hits, tallies, likely))

    async def case(request: web.Request) -> web.Response:
        shown = await case_of(deps, request)
        suggested = await asyncio.to_thread(suggestions_of, shown)
        return json_answer(_whole(shown) | {"suggestions": msgspec.to_builtins(suggested)})

    async def counts(request: web.Request) -> web.Response:
        parameters = dict(request.query)
        by, period = parameters.pop("by", "modality"), parameters.pop("period", "month")
        if by not in GROUPS or period not in PERIODS:
            raise Invalid("wrong-parameter", f"by is one of {GROUPS}, period one of {tuple(PERIODS)}")
        query = parse_query(parameters, partial(translated, request))
        numbers = await asyncio.to_thread(deps.index.counts, query, by, PERIODS[period], reach.current())
        return json_answer({"by": by, "period": period, "counts": numbers})

    async def similar(request: web.Request) -> web.Response:
        case = await case_of(deps, request)
        found = await asyncio.to_thread(deps.index.similar, case, MOST_SIMILAR, reach.current())
        return json_answer(
            {"like": case.id, "cases": [{**_summary(each, ()), "score": round(score, 3)} for score, each in found]}
        )

    return [
        web.get("/api/cases", cases),
        web.get("/api/cases/{case_id}/similar", similar),
        web.get("/api/cases/{case_id}", case),
        web.get("/api/counts", counts),
    ]


async def case_of(deps: SearchDeps, request: web.Request) -> Case:
    """Return the case that the path names; raise NotFound if there is none within reach."""
    case = await asyncio.to_thread(deps.index.get, request.match_info["case_id"], reach.current())
    if case is None:
        raise NotFound("not-found", translatable("There is no case of this id."))
    return case


def _answer(
    query: CaseQuery, hits: Hits, tallies: Mapping[str, int], likely: Mapping[str, list[str]]
) -> dict[str, Any]:
    """Return the answer to a search.

    tallies, likely: of an answer without cases, what each term finds by itself, and words like one that is nowhere.
    """
    terms = query.text.terms()
    answer = {
        "total": hits.total,
        "limit": query.limit,
        "offset": query.offset,
        "next": None if hits.last is None else page_token(query.order, hits.last),
        "understood": {"text": query.text.understood(), "notes": msgspec.to_builtins(query.text.notes)},
        "cases": [_summary(case, terms) for case in hits.cases],
    }
    if query.facets:
        answer["facets"] = {name: _facet(facet) for name, facet in hits.facets.items()}
    if likely:
        answer["did_you_mean"] = dict(likely)
    return answer | {"alone": dict(tallies)} if tallies else answer


def _facet(facet: Facet) -> dict[str, Any]:
    values = [{"value": value, "count": number} for value, number in facet.values]
    return {"values": values, "others": facet.others}


def _summary(case: Case, terms: tuple[str, ...]) -> dict[str, Any]:
    """Return a case without its texts, but with excerpts around what was searched for."""
    shown = _whole(case)
    shown.pop("reports")
    marked = [piece for text in case.texts() for piece in excerpt(text, terms) if any(s.hit for s in piece)]
    shown["report_ids"] = [report.report_id for report in case.reports]
    shown["highlights"] = msgspec.to_builtins(marked[:3]) if terms else []
    return shown


def _whole(case: Case) -> dict[str, Any]:
    whole: dict[str, Any] = msgspec.to_builtins(case)
    whole["has_images"], whole["has_report"], whole["instances"] = case.has_images, bool(case.reports), case.instances
    return whole
