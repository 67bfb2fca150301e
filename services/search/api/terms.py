"""The terms in use: completion of what is typed, and FHIR R4 CodeSystem/$lookup."""

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from aiohttp import web

from services.search.terms.completion import Completion, Match
from shared.errors import Invalid, NotFound
from shared.terms.catalogue import Catalogue, Source
from shared.terms.term import Term

MOST = 100
Json = dict[str, Any]


@dataclass(frozen=True)
class TermsDeps:
    """The terminologies, and the index of those in use."""

    catalogue: Catalogue
    completion: Completion


def routes(deps: TermsDeps) -> list[web.RouteDef]:
    """Return the routes of the API."""

    async def terms(request: web.Request) -> web.Response:
        text, limit = request.query.get("q", ""), _limit(request)
        systems = request.query.getall("system", [])
        found = await asyncio.to_thread(deps.completion.complete, text, systems=systems, limit=limit)
        body = orjson.dumps({"terms": [_shown(each) for each in found]})
        return web.Response(body=body, content_type="application/json")

    async def lookup(request: web.Request) -> web.Response:
        system, code = request.query.get("system", ""), request.query.get("code", "")
        if not system or not code:
            raise Invalid("wrong-parameter", "system and code are needed")
        source = await asyncio.to_thread(deps.catalogue.source, system, request.query.get("version", ""))
        term = await asyncio.to_thread(source.get, code)
        if term is None:
            raise NotFound("unknown-code", f"no such code in version {source.about.version}")
        return web.Response(body=orjson.dumps(_parameters(source, term)), content_type="application/fhir+json")

    return [web.get("/api/terms", terms), web.get("/api/terms/CodeSystem/$lookup", lookup)]


def _shown(match: Match) -> Json:
    term = msgspec.to_builtins(match.term)
    return {"system": match.system, "version": match.version, "match": match.match, **term}


def _parameters(source: Source, term: Term) -> Json:
    """Return the answer of $lookup (FHIR R4 CodeSystem-operation-lookup)."""
    said: list[Json] = [
        {"name": "name", "valueString": source.about.title},
        {"name": "version", "valueString": source.about.version},
        {"name": "display", "valueString": term.display},
        *({"name": "designation", "part": [{"name": "value", "valueString": each}]} for each in term.names[1:]),
        _property("inactive", {"valueBoolean": term.retired}),
        *(_property("replacedBy", {"valueCode": each}) for each in term.successors),
        *(_property("mapped", {"valueCoding": {"system": each.system, "code": each.code}}) for each in term.also),
    ]
    return {"resourceType": "Parameters", "parameter": said}


def _property(code: str, value: Json) -> Json:
    return {"name": "property", "part": [{"name": "code", "valueCode": code}, {"name": "value", **value}]}


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "20")
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST):
        raise Invalid("wrong-parameter", f"limit is a whole number from 1 to {MOST}")
    return int(text)
