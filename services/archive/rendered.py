"""Retrieve rendered images and thumbnails, at every level.

Source: PS3.18 10.4.1.1.3 (Rendered), 10.4.1.1.4 (Thumbnail), 8.3.5 (parameters), 8.7.4 (Rendered Media Types).
"""

from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from services.archive import conditional, draw, facts, frames, lookup, rendering
from services.archive.deps import ArchiveDeps
from services.archive.draw import Picture, Source
from services.archive.lookup import answering
from services.archive.multipart_out import Part, send_multipart, send_single, whole
from services.archive.negotiate import Chosen, Offer
from services.archive.records import InstanceRecord
from services.archive.rendering import Wishes
from services.archive.wado import chosen_for, location_of
from shared.errors import Refused

KINDS = ("image/jpeg", "image/png", "image/gif")
GIF = "image/gif"
THUMBNAIL_SIDE = 128
MAX_ANIMATED_BYTES = 512 << 20  # of decoded samples in one animation


def retrieve(deps: ArchiveDeps) -> lookup.Handle:
    """Answer GET of the rendered form of a Study, Series, Instance or of frames."""

    @answering
    async def handle(request: web.Request) -> web.StreamResponse:
        wishes = rendering.wishes(lookup.query_of(request))
        path = request.match_info
        records = _images(await lookup.here(deps, path))
        listed = _listed(records[0], path["frames"]) if "frames" in path else None
        single = "instance" in path and (listed is None or len(listed) == 1)
        chosen = chosen_for(request, _offers(single=single))
        etag = _etag(records, chosen, request, path.get("frames", ""))
        if unchanged := conditional.not_modified(request, etag):
            return unchanged
        if not chosen.offer.multipart:
            body = await _one(deps, records[0], listed, wishes, chosen.offer.name)
            return await send_single(request, whole(chosen.offer.name, body), etag)
        parts = _parts(deps, records, listed, wishes, chosen.offer.name)
        return await send_multipart(request, chosen.offer.name, parts, etag)

    return handle


def thumbnail(deps: ArchiveDeps) -> lookup.Handle:
    """Answer GET of the thumbnail of a Study, Series, Instance or frame: one small image that stands for it."""

    @answering
    async def handle(request: web.Request) -> web.StreamResponse:
        wishes = draw.thumbnail(rendering.wishes(lookup.query_of(request)), THUMBNAIL_SIDE)
        path = request.match_info
        records = _images(await lookup.here(deps, path))
        record = records[len(records) // 2]
        listed = _listed(record, path["frames"])[:1] if "frames" in path else None
        chosen = chosen_for(request, [Offer(kind) for kind in KINDS])
        etag = _etag([record], chosen, request, "thumbnail" + path.get("frames", ""))
        if unchanged := conditional.not_modified(request, etag):
            return unchanged
        number = listed[0] if listed else _representative(record)
        body = await deps.cpu(draw.draw, await picture(deps, record, number), wishes, chosen.offer.name)
        return await send_single(request, whole(chosen.offer.name, body), etag)

    return handle


def _images(records: Sequence[InstanceRecord]) -> list[InstanceRecord]:
    found = [record for record in records if record.pixels is not None]
    if not found:
        raise Refused("nothing-to-render", "the resource has no image; its metadata and bulk data are there")
    return found


def _listed(record: InstanceRecord, text: str) -> list[int]:
    return frames.numbers(text, frames.pixels_of(record).number_of_frames)


def _offers(*, single: bool) -> list[Offer]:
    alone = [Offer(kind) for kind in KINDS]
    many = [Offer(kind, multipart=True) for kind in KINDS]
    return [*alone, *many] if single else many


def _etag(records: Sequence[InstanceRecord], chosen: Chosen, request: web.Request, extra: str) -> str:
    query = "&".join(sorted(f"{name}={value}" for name, value in request.query.items()))
    return conditional.etag_of_all(
        (r.sha256 for r in records), chosen.offer.name, str(chosen.offer.multipart), query, extra
    )


async def _one(deps: ArchiveDeps, record: InstanceRecord, listed: list[int] | None, wishes: Wishes, kind: str) -> bytes:
    """Return one body: the frame that was named; of a whole Instance its representative frame, or all as a GIF."""
    count = frames.pixels_of(record).number_of_frames
    if listed is None and kind == GIF and count > 1:
        shape = frames.frame_shape(record)
        if shape.frame_bits // 8 * count > MAX_ANIMATED_BYTES:
            raise Refused("too-large-to-animate", "ask for frames, or for image/jpeg")
        every = [await picture(deps, record, number) for number in range(1, count + 1)]
        return await deps.cpu(draw.animate, every, wishes)
    number = listed[0] if listed else _representative(record)
    return await deps.cpu(draw.draw, await picture(deps, record, number), wishes, kind)


def _representative(record: InstanceRecord) -> int:
    count = frames.pixels_of(record).number_of_frames
    return 1 if count == 1 else facts.read(record.metadata, count, {}).representative


async def _parts(
    deps: ArchiveDeps, records: Sequence[InstanceRecord], listed: list[int] | None, wishes: Wishes, kind: str
) -> AsyncIterator[Part]:
    for record in records:
        every = range(1, frames.pixels_of(record).number_of_frames + 1)
        for number in listed or every:
            body = await deps.cpu(draw.draw, await picture(deps, record, number), wishes, kind)
            yield whole(kind, body, f"{location_of(deps, record)}/frames/{number}/rendered")


async def picture(deps: ArchiveDeps, record: InstanceRecord, number: int) -> Picture:
    """Return what the pool needs to draw one frame; pixels of a local file stay where they are."""
    path = None if record.deflated else deps.blobs.local_path(record.blob)
    if path is None:
        source = Source(data=await frames.frame(deps, record, number))
    else:
        bits = 0 if frames.pixels_of(record).encapsulated else frames.frame_shape(record).frame_bits
        source = Source(path=str(path), spans=frames.spans(record, number), shift=bits * (number - 1) % 8)
    count = frames.pixels_of(record).number_of_frames
    bulk = await frames.lut_bytes(deps, record)
    return Picture(source, number, count, record.transfer_syntax_uid, record.metadata, bulk)
