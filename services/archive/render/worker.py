"""Draw frames in the process pool: from the stored bytes of frames to the body of an answer.

Takes bytes or the place of bytes in a local file, so that pixels need not cross the pipe of the pool.
"""

import os
from collections.abc import Mapping, Sequence

import msgspec
from PIL import Image

from services.archive.pixels import codecs
from services.archive.render import image_attributes, pipeline
from services.archive.render.image_attributes import Facts
from services.archive.render.parameters import Viewport, Wishes
from services.archive.render.presentation_state import State

Span = tuple[int, int]


class Source(msgspec.Struct, frozen=True):
    """The bytes of one frame: themselves, or a file and where they lie in it. shift: bits to skip at their start."""

    data: bytes = b""
    path: str = ""
    spans: tuple[Span, ...] = ()
    shift: int = 0


class Picture(msgspec.Struct, frozen=True):
    """One frame to draw. number: from 1.  metadata: the record's gzip member.  bulk: LUTs by path.  state: to apply."""

    source: Source
    number: int
    frames: int
    transfer_syntax_uid: str
    metadata: bytes
    bulk: Mapping[str, bytes]
    state: State | None = None


def draw(picture: Picture, wishes: Wishes, media_type: str) -> bytes:
    """Return one frame as an image file."""
    found = _facts(picture)
    image = _drawn(picture, found, wishes)
    icc = found.icc_profile if wishes.icc and image.mode == "RGB" else None
    return pipeline.encoded([image], media_type, wishes.quality, icc)


def animate(pictures: Sequence[Picture], wishes: Wishes) -> bytes:
    """Return frames as an animated GIF."""
    return pipeline.encoded([_drawn(each, _facts(each), wishes) for each in pictures], "image/gif", None)


def _facts(picture: Picture) -> Facts:
    return image_attributes.read(picture.metadata, picture.frames, picture.bulk)


def _drawn(picture: Picture, found: Facts, wishes: Wishes) -> Image.Image:
    data = _bytes(picture.source, found)
    samples, photometric = codecs.decode(data, picture.transfer_syntax_uid, found.shape)
    look = found.look(picture.number - 1)
    if picture.state is not None:
        look = picture.state.look(look)
    image = pipeline.rendered(samples, photometric, look.asked_for(wishes.window))
    if picture.state is not None:
        image = picture.state.present(image)
    image = pipeline.placed(image, wishes.viewport, found.aspect if wishes.viewport else 1.0)
    return pipeline.annotated(image, found.annotation(wishes.annotation))


def _bytes(source: Source, found: Facts) -> bytes:
    data = source.data
    if source.path:
        descriptor = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = b"".join(os.pread(descriptor, end - start, start) for start, end in source.spans)
        finally:
            os.close(descriptor)
    return codecs.frame_of_bits(data, source.shift, found.shape.frame_bits) if source.shift else data


def thumbnail(wishes: Wishes, side: int) -> Wishes:
    """Return the wishes of a thumbnail: as asked, or to fit a square."""
    return wishes if wishes.viewport else msgspec.structs.replace(wishes, viewport=Viewport(side, side))
