"""Retrieve frames, each by its own bytes, as stored or transcoded.

Source: PS3.18 10.4.1.1.6 (Frame Pixel Data), 8.7.3.3 (bulk data media types and their Transfer Syntaxes).
"""

from collections.abc import AsyncIterator

from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.http import conditional, resources
from services.archive.http.multipart import Part, send_multipart, send_single
from services.archive.http.negotiate import ANY, Chosen, Offer
from services.archive.http.responses import Handle, answering_errors, instance_url, negotiated
from services.archive.pixels import codecs, frames
from services.archive.pixels.transfer_syntaxes import (
    EXPLICIT_LE,
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_LOSSLESS_RPCL,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_LS_NEAR,
    LITTLE_ENDIAN,
    LOSSLESS_TARGETS,
    LOSSY_TARGETS,
    NATIVE,
    RLE,
)
from services.archive.records import InstanceRecord
from shared.errors import Refused

OCTETS = "application/octet-stream"
COMPRESSED = {  # media type → default and other Transfer Syntaxes (PS3.18 Table 8.7.3-5)
    "image/jpeg": (
        JPEG_LOSSLESS_SV1,
        JPEG_BASELINE,
        JPEG_EXTENDED,
        JPEG_LOSSLESS,
    ),
    "image/dicom-rle": (RLE,),
    "image/x-dicom-rle": (RLE,),
    "image/jls": (JPEG_LS, JPEG_LS_NEAR),
    "image/x-jls": (JPEG_LS, JPEG_LS_NEAR),
    "image/jp2": (JPEG_2000_LOSSLESS, JPEG_2000),
    "image/jphc": (HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL, HTJ2K),
}


def retrieve(deps: ArchiveDeps) -> Handle:
    """Answer GET of one or several frames."""

    @answering_errors
    async def handle(request: web.Request) -> web.StreamResponse:
        record = await resources.online_instance(deps, request.match_info)
        wanted = frames.numbers(request.match_info["frames"], frames.pixels_of(record).number_of_frames)
        chosen = negotiated(request, _offers(record, single=len(wanted) == 1), frozenset({record.transfer_syntax_uid}))
        target = _target(record, chosen)
        etag = conditional.etag_of(record.sha256, chosen.offer.name, target, *map(str, wanted))
        name = f"{chosen.offer.name}; transfer-syntax={target}"
        location = instance_url(deps.settings.public_root, record)
        parts = [_part(deps, record, number, target, name, f"{location}/frames/{number}") for number in wanted]
        if chosen.offer.multipart:
            return await send_multipart(request, chosen.offer.name, parts, etag)
        return await send_single(request, parts[0], etag)

    return handle


def _offers(record: InstanceRecord, *, single: bool) -> list[Offer]:
    stored = record.transfer_syntax_uid
    encodable = LOSSLESS_TARGETS | LOSSY_TARGETS | {stored}
    octets = frozenset({EXPLICIT_LE, stored})
    kinds = [(OCTETS, EXPLICIT_LE, octets, True)]
    for name, syntaxes in COMPRESSED.items():
        fitting = tuple(uid for uid in syntaxes if uid in encodable)
        if fitting:
            default = stored if stored in fitting and syntaxes[0] not in encodable else fitting[0]
            kinds.append((name, default, frozenset(fitting), stored in syntaxes))
    forms = (True, False) if single else (True,)
    return [Offer(name, form, default, uids, stays) for form in forms for name, default, uids, stays in kinds]


def _target(record: InstanceRecord, chosen: Chosen) -> str:
    """Return the Transfer Syntax of the parts."""
    stored, asked = record.transfer_syntax_uid, chosen.transfer_syntax
    if asked == ANY:
        asked = stored if stored not in NATIVE else EXPLICIT_LE
    if not chosen.named and chosen.offer.name != OCTETS and stored in COMPRESSED[chosen.offer.name]:
        asked = stored  # it is of that media type already; making it another would only lose
    if asked == stored or codecs.can_transcode(stored, asked, frames.frame_shape(record)):
        return asked
    raise Refused("no-such-transcoding", f"from {stored} to {asked}")


def _part(deps: ArchiveDeps, record: InstanceRecord, number: int, target: str, name: str, location: str) -> Part:
    stored = record.transfer_syntax_uid
    plain = stored == target or (stored in LITTLE_ENDIAN and target == EXPLICIT_LE)

    async def body() -> AsyncIterator[bytes]:
        data = await frames.frame(deps, record, number)
        if not plain:
            shape = frames.frame_shape(record)
            data = (await deps.cpu(codecs.transcode, data, stored, target, shape)).data
        yield data

    return Part(name, body, frames.size(record, number) if plain else None, location)
