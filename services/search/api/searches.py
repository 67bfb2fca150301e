"""/api/searches: the saved queries of whoever asks, and a feed of the cases that newly satisfy one (RFC 4287, JSON).

A feed is of what is within reach of who reads it, when they read it.
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from xml.etree import ElementTree

import msgspec
from aiohttp import web

from services.search.case import Case
from services.search.index.case_index import CaseIndex
from services.search.language.query import parse_query
from services.search.saved.matches import Matches
from services.search.saved.records import MATCHES, SAVED_SEARCHES, Match, SavedSearch
from shared import clock
from shared.documents import Documents, Eq, Order
from shared.errors import Invalid, NotFound
from shared.web.access import reach
from shared.web.identity.actor import actor_of
from shared.web.language import translatable, translated
from shared.web.routing import json_answer

MOST_SAVED: Final = 100
MOST_NAME: Final = 200
MOST_ENTRIES: Final = 200
_ATOM: Final = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class SavedDeps:
    """What the routes of saved queries work with."""

    index: CaseIndex
    documents: Documents
    matches: Matches


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a POST. parameters: those of GET /api/cases, without those of a page."""

    name: str
    parameters: dict[str, str]


def routes(deps: SavedDeps) -> list[web.RouteDef]:
    """Return the routes of saved queries."""
    return [
        web.get("/api/searches", partial(_listed, deps)),
        web.post("/api/searches", partial(_save, deps)),
        web.delete("/api/searches/{search_id}", partial(_delete, deps)),
        web.get("/api/searches/{search_id}/feed", partial(_feed, deps)),
    ]


async def _listed(deps: SavedDeps, request: web.Request) -> web.Response:
    own = await deps.documents.find_all(SAVED_SEARCHES, Eq("owner", _owner(request)))
    return json_answer({"searches": [_shown(search) for search in sorted(own, key=lambda each: each.saved_at)]})


async def _save(deps: SavedDeps, request: web.Request) -> web.Response:
    try:
        asked = msgspec.json.decode(await request.read(), type=Asked)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid("wrong-body", 'the body is {"name": text, "parameters": {"q": text, …}}') from error
    if not 0 < len(asked.name.strip()) <= MOST_NAME:
        raise Invalid("wrong-body", f"name takes 1 to {MOST_NAME} characters")
    if pages := sorted(asked.parameters.keys() & {"after", "offset", "limit", "facets"}):
        raise Invalid("wrong-parameter", f"a saved query has no {', '.join(pages)}")
    parse_query(asked.parameters, partial(translated, request))
    owner = _owner(request)
    if len(await deps.documents.find_all(SAVED_SEARCHES, Eq("owner", owner))) >= MOST_SAVED:
        raise Invalid("too-many", f"{MOST_SAVED} queries are saved already; delete one first")
    search = SavedSearch(
        id=secrets.token_hex(16),
        owner=owner,
        name=asked.name.strip(),
        parameters=asked.parameters,
        saved_at=clock.now(),
    )
    await deps.documents.put(SAVED_SEARCHES, search)
    return json_answer(_shown(search), status=201)


async def _delete(deps: SavedDeps, request: web.Request) -> web.Response:
    search = await _own(deps, request)
    await deps.documents.delete(SAVED_SEARCHES, search.id)
    await deps.matches.forget(search.id)
    return web.Response(status=204)


async def _feed(deps: SavedDeps, request: web.Request) -> web.Response:
    form = request.query.get("format", "json")
    if form not in ("json", "atom"):
        raise Invalid("wrong-parameter", "format is json or atom")
    search = await _own(deps, request)
    newest_first = (Order("at", descending=True),)
    page = await deps.documents.find(MATCHES, Eq("search_id", search.id), order=newest_first, limit=MOST_ENTRIES)
    within = reach.current()
    found = [
        (match, case)
        for match in page.documents
        if (case := await asyncio.to_thread(deps.index.get, match.case_id, within)) is not None
    ]
    if form == "atom":
        return web.Response(body=_atom(search, found), content_type="application/atom+xml", charset="utf-8")
    entries = [{"case_id": match.case_id, "at": _moment(match.at), "title": _title(case)} for match, case in found]
    return json_answer({"id": search.id, "name": search.name, "entries": entries})


async def _own(deps: SavedDeps, request: web.Request) -> SavedSearch:
    """Return the saved query that the path names, if it is of whoever asks."""
    search = await deps.documents.get(SAVED_SEARCHES, request.match_info["search_id"])
    if search is None or search.owner != _owner(request):
        raise NotFound("not-found", translatable("There is no saved query of this id."))
    return search


def _owner(request: web.Request) -> str:
    actor = actor_of(request)
    return actor.subject if actor else ""


def _shown(search: SavedSearch) -> dict[str, Any]:
    own = {"id": search.id, "name": search.name, "parameters": search.parameters}
    return own | {"saved_at": _moment(search.saved_at), "feed": f"/api/searches/{search.id}/feed"}


def _atom(search: SavedSearch, found: list[tuple[Match, Case]]) -> bytes:
    """Return the feed as Atom; of a case only what a list shows, no text of a report."""
    ElementTree.register_namespace("", _ATOM)
    feed = ElementTree.Element(f"{{{_ATOM}}}feed")
    updated = found[0][0].at if found else search.saved_at
    _element(feed, "id", f"urn:jmid:search:{search.id}")
    _element(feed, "title", search.name)
    _element(feed, "updated", _moment(updated))
    _element(_element(feed, "author"), "name", "J-MID")
    for match, case in found:
        entry = _element(feed, "entry")
        _element(entry, "id", f"urn:jmid:search:{match.id}")
        _element(entry, "title", _title(case))
        _element(entry, "updated", _moment(match.at))
        _element(entry, "link").set("href", f"/cases/{case.id}")
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _element(parent: ElementTree.Element, name: str, text: str = "") -> ElementTree.Element:
    child = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}")
    child.text = "".join(character for character in text if character.isprintable())
    return child


def _title(case: Case) -> str:
    date = str(case.study_date) if case.study_date else ""
    return " ".join(filter(None, (date, "/".join(case.modalities), "/".join(case.body_parts), case.site)))


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
