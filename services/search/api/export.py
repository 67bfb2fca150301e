"""GET /api/export/cases: all cases of a query, as JSON lines or CSV; no texts of reports, nothing out of reach."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec
import orjson
from aiohttp import web

from services.search.case import Case
from services.search.deps import SearchDeps
from services.search.index.document import document_of
from services.search.language.query import MAX_LIMIT, parse_query
from shared.errors import Invalid
from shared.text.csv_rows import csv_row
from shared.web.access import reach
from shared.web.language import translated

MEDIA_TYPES: Final = {"jsonl": "application/jsonl", "csv": "text/csv"}
_OWN: Final = ("id", "study_instance_uid", "site", "patient_id", "accession_number", "sex", "description")
_VALUES: Final = (
    *"modality body_part manufacturer model kernel sequence link availability".split(),
    *"diagnosis_code present absent report".split(),
)
_NUMBERS: Final = "date age thickness kvp field_strength ctdi contrast series_count images".split()
COLUMNS: Final = (*_OWN, *_VALUES, *_NUMBERS)
"""What stands in a row, of an allow-list: pseudonyms, Attributes and names of findings, no free text of a report."""


def routes(deps: SearchDeps) -> list[web.RouteDef]:
    """Return the route of the export."""

    async def export(request: web.Request) -> web.StreamResponse:
        parameters = dict(request.query)
        form = parameters.pop("format", "jsonl")
        if form not in MEDIA_TYPES:
            raise Invalid("wrong-parameter", f"format is one of {', '.join(MEDIA_TYPES)}")
        for name in ("limit", "offset", "facets"):
            if name in parameters:
                raise Invalid("wrong-parameter", f"an export is of all cases and takes no {name}")
        query = msgspec.structs.replace(parse_query(parameters, partial(translated, request)), limit=MAX_LIMIT)
        begun, line = _FORMS[form]
        within = reach.current()
        page = await asyncio.to_thread(deps.index.search, query, within)  # before the status: it may fail
        headers = {"Content-Disposition": f'attachment; filename="cases.{form}"', "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        response.content_type, response.charset = MEDIA_TYPES[form], "utf-8"
        await response.prepare(request)
        await response.write(begun.encode())
        while True:
            await response.write("".join(map(line, page.cases)).encode())
            if page.last is None:
                return response
            query = msgspec.structs.replace(query, after=page.last)
            page = await asyncio.to_thread(deps.index.search, query, within)

    return [web.get("/api/export/cases", export)]


def row_of(case: Case) -> dict[str, Any]:
    """Return a case as a row; several values are a list."""
    document = document_of(case)
    own = {name: getattr(case, name) for name in _OWN}
    values = {name: list(document.values[name]) for name in _VALUES}
    return {**own, **values, **{name: list(document.numbers[name]) for name in _NUMBERS}}


def _json_line(case: Case) -> str:
    return orjson.dumps(row_of(case)).decode() + "\n"


def _csv_line(case: Case) -> str:
    return csv_row(_cell(value) for value in row_of(case).values())


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " | ".join(f"{each:.10g}" if isinstance(each, float) else str(each) for each in value)
    return str(value)


_FORMS: Final[dict[str, tuple[str, Callable[[Case], str]]]] = {
    "jsonl": ("", _json_line),
    "csv": ("\ufeff" + csv_row(COLUMNS), _csv_line),
}
"""Format → what stands before the first case, and a case; the mark of UTF-8 is for spreadsheets."""
