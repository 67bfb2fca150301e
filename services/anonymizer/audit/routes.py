"""The audit log as a page, as JSON lines and as CSV."""

from collections.abc import Mapping
from itertools import islice

import aiohttp_jinja2
from aiohttp import web
from yarl import URL

from services.anonymizer.audit import export
from services.anonymizer.audit.entries import Entry, EntryKind
from services.anonymizer.audit.export import Format
from services.anonymizer.audit.search import Wanted, found, wanted_of
from services.anonymizer.deps import AnonymizerDeps
from shared.errors import Invalid
from shared.web.text_lines import send_lines
from shared.whole_numbers import whole_number

_PAGE, _MOST = 100, 10_000
_TYPES = {Format.JSONL: "application/jsonl", Format.CSV: "text/csv"}


def audit_routes(deps: AnonymizerDeps) -> list[web.AbstractRouteDef]:
    """GET /gateway/audit?since=&until=&subject=&kind=&actor=&offset=; /api/gateway/audit, with format=jsonl or csv."""

    async def page(request: web.Request) -> web.Response:
        wanted, offset = wanted_of(request.query), _offset(request.query)
        taken = await _taken(deps, wanted, offset + _PAGE + 1)
        following = {**wanted.query, "offset": str(offset + _PAGE)} if len(taken) > offset + _PAGE else {}
        context = {
            "entries": list(islice(taken, offset, offset + _PAGE)),
            "wanted": wanted,
            "kinds": list(EntryKind),
            "query": URL.build(query=wanted.query).raw_query_string,
            "following": URL.build(query=following).raw_query_string,
        }
        return aiohttp_jinja2.render_template("anonymizer/audit.html", request, context)

    async def listing(request: web.Request) -> web.StreamResponse:
        wanted, form = wanted_of(request.query), _format(request.query)
        response = web.StreamResponse(headers={"Content-Type": f"{_TYPES[form]}; charset=utf-8"})
        response.headers["Cache-Control"] = "no-store"
        if form is Format.CSV:
            response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
        lines = (export.line(entry, form) async for entry in found(deps.documents, wanted))
        return await send_lines(request, response, export.begun(form), lines)

    return [web.get("/gateway/audit", page), web.get("/api/gateway/audit", listing)]


async def _taken(deps: AnonymizerDeps, wanted: Wanted, most: int) -> list[Entry]:
    taken: list[Entry] = []
    async for entry in found(deps.documents, wanted):
        taken.append(entry)
        if len(taken) == most:
            break
    return taken


def _offset(query: Mapping[str, str]) -> int:
    offset = whole_number(query.get("offset", "0"), _MOST)
    if offset is None:
        raise Invalid("wrong-parameter", f"offset is a number from 0 to {_MOST}; narrow the time, or export")
    return offset


def _format(query: Mapping[str, str]) -> Format:
    try:
        return Format(query.get("format", Format.JSONL.value))
    except ValueError as error:
        raise Invalid("wrong-parameter", f"format is one of {', '.join(Format)}") from error
