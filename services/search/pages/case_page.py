"""The page of a case, and that of one Series without script."""

import asyncio
from functools import partial
from typing import Any, Final

import aiohttp_jinja2
from aiohttp import web

from services.search.api.cases import case_of
from services.search.case import Case
from services.search.deps import SearchDeps
from services.search.language.highlight import segments
from services.search.language.query import parse_text
from services.search.pages import beside
from services.search.pages.dates import day
from services.search.pages.doubts import DOUBTS
from services.search.pages.recall_texts import recall_texts
from shared.errors import NotFound
from shared.web.language import translatable, translated
from shared.whole_numbers import whole_number

WINDOWS: Final = (
    (translatable("Soft tissue"), 40, 400),
    (translatable("Lung"), -600, 1500),
    (translatable("Bone"), 480, 2500),
    (translatable("Brain"), 40, 80),
    (translatable("Liver"), 80, 150),
)
"""Name, window center and window width, in HU."""
PAGE: Final = 60
"""Frames on one page of a Series."""


def routes(deps: SearchDeps) -> list[web.RouteDef]:
    """Return the routes of the pages of a case."""

    async def case(request: web.Request) -> web.Response:
        shown = await case_of(deps, request)
        context = _own(deps, request, shown) | await _beside(deps, shown)
        return aiohttp_jinja2.render_template("search/case.html", request, context)

    async def series(request: web.Request) -> web.Response:
        shown = await case_of(deps, request)
        uid = request.match_info["series"]
        one = next((each for each in shown.series if each.series_instance_uid == uid), None)
        if one is None:
            raise NotFound("not-found", translatable("This case has no such Series."))
        frames = beside.frames_of(await deps.sources.instances(shown.study_instance_uid, uid))
        first = whole_number(request.query.get("from", "0"), max(0, len(frames) - 1)) or 0
        context = {
            "case": shown,
            "date": day,
            "series": one,
            "root": f"{_archive(deps)}/studies/{shown.study_instance_uid}/series/{uid}",
            "frames": list(enumerate(frames, 1))[first : first + PAGE],
            "count": len(frames),
            "first": first,
            "page": PAGE,
        }
        return aiohttp_jinja2.render_template("search/series.html", request, context)

    return [web.get("/cases/{case_id}", case), web.get("/cases/{case_id}/series/{series}", series)]


def _own(deps: SearchDeps, request: web.Request, shown: Case) -> dict[str, Any]:
    """Return what the index knows of the case."""
    terms = parse_text(request.query.get("q", "")).terms()
    return {
        "case": shown,
        "reports": [(r, [(h, segments(t, terms)) for h, t in r.sections()]) for r in shown.reports],
        "archive": _archive(deps),
        "q": request.query.get("q", ""),
        "date": day,
        "windows": WINDOWS,
        "not_shown": beside.NOT_SHOWN,
        "rules": beside.RULES,
        "doubts": {word: translated(request, text) for word, text in DOUBTS.items()},
        "recall_texts": recall_texts(partial(translated, request)),
    }


async def _beside(deps: SearchDeps, shown: Case) -> dict[str, Any]:
    exams, histories, annotations = await asyncio.gather(
        beside.exams(deps, shown), beside.histories(deps, shown), beside.annotations(deps, shown)
    )
    return {"exams": exams, "histories": histories, "annotations": annotations}


def _archive(deps: SearchDeps) -> str:
    return deps.settings.public_archive_url.rstrip("/")
