"""The URI Service, for older clients: one Instance by query parameters.

Source: PS3.18 9.1-9.5 (URI Service), 9.1.2.2 (parameters for rendered media types).
"""

import math
from collections.abc import Mapping

import msgspec
from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.http import resources
from services.archive.http.multipart import send_single, whole
from services.archive.http.negotiate import Chosen, Offer, choose
from services.archive.http.responses import Handle, answering_errors, query_of
from services.archive.pixels import frames, transcoding
from services.archive.pixels.transfer_syntaxes import EXPLICIT_LE
from services.archive.records import InstanceRecord
from services.archive.render import frame_selection, parameters, routes, worker
from services.archive.render.display import Window
from services.archive.render.frame_selection import SelectedFrame
from services.archive.render.parameters import RenderingParameters, Viewport
from services.archive.retrieve.instances import DICOM, part_of
from shared.errors import Invalid, Refused

REQUIRED = ("requesttype", "studyuid", "seriesuid", "objectuid")
DICOM_OFFER = Offer(DICOM, default=EXPLICIT_LE)


def retrieve(deps: ArchiveDeps) -> Handle:
    """Answer GET /wado?requestType=WADO&…"""

    @answering_errors
    async def handle(request: web.Request) -> web.StreamResponse:
        query = query_of(request)
        record = await _record(deps, query)
        kind = _kind(request, query, record)
        if kind == DICOM:
            asked = query.get("transfersyntax") or EXPLICIT_LE
            chosen = Chosen(DICOM_OFFER, asked, named=False)  # what cannot be made is given otherwise (9.1.2.2.3)
            return await send_single(request, part_of(deps, record, transcoding.target_of(record, chosen)))
        number = _frame(query, record)
        rendering = _rendering(query, frames.frame_shape(record).columns, frames.frame_shape(record).rows)
        body = await deps.cpu(
            worker.render, await frame_selection.render_job(deps, SelectedFrame(record, number)), rendering, kind
        )
        return await send_single(request, whole(kind, body))

    return handle


async def _record(deps: ArchiveDeps, query: Mapping[str, str]) -> InstanceRecord:
    missing = [name for name in REQUIRED if not query.get(name)]
    if missing or query["requesttype"].upper() != "WADO":
        raise Invalid(
            "bad-wado-request", "requestType=WADO, studyUID, seriesUID and objectUID are needed (PS3.18 9.1.2.1)"
        )
    path = {"study": query["studyuid"], "series": query["seriesuid"], "instance": query["objectuid"]}
    return await resources.online_instance(deps, path)


def _kind(request: web.Request, query: Mapping[str, str], record: InstanceRecord) -> str:
    """Return the media type: of contentType, else of Accept; image/jpeg for images, DICOM otherwise (9.1.2.1.5)."""
    image = record.pixels is not None
    offers = [*(Offer(kind) for kind in routes.KINDS if image), Offer(DICOM)]
    wanted = query.get("contenttype") or query.get("accept")
    chosen = choose(offers, header=wanted or request.headers.get("Accept"))
    if chosen is None:
        raise Refused("not-acceptable", f"on offer: {', '.join(offer.name for offer in offers)}")
    return chosen.offer.name


def _frame(query: Mapping[str, str], record: InstanceRecord) -> int:
    count = frames.pixels_of(record).number_of_frames
    return frames.numbers(query["framenumber"], count)[0] if "framenumber" in query else 1


def _rendering(query: Mapping[str, str], columns: int, rows: int) -> RenderingParameters:
    """Read rows, columns, region, windowCenter, windowWidth, imageQuality and annotation (9.1.2.2)."""
    same = {"quality": "imagequality", "annotation": "annotation"}
    plain = {name: query[key] for name, key in same.items() if key in query}
    try:
        window, viewport = _window(query), _viewport(query, columns, rows)
    except (KeyError, ValueError) as error:
        raise Invalid("bad-wado-request", "PS3.18 9.1.2.2: rows, columns, region or window cannot be read") from error
    return msgspec.structs.replace(parameters.parse(plain), window=window, viewport=viewport)


def _window(query: Mapping[str, str]) -> Window | None:
    if "windowcenter" not in query and "windowwidth" not in query:
        return None
    center, width = float(query["windowcenter"]), float(query["windowwidth"])
    if not (math.isfinite(center) and math.isfinite(width)):
        raise ValueError("not a window")
    return Window(center, max(1.0, width))


def _viewport(query: Mapping[str, str], columns: int, rows: int) -> Viewport | None:
    size = [int(query.get(name, 0)) for name in ("columns", "rows")]
    left, top, right, bottom = map(float, query.get("region", "0,0,1,1").split(","))
    within = 0 <= left < right <= 1 and 0 <= top < bottom <= 1
    if not within or not all(0 <= side <= parameters.MAX_VIEWPORT for side in size):
        raise Invalid("bad-wado-request", "PS3.18 9.1.2.2.4: region is within 0 to 1")
    if not any(size) and "region" not in query:
        return None
    x, y = round(left * columns), round(top * rows)
    return Viewport(size[0], size[1], x, y, max(1, round(right * columns) - x), max(1, round(bottom * rows) - y))
