"""Retrieve metadata: the gzip members made at store time, put in a row; a client without gzip gets them inflated.

Source: PS3.18 10.4.1.1.2 (Metadata Resources), Annex F (DICOM JSON); RFC 1952 2.2 (members concatenate).
"""

import zlib
from collections.abc import AsyncIterator, Sequence

import orjson
from aiohttp import web
from isal import igzip

from services.archive import conditional, lookup, xml
from services.archive.deps import ArchiveDeps
from services.archive.facts import gunzip
from services.archive.lookup import answering
from services.archive.multipart_out import begin, send_multipart, whole
from services.archive.negotiate import Offer
from services.archive.records import InstanceRecord
from services.archive.wado import chosen_for

JSON, XML = "application/dicom+json", "application/dicom+xml"
OFFERS = (Offer(JSON), Offer("application/json"), Offer(XML, multipart=True))
OPEN, COMMA, CLOSE = (igzip.compress(mark) for mark in (b"[", b",", b"]"))
AT_ONCE = 1 << 18


def retrieve(deps: ArchiveDeps) -> lookup.Handle:
    """Answer GET of the metadata of a Study, a Series or an Instance; evicted ones still have theirs."""

    @answering
    async def handle(request: web.Request) -> web.StreamResponse:
        records = await lookup.instances_of(deps, request.match_info)
        chosen = chosen_for(request, OFFERS)
        if chosen.offer.name == XML:
            parts = [whole(XML, xml.native_model(orjson.loads(gunzip(r.metadata)))) for r in records]
            return await send_multipart(request, XML, parts, _etag(records, "xml"))
        return await _send_json(request, records, chosen.offer.name)

    return handle


async def _send_json(request: web.Request, records: Sequence[InstanceRecord], name: str) -> web.StreamResponse:
    compressed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    etag = _etag(records, f"{name}{compressed}")
    if unchanged := conditional.not_modified(request, etag):
        return unchanged
    headers = {"Content-Type": name, "ETag": etag, "Vary": "Accept, Accept-Encoding"}
    response = web.StreamResponse(headers=headers)
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
        response.content_length = sum(len(r.metadata) for r in records) + len(COMMA) * (len(records) - 1)
        response.content_length += len(OPEN) + len(CLOSE)
    await begin(request, response)
    if request.method == "HEAD":
        return response
    async for chunk in _chunks(records, compressed=compressed):
        await response.write(chunk)
    await response.write_eof()
    return response


async def _chunks(records: Sequence[InstanceRecord], *, compressed: bool) -> AsyncIterator[bytes]:
    """Yield the JSON array in pieces of a useful size."""
    before, comma, close = (OPEN, COMMA, CLOSE) if compressed else (b"[", b",", b"]")
    waiting: list[bytes] = []
    size = 0
    for record in records:
        body = record.metadata if compressed else gunzip(record.metadata)
        waiting += (before, body)
        size += len(body)
        before = comma
        if size > AT_ONCE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join([*waiting, close])


def _etag(records: Sequence[InstanceRecord], form: str) -> str:
    """The metadata change with the bytes, and with how we make them."""
    return conditional.etag_of_all((f"{r.sha256}{zlib.crc32(r.metadata):x}" for r in records), "metadata", form)


def accepts_gzip(field: str) -> bool:
    """Say whether an Accept-Encoding field takes gzip (RFC 9110 12.5.3)."""
    weights: dict[str, float] = {}
    for part in field.lower().split(","):
        name, _, parameter = part.strip().partition(";")
        try:
            weights[name.strip()] = float(parameter.split("=")[1]) if "=" in parameter else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0
