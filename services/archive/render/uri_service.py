"""The URI Service, for older clients: one Instance by query parameters.

Source: PS3.18 9.1-9.5 (URI Service), 9.1.2.2 (parameters for rendered media types).
"""

from collections.abc import Mapping

import msgspec
from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.http.multipart import send_single, whole
from services.archive.http.negotiate import Chosen, Offer, choose
from services.archive.http.responses import Handle, answer_gone, answering_errors, query_of
from services.archive.pixels import frames, transcoding
from services.archive.pixels.transfer_syntaxes import EXPLICIT_LE
from services.archive.records import INSTANCES, InstanceRecord, InstanceState
from services.archive.render import frame_selection, parameters, routes, worker
from services.archive.render.frame_selection import View
from services.archive.render.parameters import Viewport, Window, Wishes
from services.archive.retrieve.instances import DICOM, part_of
from shared.errors import Invalid, NotFound, Refused

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
        wishes = _wishes(query, frames.frame_shape(record).columns, frames.frame_shape(record).rows)
        body = await deps.cpu(worker.draw, await frame_selection.picture(deps, View(record, number)), wishes, kind)
        return await send_single(request, whole(kind, body))

    return handle


async def _record(deps: ArchiveDeps, query: Mapping[str, str]) -> InstanceRecord:
    missing = [name for name in REQUIRED if not query.get(name)]
    if missing or query["requesttype"].upper() != "WADO":
        raise Invalid(
            "bad-wado-request", "requestType=WADO, studyUID, seriesUID and objectUID are needed (PS3.18 9.1.2.1)"
        )
    record = await deps.documents.get(INSTANCES, query["objectuid"])
    if (
        record is None
        or record.study_instance_uid != query["studyuid"]
        or record.series_instance_uid != query["seriesuid"]
    ):
        raise NotFound("no-such-instance")
    if record.state == InstanceState.EVICTED:
        answer_gone(record.study_instance_uid)
    return record


def _kind(request: web.Request, query: Mapping[str, str], record: InstanceRecord) -> str:
    """Return the media type: of contentType, else of Accept; image/jpeg for images, DICOM otherwise (9.1.2.1.5)."""
    image = record.pixels is not None
    offers = [*(Offer(kind) for kind in routes.KINDS if image), Offer(DICOM)]
    wanted = query.get("contenttype") or query.get("accept")
    found = choose(offers, header=wanted or request.headers.get("Accept"))
    if found is None:
        raise Refused("not-acceptable", f"on offer: {', '.join(offer.name for offer in offers)}")
    return found.offer.name


def _frame(query: Mapping[str, str], record: InstanceRecord) -> int:
    count = frames.pixels_of(record).number_of_frames
    return frames.numbers(query["framenumber"], count)[0] if "framenumber" in query else 1


def _wishes(query: Mapping[str, str], columns: int, rows: int) -> Wishes:
    """Read rows, columns, region, windowCenter, windowWidth, imageQuality and annotation (9.1.2.2)."""
    plain = {
        name: query[key] for name, key in (("quality", "imagequality"), ("annotation", "annotation")) if key in query
    }
    found = parameters.wishes(plain)
    try:
        window = None
        if "windowcenter" in query or "windowwidth" in query:
            window = Window(float(query["windowcenter"]), max(1.0, float(query["windowwidth"])))
        size = [int(query.get(name, 0)) for name in ("columns", "rows")]
        region = [float(part) for part in query["region"].split(",")] if "region" in query else [0.0, 0.0, 1.0, 1.0]
        left, top, right, bottom = region
    except (KeyError, ValueError) as error:
        raise Invalid("bad-wado-request", "PS3.18 9.1.2.2: rows, columns, region or window cannot be read") from error
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1) or not all(
        0 <= n <= parameters.MAX_VIEWPORT for n in size
    ):
        raise Invalid("bad-wado-request", "PS3.18 9.1.2.2.4: region is within 0 to 1")
    viewport = None
    if any(size) or "region" in query:
        x, y = round(left * columns), round(top * rows)
        wide, high = max(1, round(right * columns) - x), max(1, round(bottom * rows) - y)
        viewport = Viewport(size[0], size[1], x, y, wide, high)
    return msgspec.structs.replace(found, window=window, viewport=viewport)
