"""Retrieve Studies, Series and Instances: what is stored is moved, not parsed.

Source: PS3.18 10.4 (Retrieve Transaction), 8.7.3 (Transfer Syntaxes of the media types).
"""

from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.http import conditional, resources
from services.archive.http.multipart import Part, send_multipart, send_single
from services.archive.http.negotiate import Chosen, Offer, choose
from services.archive.http.resources import answering
from services.archive.pixels import codecs, transcoding
from services.archive.records import InstanceRecord
from services.archive.retrieve import bulkdata, zip_stream

DICOM, OCTETS, ZIP = "application/dicom", "application/octet-stream", "application/zip"
SMALL_BYTES = 8 << 20
"""Instances up to this size are read in one go; larger ones are streamed."""
CHUNK = 1 << 20

Handle = resources.Handle


def retrieve(deps: ArchiveDeps) -> Handle:
    """Answer GET of a Study, a Series or an Instance."""

    @answering
    async def handle(request: web.Request) -> web.StreamResponse:
        path = request.match_info
        records = await resources.here(deps, path)
        stored = frozenset(record.transfer_syntax_uid for record in records)
        chosen = chosen_for(request, offers(stored, single="instance" in path), stored)
        if chosen.offer.name == OCTETS:
            return await bulkdata.send_all(deps, request, records, chosen)
        targets = [transcoding.target_of(record, chosen) for record in records]
        etag = conditional.etag_of_all((r.sha256 for r in records), repr(chosen.offer), *map(str, targets))
        if chosen.offer.name == ZIP:
            return await zip_stream.send(deps, request, records, etag)
        parts = [part_of(deps, record, target) for record, target in zip(records, targets, strict=True)]
        if chosen.offer.multipart:
            return await send_multipart(request, DICOM, parts, etag)
        return await send_single(request, parts[0], etag)

    return handle


def offers(stored: frozenset[str], *, single: bool) -> Sequence[Offer]:
    """Return the representations of a Study or Series, and of a single Instance (PS3.18 Table 10.4.4-1)."""
    syntaxes = codecs.LOSSLESS_TARGETS | codecs.LOSSY_TARGETS | stored
    many = Offer(DICOM, multipart=True, default=codecs.EXPLICIT_LE, syntaxes=syntaxes, as_stored=True)
    one = Offer(DICOM, default=codecs.EXPLICIT_LE, syntaxes=syntaxes, as_stored=True)
    values = Offer(OCTETS, multipart=True, default=codecs.EXPLICIT_LE, as_stored=True)
    return [many, *([one] if single else []), Offer(ZIP), values]


def chosen_for(request: web.Request, choices: Sequence[Offer], stored: frozenset[str] = frozenset()) -> Chosen:
    """Return what to answer with; 406 when nothing of what is acceptable is on offer."""
    query = resources.query_of(request).get("accept")
    found = choose(choices, header=_accept(request), query=query, stored=stored)
    if found is None:
        names = sorted({f"multipart/related; type={o.name}" if o.multipart else o.name for o in choices})
        resources.refuse(web.HTTPNotAcceptable, "not-acceptable", f"on offer: {', '.join(names)}")
    return found


def _accept(request: web.Request) -> str | None:
    fields = request.headers.getall("Accept", [])
    return ", ".join(fields) if fields else None


def part_of(deps: ArchiveDeps, record: InstanceRecord, target: str | None) -> Part:
    """Return the Instance as a part, as stored or brought into ``target``."""
    location = location_of(deps, record)
    if target is None:
        name = f"{DICOM}; transfer-syntax={record.transfer_syntax_uid}"
        return Part(name, lambda: as_stored(deps, record), record.size_bytes, location)
    name = f"{DICOM}; transfer-syntax={target}"
    return Part(name, lambda: transcoding.transcoded(deps, record, target), None, location)


def location_of(deps: ArchiveDeps, record: InstanceRecord) -> str:
    """Return the URL of the Instance."""
    return (
        f"{deps.settings.public_root}/studies/{record.study_instance_uid}/series/{record.series_instance_uid}"
        f"/instances/{record.sop_instance_uid}"
    )


async def as_stored(deps: ArchiveDeps, record: InstanceRecord) -> AsyncIterator[bytes]:
    """Yield the bytes at rest."""
    if record.size_bytes <= SMALL_BYTES:
        yield await deps.blobs.get(record.blob)
        return
    async for chunk in deps.blobs.stream(record.blob, chunk=CHUNK):
        yield chunk
