"""Retrieve Studies, Series and Instances: what is stored is moved, not parsed.

Source: PS3.18 10.4 (Retrieve Transaction), 8.7.3 (Transfer Syntaxes of the media types);
RFC 9530 3 and 4 (a client that wants the digest of a representation).
"""

from collections.abc import Sequence

from aiohttp import web

from services.archive import stored_bytes
from services.archive.deps import ArchiveDeps
from services.archive.http import conditional, resources
from services.archive.http.multipart import Part, send_multipart, send_single
from services.archive.http.negotiate import Offer
from services.archive.http.responses import Handle, answering_errors, instance_url, negotiated
from services.archive.pixels import transcoding
from services.archive.pixels.transfer_syntaxes import EXPLICIT_LE, LOSSLESS_TARGETS, LOSSY_TARGETS
from services.archive.records import InstanceRecord
from services.archive.retrieve import bulkdata, zip_stream
from services.archive.store.bytes_at_rest import without_bytes
from shared.errors import NotFound
from shared.web.content_digest import wants_sha256

WANT = "Want-Repr-Digest"
DICOM, OCTETS, ZIP = "application/dicom", "application/octet-stream", "application/zip"


def retrieve(deps: ArchiveDeps) -> Handle:
    """Answer GET of a Study, a Series or an Instance."""

    @answering_errors
    async def handle(request: web.Request) -> web.StreamResponse:
        path = request.match_info
        resource = await resources.resource_of(deps, path)
        records, status = resource.online, resource.status()
        stored = frozenset(record.transfer_syntax_uid for record in records)
        chosen = negotiated(request, offers(stored, single="instance" in path), stored)
        if chosen.offer.name == OCTETS:
            return await bulkdata.send_all(deps, request, resource, chosen)
        targets = [transcoding.target_of(record, chosen) for record in records]
        asked = wants_sha256(request.headers.get(WANT, ""))
        etag = conditional.etag_of_all((r.sha256 for r in records), repr(chosen.offer), *map(str, targets))
        if chosen.offer.name == ZIP:
            return await zip_stream.send(deps, request, records, etag, status)
        pairs = zip(records, targets, strict=True)
        parts = [part_of(deps, record, target, compare=asked) for record, target in pairs]
        if chosen.offer.multipart:
            return await send_multipart(request, DICOM, parts, etag, status)
        if request.method == "HEAD":
            await _check_bytes(deps, records[0])
        return await send_single(request, parts[0], etag, records[0].sha256 if targets[0] is None else "")

    return handle


async def _check_bytes(deps: ArchiveDeps, record: InstanceRecord) -> None:
    """Raise NotFound if what a GET would read is not there: who asks by HEAD wants to know whether we hold it."""
    if await without_bytes(deps, [record]):
        raise NotFound("bytes-missing")


def offers(stored: frozenset[str], *, single: bool) -> Sequence[Offer]:
    """Return the representations of a Study or Series, and of a single Instance (PS3.18 Table 10.4.4-1)."""
    syntaxes = LOSSLESS_TARGETS | LOSSY_TARGETS | stored
    many = Offer(DICOM, multipart=True, default=EXPLICIT_LE, syntaxes=syntaxes, as_stored=True)
    one = Offer(DICOM, default=EXPLICIT_LE, syntaxes=syntaxes, as_stored=True)
    values = Offer(OCTETS, multipart=True, default=EXPLICIT_LE, as_stored=True)
    return [many, *([one] if single else []), Offer(ZIP), values]


def part_of(deps: ArchiveDeps, record: InstanceRecord, target: str | None, *, compare: bool = False) -> Part:
    """Return the Instance as a part, as stored or brought into ``target``.

    compare: stored bytes with their SHA-256, whatever the settings say.
    """
    location = instance_url(deps.settings.public_root, record)
    if target is None:
        name = f"{DICOM}; transfer-syntax={record.transfer_syntax_uid}"
        return Part(name, lambda: stored_bytes.stream(deps, record, always=compare), record.size_bytes, location)
    name = f"{DICOM}; transfer-syntax={target}"
    return Part(name, lambda: transcoding.transcoded(deps, record, target), None, location)
