"""The portal: search, case, counts. Pages work without script; htmx only saves reloading."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import aiohttp_jinja2
from aiohttp import web
from yarl import URL

from services.search.api.cases import PERIODS
from services.search.deps import SearchDeps
from services.search.language.highlight import excerpt
from services.search.language.notes import Say
from services.search.language.query import CaseQuery, parse_query
from services.search.pages import case_page
from services.search.pages.dates import day
from services.search.pages.plot import legend, names_of, stacked_bars
from shared.errors import Invalid
from shared.web.access import reach
from shared.web.language import translatable, translated

PAGE = 20
EXAMPLE = '結節 "すりガラス" -転移'


def routes(deps: SearchDeps) -> list[web.RouteDef]:
    """Return the routes of the portal."""

    async def search(request: web.Request) -> web.Response:
        parameters = {name: value for name, value in request.query.items() if value.strip() and name != "lang"}
        context = await _search_context(deps, parameters, partial(translated, request))
        return aiohttp_jinja2.render_template("search/search.html", request, context, status=context["status"])

    async def counts(request: web.Request) -> web.Response:
        period = request.query.get("period", "month")
        digits = PERIODS.get(period, 6)
        plots = []
        for by, title in (("modality", translatable("Cases by modality")), ("site", translatable("Cases by site"))):
            table = await asyncio.to_thread(deps.index.counts, CaseQuery(), by, digits, reach.current())
            names = names_of(table)
            plots.append(
                {
                    "title": title,
                    "svg": stacked_bars(table, translated(request, title)),
                    "legend": legend(names),
                    "rows": table,
                    "names": names,
                }
            )
        return aiohttp_jinja2.render_template("search/counts.html", request, {"plots": plots, "period": period})

    return [
        web.get("/", search),
        *case_page.routes(deps),
        web.get("/counts", counts),
    ]


async def _search_context(deps: SearchDeps, parameters: Mapping[str, str], say: Say) -> dict[str, Any]:
    """Return what the search page shows; a wrong parameter becomes a sentence on the page."""
    fields = {name: values for name in ("modality", "site", "body_part") if (values := await _values(deps, name))}
    context: dict[str, Any] = {
        "parameters": parameters,
        "fields": fields,
        "date": day,
        "status": 200,
        "page": PAGE,
        "example": EXAMPLE,
    }
    try:
        query = parse_query({"limit": str(PAGE), **parameters}, say)
    except Invalid as error:
        return context | {"problem": error.detail, "status": 400, "hits": None}
    hits = await asyncio.to_thread(deps.index.search, query, reach.current())
    terms = query.text.terms()
    rows = []
    for case in hits.cases:
        marked = [p for text in case.texts() for p in excerpt(text, terms)] if terms else []
        pieces = [p for p in marked if any(s.hit for s in p)] or _opening(case.texts())
        rows.append((case, pieces[:2]))
    pager = {
        "before": _link(parameters, query.offset - PAGE) if query.offset else None,
        "next": _link(parameters, query.offset + PAGE) if query.offset + PAGE < hits.total else None,
    }
    return context | {"hits": hits, "notes": query.text.notes, "rows": rows, "offset": query.offset, "pager": pager}


def _opening(texts: list[str]) -> list[Any]:
    return excerpt(texts[0], ()) if texts else []


def _link(parameters: Mapping[str, str], offset: int) -> str:
    return str(URL("/").with_query({**parameters, "offset": str(max(0, offset))}))


async def _values(deps: SearchDeps, field: str) -> list[str]:
    values = await asyncio.to_thread(deps.index.values, field, reach.current())
    return [name for name in sorted(values) if name]
