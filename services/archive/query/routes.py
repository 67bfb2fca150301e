"""Routes of the Search Transaction and of the change feed."""

from typing import Any

import orjson
from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.http.responses import base_url
from services.archive.query import search
from services.archive.query.parameters import Level, Search, parse
from shared.dicom.native_xml import native_model
from shared.dicom.uid import is_uid
from shared.documents import Change
from shared.errors import Invalid

_BOUNDARY = "jmid-search-result"
_PATHS = {
    "/dicom-web/studies": Level.STUDY,
    "/dicom-web/series": Level.SERIES,
    "/dicom-web/instances": Level.INSTANCE,
    "/dicom-web/studies/{study}/series": Level.SERIES,
    "/dicom-web/studies/{study}/instances": Level.INSTANCE,
    "/dicom-web/studies/{study}/series/{series}/instances": Level.INSTANCE,
}
_FIXED = {"study": "0020000D", "series": "0020000E"}
MOST_CHANGES = 1000
JSON = "application/json"


class SearchRoutes:
    """GET of all QIDO-RS resources."""

    def __init__(self, deps: ArchiveDeps) -> None:
        self._deps = deps

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, with full paths."""
        return [
            *(web.get(path, self._handler(level)) for path, level in _PATHS.items()),
            web.get("/dicom-web/changefeed", self.changes),
        ]

    def _handler(self, level: Level):  # type: ignore[no-untyped-def]
        async def handle(request: web.Request) -> web.Response:
            return await self._search(request, level)

        return handle

    async def _search(self, request: web.Request, level: Level) -> web.Response:
        xml = _wants_xml(request)
        fixed = [(_FIXED[name], uid) for name, uid in request.match_info.items()]
        if not all(is_uid(uid) for _, uid in fixed):
            raise web.HTTPBadRequest(text="a UID of the URL is not valid (PS3.5 9.1)\n")
        try:
            asked = parse(level, request.query.items(), fixed)
        except Invalid as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        base = base_url(request, self._deps.settings.public_root)
        page = await search.search(asked, self._deps, base)
        response = _xml(page.results) if xml else _json(page.results)
        for warning in _warnings(page, asked, base):
            response.headers.add("Warning", warning)
        return response

    async def changes(self, request: web.Request) -> web.Response:
        """Return what changed after a sequence number, in the order of change: the newest state of each.

        level: study (by default), series or instance.  A reader that goes on from the last Sequence it saw misses none.
        """
        after, limit = request.query.get("after", "0"), request.query.get("limit", "100")
        wanted = request.query.get("level", Level.STUDY)
        if not (after.isdigit() and limit.isdigit() and after.isascii() and limit.isascii()) or len(after) > 18:
            raise web.HTTPBadRequest(text="after and limit take whole numbers\n")
        if wanted not in tuple(Level):
            raise web.HTTPBadRequest(text="level takes study, series or instance\n")
        level = Level(wanted)
        most = min(int(limit[:9]), MOST_CHANGES)
        changes = await self._deps.documents.changes(search.COLLECTIONS[level], after=int(after), limit=most)
        return web.Response(body=orjson.dumps([_entry(level, each) for each in changes]), content_type=JSON)


def _entry(level: Level, change: Change[Any]) -> dict[str, Any]:
    key = {Level.STUDY: "StudyInstanceUID", Level.SERIES: "SeriesInstanceUID", Level.INSTANCE: "SOPInstanceUID"}[level]
    entry = {"Sequence": change.seq, key: change.key, "Action": "update" if change.document else "delete"}
    if level != Level.STUDY and change.document:
        entry["StudyInstanceUID"] = change.document.study_instance_uid
    if level == Level.INSTANCE and change.document:
        return {**entry, "SeriesInstanceUID": change.document.series_instance_uid, "State": change.document.state}
    return (
        entry
        if level == Level.INSTANCE
        else {**entry, "Instances": change.document.instances if change.document else 0}
    )


def _wants_xml(request: web.Request) -> bool:
    """Choose the representation: JSON unless only XML is accepted; 406 if neither (PS3.18 8.7.5)."""
    accepted = (request.query.get("accept") or request.headers.get("Accept") or "*/*").lower()
    names = [part.split(";")[0].strip() for part in accepted.split(",")]
    if any(name in ("*/*", "application/*", "application/json", "application/dicom+json") for name in names):
        return False
    if "application/dicom+xml" in accepted or "multipart/*" in names:
        return True
    raise web.HTTPNotAcceptable(text="a search answers application/dicom+json or multipart application/dicom+xml\n")


def _json(results: list[bytes]) -> web.Response:
    response = web.Response(body=b"[" + b",".join(results) + b"]", content_type="application/dicom+json")
    if sum(map(len, results)) > 4096:
        response.enable_compression()  # only if the user agent accepts it
    return response


def _xml(results: list[bytes]) -> web.Response:
    if not results:
        return web.Response(status=204)
    head = f"--{_BOUNDARY}\r\nContent-Type: application/dicom+xml\r\n\r\n".encode()
    parts = [head + native_model(orjson.loads(result)) + b"\r\n" for result in results]
    kind = f'multipart/related; type="application/dicom+xml"; boundary={_BOUNDARY}'
    return web.Response(body=b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode(), headers={"Content-Type": kind})


def _warnings(page: search.SearchResults, asked: Search, base: str) -> list[str]:
    """PS3.18 8.3.4.4: more results than the server returns at once; 10.6.3: broader than can be related."""
    texts = []
    if page.more:
        texts.append("There are additional results that can be requested")
    if page.broad:
        texts.append("A key of another level matches too many; the results are incomplete: narrow the search")
    texts += [
        f"The {name} parameter is not supported. Only literal matching has been performed."
        for name in asked.unsupported
    ]
    return [f'299 {base}: "{text}"' for text in texts]
