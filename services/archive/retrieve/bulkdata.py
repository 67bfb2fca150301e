"""Retrieve bulk data: single values by the URIs that the metadata give, with Range, and all of a resource.

Source: PS3.18 10.4.1.1.5 (Bulkdata), 10.4.1.1.7 (Pixel Data); RFC 9110 14 (Range).
"""

from collections.abc import AsyncIterator

from aiohttp import web

from services.archive import stored_bytes
from services.archive.deps import ArchiveDeps
from services.archive.http import conditional, resources
from services.archive.http.multipart import Part, begin, send_multipart, send_single
from services.archive.http.negotiate import ANY, Chosen, Offer, choose
from services.archive.http.resources import Resource
from services.archive.http.responses import (
    Handle,
    answer_gone,
    answering_errors,
    instance_url,
    query_of,
    refuse,
)
from services.archive.pixels import codecs, frames
from services.archive.pixels.shape import KEYWORDS
from services.archive.pixels.transfer_syntaxes import EXPLICIT_LE
from services.archive.records import InstanceRecord
from shared.errors import NotFound

OCTETS = "application/octet-stream"
CHUNK = 1 << 20
OFFERS = (
    Offer(OCTETS, multipart=True, default=EXPLICIT_LE, syntaxes=frozenset({EXPLICIT_LE}), as_stored=True),
    Offer(OCTETS, default=EXPLICIT_LE, syntaxes=frozenset({EXPLICIT_LE}), as_stored=True),
)


def value(deps: ArchiveDeps) -> Handle:
    """Answer GET of one bulk value of an Instance."""

    @answering_errors
    async def handle(request: web.Request) -> web.StreamResponse:
        record = await resources.online_instance(deps, request.match_info)
        path = request.match_info["path"].strip("/")
        if path not in record.bulk:
            raise NotFound("no-such-bulk-data")
        ranged = "Range" in request.headers
        offered = OFFERS[::-1] if ranged or not _wants_multipart(request) else OFFERS
        chosen = choose(offered, header=request.headers.get("Accept"), query=query_of(request).get("accept"))
        if chosen is None:
            refuse(web.HTTPNotAcceptable, "not-acceptable", f"on offer: {OCTETS}, alone or multipart")
        etag = conditional.etag_of(record.sha256, path, str(chosen.offer.multipart), chosen.transfer_syntax)
        if ranged and not chosen.offer.multipart and _stored_as_asked(record, path, chosen):
            return await _send_range(deps, request, record, path, etag)
        parts = _parts(deps, record, path, chosen)
        if chosen.offer.multipart or len(parts) > 1:
            return await send_multipart(request, OCTETS, parts, etag)
        return await send_single(request, parts[0], etag)

    return handle


def of_resource(deps: ArchiveDeps, *, only_pixels: bool) -> Handle:
    """Answer GET of all bulk data, or all pixel data, of a Study, Series or Instance."""

    @answering_errors
    async def handle(request: web.Request) -> web.StreamResponse:
        resource = await resources.resource_of(deps, request.match_info)
        accept, query = request.headers.get("Accept"), query_of(request).get("accept")
        chosen = choose(OFFERS[:1], header=accept, query=query)
        if chosen is None:
            refuse(web.HTTPNotAcceptable, "not-acceptable", f"on offer: multipart/related; type={OCTETS}")
        return await send_all(deps, request, resource, chosen, only_pixels=only_pixels)

    return handle


async def send_all(
    deps: ArchiveDeps,
    request: web.Request,
    resource: Resource,
    chosen: Chosen,
    *,
    only_pixels: bool = False,
) -> web.StreamResponse:
    """Answer with every bulk value of the Instances, each a part."""

    def asked(record: InstanceRecord) -> list[str]:
        return [path for path in record.bulk if path in KEYWORDS or not only_pixels]

    records, status = resource.online, resource.status(lambda record: bool(asked(record)))
    parts = [part for record in records for path in asked(record) for part in _parts(deps, record, path, chosen)]
    if not parts and status == 206:
        answer_gone(resource.offline[0].study_instance_uid, resource.offline[0].state)
    if not parts:
        raise NotFound("no-bulk-data", "the resource has none")
    etag = conditional.etag_of_all((r.sha256 for r in records), str(only_pixels), chosen.transfer_syntax, "bulk")
    return await send_multipart(request, OCTETS, parts, etag, status)


