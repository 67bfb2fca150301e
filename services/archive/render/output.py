"""Place an image in a viewport, annotate it, and encode it as JPEG, PNG or GIF. Pure.

Source: PS3.18 8.3.5.1.1 (annotation), 8.3.5.1.3 (viewport), 8.7.4 (Rendered Media Types).
"""

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from services.archive.render.display import Annotation
from services.archive.render.parameters import Viewport
from shared.errors import Refused

WHITE, BLACK = 255, 0
DEFAULT_QUALITY = 90
GIF_FRAME_MS = 100
MAX_SIDE = 16384


def placed(image: Image.Image, viewport: Viewport | None, aspect: float = 1.0) -> Image.Image:
    """Return the region of the image scaled into the viewport, keeping its shape (PS3.18 8.3.5.1.3).

    aspect: height of a pixel by its width (PS3.3 C.7.6.3.1.7).  A negative region size flips.
    """
    if viewport is None and aspect == 1.0:
        return image
    region = viewport or Viewport(0, 0)
    x, y = region.x, region.y
    wide, high = abs(region.width) or image.width - x, abs(region.height) or image.height - y
    box = (max(0, x), max(0, y), min(image.width, x + wide), min(image.height, y + high))
    if box[0] >= box[2] or box[1] >= box[3]:
        raise Refused("region-outside-image", "PS3.18 8.3.5.1.3")
    wide, high = box[2] - box[0], box[3] - box[1]
    fits_x, fits_y = float(wide), high * aspect
    scale = min((region.columns or fits_x) / fits_x, (region.rows or fits_y) / fits_y)
    size = (max(1, round(fits_x * scale)), max(1, round(fits_y * scale)))
    if max(size) > MAX_SIDE:
        raise Refused("viewport-too-large", f"at most {MAX_SIDE} a side")
    if size != (wide, high) or box != (0, 0, *image.size):
        image = image.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    if region.width < 0:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if region.height < 0 else image


def annotated(image: Image.Image, notes: Annotation) -> Image.Image:
    """Burn text into the upper corners, dark-edged so that it can be read on any ground (PS3.18 8.3.5.1.1)."""
    if not (notes.left or notes.right):
        return image
    image = image.copy()
    size = max(10, image.height // 36)
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(image)
    ink, edge = (WHITE, BLACK) if image.mode == "L" else ((WHITE,) * 3, (BLACK,) * 3)
    margin = size // 2
    style: dict[str, Any] = {"font": font, "fill": ink, "stroke_fill": edge, "stroke_width": max(1, size // 12)}
    draw.multiline_text((margin, margin), "\n".join(notes.left), **style)
    draw.multiline_text((image.width - margin, margin), "\n".join(notes.right), anchor="ra", align="right", **style)
    return image


def encoded(images: Sequence[Image.Image], media_type: str, quality: int | None, icc: bytes | None = None) -> bytes:
    """Return the images as one body of the media type; more than one only for GIF. quality: 1 to 100, for JPEG."""
    out = io.BytesIO()
    first = images[0]
    profile = {"icc_profile": icc} if icc else {}
    if media_type == "image/jpeg":
        first.save(out, "JPEG", quality=quality or DEFAULT_QUALITY, **profile)
    elif media_type == "image/png":
        first.save(out, "PNG", compress_level=3, **profile)
    elif media_type == "image/gif" and len(images) == 1:
        first.save(out, "GIF")
    elif media_type == "image/gif":
        first.save(out, "GIF", save_all=True, append_images=images[1:], duration=GIF_FRAME_MS, loop=0)
    else:
        raise Refused("not-a-rendered-media-type", media_type)
    return out.getvalue()
