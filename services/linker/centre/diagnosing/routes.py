"""The centre's API of confirmed diagnoses 確定診断."""

import asyncio
from typing import Any, Final

import msgspec
import orjson
from aiohttp import web

from services.linker.centre import views
from services.linker.centre.deps import CentreDeps
from services.linker.centre.diagnosing import listing, writing
from services.linker.centre.free_text import warnings, with_warnings
from services.linker.diagnoses import table
from services.linker.diagnoses.condition import condition
from services.linker.diagnoses.records import CaseState, Diagnosis
from services.linker.diagnoses.request import DiagnosisRequest, check_request
from services.linker.links.manual import decoded
from shared import clock
from shared.errors import Invalid, JmidError, NotFound
from shared.web import routing
from shared.web.actor import name_of
from shared.web.audited import about
from shared.web.identity.actor import CURRENT
from shared.web.routing import json_answer

Json = dict[str, Any]
_LIMIT: Final = 500
_CSV: Final = "text/csv"
_NDJSON: Final = "application/fhir+ndjson"


class DiagnosisRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

    @routing.get("/api/diagnoses")
    async def get_diagnoses(self, request: web.Request) -> web.Response:
        """Return the confirmed diagnoses of a Study or report."""
        shown, after = await listing.listed(self._deps, request.query, _author(), _LIMIT)
        return json_answer({"diagnoses": shown, "next": after})

    @routing.post("/api/diagnoses")
    async def post_diagnosis(self, request: web.Request) -> web.Response:
        """Record a confirmed diagnosis, or change or withdraw one; 409 with the current one if it changed meanwhile."""
        asked = await decoded(request, DiagnosisRequest)
        asked = msgspec.structs.replace(asked, by=name_of(asked.by))
        check_request(asked, clock.utc_now().date())
        typed = {"note": asked.note, "display": asked.display, "reason": asked.reason}
        doubts = await warnings(self._deps.check_text, typed)
        try:
            entry = await writing.write(self._deps, asked)
        except writing.OtherVersion as other:
            return _other_version(other.current)
        about(request, "study", *entry.studies)
        return json_answer(with_warnings(views.entry(entry), doubts), status=200 if asked.id else 201)

    @routing.get("/api/diagnoses/worklist")
    async def get_worklist(self, request: web.Request) -> web.Response:
        """Return cases of one state (default awaiting): awaiting, one-reading, disagreed, …"""
        state = request.query.get("state", CaseState.AWAITING)
        limit, after = _limit(request), request.query.get("after") or None
        cases, after = await listing.worklist(self._deps, state, _author(), limit=limit, after=after)
        return json_answer({"cases": cases, "next": after})

    @routing.get("/api/diagnoses/export")
    async def get_export(self, request: web.Request) -> web.StreamResponse:
        """Return all diagnoses that count: format=csv (default), or fhir: one Condition a line."""
        form = request.query.get("format", "csv")
        if form not in ("csv", "fhir"):
            raise Invalid("wrong-parameter", "format is csv or fhir")
        answer = web.StreamResponse(headers={"Content-Type": _CSV + "; charset=utf-8" if form == "csv" else _NDJSON})
        await answer.prepare(request)
        if form == "csv":
            await answer.write(table.head().encode())
        async for page in listing.standing(self._deps):
            await answer.write(b"".join([await self._line(entry, form) for entry in page]))
        await answer.write_eof()
        return answer

    @routing.get("/api/diagnoses/{diagnosis}")
    async def get_diagnosis(self, request: web.Request) -> web.Response:
        """Return a diagnosis with its history, oldest first."""
        entry = await self._named(request)
        return json_answer({**views.entry(entry), "history": [views.version(each) for each in entry.versions]})

    @routing.get("/api/diagnoses/{diagnosis}/condition")
    async def get_condition(self, request: web.Request) -> web.Response:
        """Return a diagnosis as FHIR R4 Condition."""
        resource = await self._condition(await self._named(request))
        return web.Response(body=orjson.dumps(resource), content_type="application/fhir+json")

    async def _named(self, request: web.Request) -> Diagnosis:
        entry = await listing.with_history(self._deps, request.match_info["diagnosis"], _author())
        if entry is None:
            raise NotFound("unknown-entry", "no such diagnosis")
        return entry

    async def _line(self, entry: Diagnosis, form: str) -> bytes:
        return table.row(entry).encode() if form == "csv" else orjson.dumps(await self._condition(entry)) + b"\n"

    async def _condition(self, entry: Diagnosis) -> Json:
        named = await asyncio.to_thread(_modifiers, self._deps, entry)
        return condition(entry, await listing.patients(self._deps, entry), named)


def _modifiers(deps: CentreDeps, entry: Diagnosis) -> list[Json]:
    """Return the modifiers of a diagnosis as the version that it was checked against names them."""
    content = entry.content
    if not content.modifiers:
        return []
    try:
        system = deps.terms.source(content.system, content.system_version).about.modifiers
        source = deps.terms.source(system, content.system_version)
    except JmidError:  # that version is not here any more: the codes stand without names
        return [{"system": "", "code": code, "display": "", "kind": "prefix"} for code in content.modifiers]
    terms = [(code, source.get(code)) for code in content.modifiers]
    return [
        {
            "system": system,
            "code": code,
            "display": term.display if term else "",
            "kind": term.kind if term else "prefix",
        }
        for code, term in terms
    ]


def _author() -> str:
    actor = CURRENT.get()
    return actor.subject if actor else ""


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", "100")
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _LIMIT):
        raise Invalid("wrong-parameter", f"limit is a whole number from 1 to {_LIMIT}")
    return int(text)


def _other_version(current: Diagnosis) -> web.Response:
    detail = "somebody changed it since it was seen"
    return json_answer({"reason": "other-version", "detail": detail, "current": views.entry(current)}, status=409)