def _wants_multipart(request: web.Request) -> bool:
    return "multipart" in request.headers.get("Accept", "") + query_of(request).get("accept", "")


def _encapsulated(record: InstanceRecord, path: str) -> bool:
    return path in KEYWORDS and record.pixels is not None and record.pixels.encapsulated


def _stored_as_asked(record: InstanceRecord, path: str, chosen: Chosen) -> bool:
    """Say whether the bytes at rest are the representation."""
    return not record.deflated and not _encapsulated(record, path)


def _parts(deps: ArchiveDeps, record: InstanceRecord, path: str, chosen: Chosen) -> list[Part]:
    location = f"{instance_url(deps.settings.public_root, record)}/bulkdata/{path}"
    if not _encapsulated(record, path):
        start, end = record.bulk[path]
        return [Part(OCTETS, lambda: _stored(deps, record, start, end), end - start, location)]
    if chosen.transfer_syntax == ANY or not codecs.can_decode(record.transfer_syntax_uid):
        name = f"{OCTETS}; transfer-syntax={record.transfer_syntax_uid}"
        count = frames.pixels_of(record).number_of_frames
        return [_frame_part(deps, record, number, name, location) for number in range(1, count + 1)]
    return [Part(OCTETS, lambda: _decoded(deps, record), None, location)]


def _frame_part(deps: ArchiveDeps, record: InstanceRecord, number: int, name: str, location: str) -> Part:
    async def body() -> AsyncIterator[bytes]:
        yield await frames.frame(deps, record, number)

    return Part(name, body, frames.size(record, number), location)


async def _stored(deps: ArchiveDeps, record: InstanceRecord, start: int, end: int) -> AsyncIterator[bytes]:
    if record.deflated:
        (data,) = await frames.ranges(deps, record, [(start, end)])
        yield data
    elif end - start <= CHUNK:
        yield await stored_bytes.part(deps, record, start, end)
    else:
        await stored_bytes.check_for_parts(deps, record)
        async for chunk in deps.blobs.stream(record.blob, start, end - start, CHUNK):
            yield chunk


async def _decoded(deps: ArchiveDeps, record: InstanceRecord) -> AsyncIterator[bytes]:
    shape, stored = frames.frame_shape(record), record.transfer_syntax_uid
    for number in range(1, frames.pixels_of(record).number_of_frames + 1):
        data = await frames.frame(deps, record, number)
        yield (await deps.cpu(codecs.transcode, data, stored, EXPLICIT_LE, shape)).data


async def _send_range(
    deps: ArchiveDeps, request: web.Request, record: InstanceRecord, path: str, etag: str
) -> web.StreamResponse:
    """Answer one byte range; several ranges, or a stale If-Range, get the whole (RFC 9110 14.2)."""
    low, high = record.bulk[path]
    size = high - low
    try:
        start, stop = request.http_range.start, request.http_range.stop
    except ValueError:
        start = stop = None
    if request.headers.get("If-Range", etag) != etag or start is None:
        every = Part(OCTETS, lambda: _stored(deps, record, low, high), size)
        return await send_single(request, every, etag)
    first, last = (max(0, size + start), size) if start < 0 else (start, min(size, stop or size))
    if first >= last:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    response = web.StreamResponse(status=206, headers={"Content-Type": OCTETS, "ETag": etag, "Accept-Ranges": "bytes"})
    response.headers["Content-Range"] = f"bytes {first}-{last - 1}/{size}"
    response.content_length = last - first
    await begin(request, response)
    if request.method != "HEAD":
        async for chunk in _stored(deps, record, low + first, low + last):
            await response.write(chunk)
    return response
