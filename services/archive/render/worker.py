"""Render frames in the process pool: from the stored bytes of frames to the body of a response.

Takes bytes or the place of bytes in a local file, so that pixels need not cross the pipe of the pool.
"""

import os
from collections.abc import Mapping, Sequence

import msgspec
from PIL import Image

from services.archive.pixels import codecs
from services.archive.render import image_attributes, output, pipeline
from services.archive.render.image_attributes import ImageAttributes
from services.archive.render.parameters import RenderingParameters, Viewport
from services.archive.render.presentation_state import PresentationState

Span = tuple[int, int]


class FrameSource(msgspec.Struct, frozen=True):
    """The bytes of one frame: themselves, or a file and where they lie in it. shift: bits to skip at their start."""

    data: bytes = b""
    path: str = ""
    spans: tuple[Span, ...] = ()
    shift: int = 0


class RenderJob(msgspec.Struct, frozen=True):
    """One frame to render.

    number: from 1.  metadata: the record's gzip member.  bulk: LUTs by path.  state: to apply.
    """

    source: FrameSource
    number: int
    frames: int
    transfer_syntax_uid: str
    metadata: bytes
    bulk: Mapping[str, bytes]
    state: PresentationState | None = None


def render(job: RenderJob, parameters: RenderingParameters, media_type: str) -> bytes:
    """Return one frame as an image file."""
    attributes = _attributes(job)
    image = _rendered(job, attributes, parameters)
    icc = attributes.icc_profile if parameters.icc and image.mode == "RGB" else None
    return output.encoded([image], media_type, parameters.quality, icc)


def animate(jobs: Sequence[RenderJob], parameters: RenderingParameters) -> bytes:
    """Return frames as an animated GIF."""
    return output.encoded([_rendered(each, _attributes(each), parameters) for each in jobs], "image/gif", None)


def _attributes(job: RenderJob) -> ImageAttributes:
    return image_attributes.read(job.metadata, job.frames, job.bulk)


def _rendered(job: RenderJob, attributes: ImageAttributes, parameters: RenderingParameters) -> Image.Image:
    data = _bytes(job.source, attributes)
    samples, photometric = codecs.decode(data, job.transfer_syntax_uid, attributes.shape)
    display = attributes.display_state(job.number - 1)
    if job.state is not None:
        display = job.state.changed(display)
    image = pipeline.rendered(samples, photometric, display.with_window(parameters.window))
    if job.state is not None:
        image = job.state.present(image)
    image = output.placed(image, parameters.viewport, attributes.aspect if parameters.viewport else 1.0)
    return output.annotated(image, attributes.annotation(parameters.annotation))


def _bytes(source: FrameSource, attributes: ImageAttributes) -> bytes:
    data = source.data
    if source.path:
        descriptor = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = b"".join(os.pread(descriptor, end - start, start) for start, end in source.spans)
        finally:
            os.close(descriptor)
    return codecs.frame_of_bits(data, source.shift, attributes.shape.frame_bits) if source.shift else data


def thumbnail(parameters: RenderingParameters, side: int) -> RenderingParameters:
    """Return the parameters of a thumbnail: with the viewport of the request, or to fit a square."""
    return parameters if parameters.viewport else msgspec.structs.replace(parameters, viewport=Viewport(side, side))
