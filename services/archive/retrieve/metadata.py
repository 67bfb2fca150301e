"""Retrieve metadata: the gzip members made at store time, spliced; a client without gzip gets them inflated.

Source: PS3.18 10.4.1.1.2 (Metadata Resources), Annex F (DICOM JSON).
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence

import orjson
from aiohttp import web

from services.archive.attributes import gzip_members
from services.archive.attributes.gzip_members import inflated
from services.archive.deps import ArchiveDeps
from services.archive.http import conditional, resources
from services.archive.http.multipart import begin, send_multipart, whole
from services.archive.http.negotiate import Offer
from services.archive.http.responses import Handle, answering_errors, negotiated
from services.archive.metadata_cache import Answer, Recent, key_of
from services.archive.records import InstanceRecord
from shared.dicom import native_xml

JSON, XML = "application/dicom+json", "application/dicom+xml"
OFFERS = (Offer(JSON), Offer("application/json"), Offer(XML, multipart=True))
OPEN, COMMA, CLOSE = (gzip_members.member(mark) for mark in (b"[", b",", b"]"))
AT_ONCE = 1 << 18
SMALL_BYTES = 2 << 20
"""Compressed: up to this size an answer is made whole and kept; larger ones are streamed."""


def retrieve(deps: ArchiveDeps) -> Handle:
    """Answer GET of the metadata of a Study, a Series or an Instance; evicted ones still have theirs."""

    recent = Recent()

    @answering_errors
    async def handle(request: web.Request) -> web.StreamResponse:
        path = request.match_info
        chosen = negotiated(request, OFFERS)
        name, compressed = chosen.offer.name, accepts_gzip(request.headers.get("Accept-Encoding", ""))
        key = await key_of(deps, path["study"], *path.values(), name, "gzip" if compressed else "")
        if key is not None and name != XML and (known := recent.get(key)) is not None:
            return await _send_json(request, name, known.etag, known.chunks, known.size if compressed else None)
        records = await resources.instances_of(deps, path)
        if name == XML:
            parts = [whole(XML, native_xml.native_model(orjson.loads(inflated(r.metadata)))) for r in records]
            return await send_multipart(request, XML, parts, _etag(records, "xml"))
        etag, size = _etag(records, f"{name}{compressed}"), gzip_members.joined_size(_members(records))
        chunks: Iterable[bytes] = _chunks(records, compressed=compressed)
        if key is not None and size is not None and size <= SMALL_BYTES:
            chunks = tuple(chunks)
            recent.keep(key, Answer(etag, chunks))
        return await _send_json(request, name, etag, chunks, size if compressed else None)

    return handle


def _chunks(records: Sequence[InstanceRecord], *, compressed: bool) -> Iterator[bytes]:
    members = _members(records)
    return _gathered(gzip_members.joined(members) if compressed else map(inflated, members))


async def _send_json(
    request: web.Request, name: str, etag: str, chunks: Iterable[bytes], size: int | None
) -> web.StreamResponse:
    """Send a body in these pieces; one that has a size is compressed."""
    if unchanged := conditional.not_modified(request, etag):
        return unchanged
    response = web.StreamResponse(headers={"Content-Type": name, "ETag": etag, "Vary": "Accept, Accept-Encoding"})
    if size is not None:
        response.content_length = size
        response.headers["Content-Encoding"] = "gzip"
    await begin(request, response)
    if request.method == "HEAD":
        return response
    for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
    return response


def _members(records: Sequence[InstanceRecord]) -> Iterator[bytes]:
    """Yield the gzip members whose contents are a JSON array."""
    for number, record in enumerate(records):
        yield COMMA if number else OPEN
        yield record.metadata
    yield CLOSE


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces in chunks of a useful size."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size > AT_ONCE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


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
