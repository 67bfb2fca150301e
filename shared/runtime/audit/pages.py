"""The privacy officer's page of the audit trail, at each place, and the same as files."""

from collections.abc import Mapping
from typing import Final

import aiohttp_jinja2
from aiohttp import web
from yarl import URL

from shared.audit.export import MEDIA_TYPES, Format, begun, line
from shared.audit.seals import CHECK_ID, CHECKS, LOG
from shared.audit.search import Wanted, found, page, wanted_of
from shared.audit.words import Outcome
from shared.documents import Documents
from shared.errors import Invalid
from shared.service import Role
from shared.web.language import translatable
from shared.web.text_lines import send_lines
from shared.whole_numbers import whole_number

PATHS: Final = {Role.GATEWAY: "/gateway/audit/access", Role.CENTRE: "/audit"}
FILES: Final = {Role.GATEWAY: "/api/gateway/audit/access", Role.CENTRE: "/api/audit"}
MENU: Final = {Role.GATEWAY: (), Role.CENTRE: ((translatable("Access log"), PATHS[Role.CENTRE]),)}
"""At the gateway the page of what was de-identified leads there."""
SHOWN: Final = 100
_MOST: Final = 10**15


def routes(role: Role, documents: Documents, naming: bytes) -> list[web.RouteDef]:
    """GET /audit?by=&study=&from=&to=&outcome=&before=; /api/audit, with format=csv, fhir or dicom."""

    async def shown(request: web.Request) -> web.Response:
        wanted, before = wanted_of(request.query), _before(request.query)
        records = await page(documents, wanted, naming, limit=SHOWN + 1, before=before)
        following = {**wanted.query, "before": str(records[SHOWN - 1].number)} if len(records) > SHOWN else {}
        context = {
            "role": role.value,
            "records": records[:SHOWN],
            "wanted": wanted,
            "outcomes": list(Outcome),
            "files": FILES[role],
            "query": URL.build(query=wanted.query).raw_query_string,
            "following": URL.build(query=following).raw_query_string,
            "check": await documents.get(CHECKS, CHECK_ID),
            "count": await documents.count(LOG),
        }
        response = aiohttp_jinja2.render_template("audit_trail.html", request, context)
        response.headers["Cache-Control"] = "no-store"
        return response

    async def file(request: web.Request) -> web.StreamResponse:
        return await _file(request, documents, wanted_of(request.query), naming)

    return [web.get(PATHS[role], shown), web.get(FILES[role], file)]


async def _file(request: web.Request, documents: Documents, wanted: Wanted, naming: bytes) -> web.StreamResponse:
    form = _format(request.query)
    response = web.StreamResponse(headers={"Content-Type": f"{MEDIA_TYPES[form]}; charset=utf-8"})
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'attachment; filename="audit.{_ENDINGS[form]}"'
    lines = (line(record, form) async for record in found(documents, wanted, naming))
    return await send_lines(request, response, begun(form), lines)


_ENDINGS: Final = {Format.CSV: "csv", Format.FHIR: "ndjson", Format.DICOM: "xml"}


def _before(query: Mapping[str, str]) -> int | None:
    if not query.get("before"):
        return None
    before = whole_number(query["before"], _MOST)
    if before is None:
        raise Invalid("wrong-parameter", "before is the number of a record")
    return before


def _format(query: Mapping[str, str]) -> Format:
    try:
        return Format(query.get("format", Format.CSV.value))
    except ValueError as error:
        raise Invalid("wrong-parameter", f"format is one of {', '.join(Format)}") from error
