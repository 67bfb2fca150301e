"""Retrieve rendered images and thumbnails, at every level.

Source: PS3.18 10.4.1.1.3 (Rendered), 10.4.1.1.4 (Thumbnail), 8.3.5 (parameters), 8.7.4 (Rendered Media Types).
"""

from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.http import conditional, resources
from services.archive.http.multipart import Part, send_multipart, send_single, whole
from services.archive.http.negotiate import Chosen, Offer
from services.archive.http.responses import Handle, answering_errors, instance_url, negotiated, query_of
from services.archive.pixels import frames
from services.archive.render import encapsulated_document, frame_selection, parameters, worker
from services.archive.render.frame_selection import SelectedFrame
from services.archive.render.parameters import RenderingParameters
from shared.errors import Refused

KINDS = ("image/jpeg", "image/png", "image/gif")
GIF = "image/gif"
THUMBNAIL_SIDE = 128
MAX_ANIMATED_BYTES = 512 << 20  # of decoded samples in one animation


def retrieve(deps: ArchiveDeps) -> Handle:
    """Answer GET of the rendered form of a Study, Series, Instance or of frames."""

    @answering_errors
    async def handle(request: web.Request) -> web.StreamResponse:
        rendering = parameters.parse(query_of(request))
        path = request.match_info
        resource = await resources.resource_of(deps, path)
        if "instance" in path and encapsulated_document.is_document(resource.online[0]):
            return await encapsulated_document.send(deps, request, resource.online[0])
        selection, status = await frame_selection.of_frames(deps, resource, path.get("frames"))
        single = len(selection) == 1 or ("instance" in path and "frames" not in path)
        chosen = negotiated(request, _offers(single=single, preferred="instance" in path))
        etag = _etag(selection, chosen, request, "rendered")
        if unchanged := conditional.not_modified(request, etag):
            return unchanged
        kind = chosen.offer.name
        if not chosen.offer.multipart:
            body = whole(kind, await _one(deps, selection, rendering, kind))
            return await send_single(request, body, etag, status=status)
        return await send_multipart(request, kind, _parts(deps, selection, rendering, kind), etag, status)

    return handle


def thumbnail(deps: ArchiveDeps) -> Handle:
    """Answer GET of the thumbnail of a Study, Series, Instance or frame: one small image that stands for it."""

    @answering_errors
    async def handle(request: web.Request) -> web.StreamResponse:
        rendering = worker.thumbnail(parameters.parse(query_of(request)), THUMBNAIL_SIDE)
        path = request.match_info
        resource = await resources.resource_of(deps, path)
        selection, _ = await frame_selection.of_frames(deps, resource, path.get("frames"))
        chosen = negotiated(request, [Offer(kind) for kind in KINDS])
        selected = frame_selection.representative(selection)
        etag = _etag([selected], chosen, request, "thumbnail")
        if unchanged := conditional.not_modified(request, etag):
            return unchanged
        body = await deps.cpu(
            worker.render, await frame_selection.render_job(deps, selected), rendering, chosen.offer.name
        )
        return await send_single(request, whole(chosen.offer.name, body), etag)

    return handle


def _offers(*, single: bool, preferred: bool) -> list[Offer]:
    """Return what can be had: multipart always, one body where there is one image to give (PS3.18 8.7.3)."""
    alone = [Offer(kind) for kind in KINDS] if single else []
    many = [Offer(kind, multipart=True) for kind in KINDS]
    return [*alone, *many] if preferred else [*many, *alone]


def _etag(selection: Sequence[SelectedFrame], chosen: Chosen, request: web.Request, form: str) -> str:
    query = "&".join(sorted(f"{name}={value}" for name, value in request.query.items()))
    digests = (f"{selected.record.sha256}{selected.number}{selected.state}" for selected in selection)
    return conditional.etag_of_all(digests, repr(chosen.offer), query, form)


async def _one(
    deps: ArchiveDeps, selection: Sequence[SelectedFrame], rendering: RenderingParameters, kind: str
) -> bytes:
    """Return one body: all frames as an animated GIF, else the frame that stands for them."""
    if kind != GIF or len(selection) == 1:
        return await frame_selection.rendered(deps, frame_selection.representative(selection), rendering, kind)
    if sum(frames.frame_shape(selected.record).frame_bits // 8 for selected in selection) > MAX_ANIMATED_BYTES:
        raise Refused("too-large-to-animate", "ask for frames, or for image/jpeg")
    jobs = [await frame_selection.render_job(deps, selected) for selected in selection]
    return await deps.cpu(worker.animate, jobs, rendering)


async def _parts(
    deps: ArchiveDeps, selection: Sequence[SelectedFrame], rendering: RenderingParameters, kind: str
) -> AsyncIterator[Part]:
    for selected in selection:
        body = await frame_selection.rendered(deps, selected, rendering, kind)
        instance = instance_url(deps.settings.public_root, selected.record)
        yield whole(kind, body, f"{instance}/frames/{selected.number}/rendered")
