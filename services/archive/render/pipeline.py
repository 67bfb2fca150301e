"""Turn the samples of one frame into an image for the eye: the grayscale and colour pipelines of PS3.4 N.2.

Modality LUT → VOI (window or LUT) → Presentation LUT → region and viewport → annotation → JPEG, PNG or GIF.
For integers of up to 16 bits the grayscale pipeline is one table, so that a frame costs one look-up a pixel.

Source: PS3.18 8.3.5; PS3.3 C.11.1 (Modality LUT), C.11.2 (VOI LUT), C.7.6.3.1.5 (Palette Color); PS3.4 N.2.
"""

import functools
import io
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from services.archive.render.palette import apply_palette
from services.archive.render.parameters import Annotation, Look, Lut, Viewport, Window
from shared.errors import Refused

Array = NDArray[Any]
WHITE, BLACK = 255, 0
DEFAULT_QUALITY = 90
GIF_FRAME_MS = 100
MAX_SIDE = 16384


def grayscale(samples: Array, look: Look) -> Array:
    """Return uint8 of the same shape. samples: (rows, columns), integers or floats."""
    if samples.dtype.kind == "f" or samples.dtype.itemsize > 2:
        return _displayed(samples.astype(np.float64), look, samples)
    bits = 8 * samples.dtype.itemsize
    if not look.windowed:  # no VOI is given: the whole range of this frame (PS3.3 C.11.2.1.2 leaves it open)
        look = msgspec.structs.replace(look, extremes=_extremes(samples, look))
    return np.take(_table(bits, samples.dtype.kind == "i", look), samples.view(f"u{bits // 8}"))


@functools.lru_cache(maxsize=64)
def _table(bits: int, signed: bool, look: Look) -> Array:
    """Return the shade of every stored value, at the place that its bits have as an unsigned number."""
    values = np.arange(1 << bits, dtype=np.int64)
    if signed:
        values = np.where(values >> (bits - 1), values - (1 << bits), values)
    return _displayed(values.astype(np.float64), look, values)


def _extremes(samples: Array, look: Look) -> tuple[float, float]:
    low, high = int(samples.min()), int(samples.max())
    if look.padding is not None:
        first, last = look.padding
        inside = samples[(samples < first) | (samples > last)]
        if inside.size:
            low, high = int(inside.min()), int(inside.max())
    ends = modality(np.array([low, high], np.float64), look)
    return float(ends.min()), float(ends.max())


def _displayed(values: Array, look: Look, stored: Array) -> Array:
    shades = _voi(modality(values, look), look)
    if look.inverse:
        shades = 1.0 - shades
    image = (shades * WHITE + 0.5).astype(np.uint8)
    if look.padding is not None:  # Pixel Padding Value has no meaning to display (PS3.3 C.7.5.1.1.2)
        image[(stored >= look.padding[0]) & (stored <= look.padding[1])] = BLACK
    return image


def modality(values: Array, look: Look) -> Array:
    """Return what the stored values mean, such as HU (PS3.3 C.11.1)."""
    if look.modality_lut is not None:
        return looked_up(values, look.modality_lut)
    return values * look.slope + look.intercept


def looked_up(values: Array, lut: Lut) -> Array:
    """Return the LUT's entries; below its first and above its last mapped value, its ends (PS3.3 C.11.1.1)."""
    entries = np.frombuffer(lut.data, np.uint16)
    places = np.clip(np.rint(values).astype(np.int64) - lut.first, 0, len(entries) - 1)
    return entries[places].astype(np.float64)


def _voi(values: Array, look: Look) -> Array:
    """Return shades from 0 to 1."""
    if look.window is not None:
        return windowed(values, look.window)
    if look.voi_lut is not None:
        return looked_up(values, look.voi_lut) / ((1 << look.voi_lut.bits) - 1)
    low, high = look.extremes or (float(np.nanmin(values)), float(np.nanmax(values)))
    return np.nan_to_num(np.clip((values - low) / max(high - low, 1e-9), 0.0, 1.0))


def windowed(values: Array, window: Window) -> Array:
    """Apply the VOI LUT Function (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2)."""
    center, width = window.center, window.width
    if window.function == "SIGMOID":
        return 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - center) / width, -700, 700)))
    if window.function == "LINEAR_EXACT":
        return np.nan_to_num(np.clip((values - center) / width + 0.5, 0.0, 1.0))
    if width <= 1:  # LINEAR of width 1 is a threshold
        return (values > center - 0.5).astype(np.float64)
    return np.nan_to_num(np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0.0, 1.0))


def colour(samples: Array, photometric: str, look: Look) -> Array:
    """Return uint8 RGB (rows, columns, 3) of a colour frame; a window, where asked for, applies to every channel."""
    if look.palette is not None:
        return apply_palette(samples, look.palette)
    if samples.dtype.itemsize == 2:
        samples = (samples >> max(0, look.bits_stored - 8)).astype(np.uint8)
    if photometric.startswith("YBR"):
        samples = np.asarray(Image.fromarray(np.ascontiguousarray(samples), "YCbCr").convert("RGB"))
    if look.window is not None and look.asked:
        samples = (windowed(samples.astype(np.float64), look.window) * WHITE + 0.5).astype(np.uint8)
    return np.ascontiguousarray(samples)


def rendered(samples: Array, photometric: str, look: Look) -> Image.Image:
    """Return the frame as an image of mode L or RGB."""
    pixels = grayscale(samples, look) if photometric.startswith("MONO") else colour(samples, photometric, look)
    return Image.fromarray(pixels)


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
