"""Turn the samples of one frame into an image: the grayscale and colour pipelines of PS3.4 N.2. Pure.

Modality LUT → VOI (window or LUT) → Presentation LUT; then output.py: region and viewport → annotation → image file.
For integers of up to 16 bits the grayscale pipeline is one table, so that a frame costs one state-up a pixel.

Source: PS3.18 8.3.5; PS3.3 C.11.1 (Modality LUT), C.11.2 (VOI LUT), C.7.6.3.1.5 (Palette Color); PS3.4 N.2.
"""

import functools
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.archive.render.display import DisplayState, Lut, Window
from services.archive.render.palette import apply_palette

Array = NDArray[Any]
WHITE, BLACK = 255, 0


def grayscale(samples: Array, state: DisplayState) -> Array:
    """Return uint8 of the same shape. samples: (rows, columns), integers or floats."""
    if samples.dtype.kind == "f" or samples.dtype.itemsize > 2:
        return _displayed(samples.astype(np.float64), state, samples)
    bits = 8 * samples.dtype.itemsize
    if not state.windowed:  # no VOI is given: the whole range of this frame (PS3.3 C.11.2.1.2 leaves it open)
        state = msgspec.structs.replace(state, extremes=_extremes(samples, state))
    return np.take(_table(bits, samples.dtype.kind == "i", state), samples.view(f"u{bits // 8}"))


@functools.lru_cache(maxsize=64)
def _table(bits: int, signed: bool, state: DisplayState) -> Array:
    """Return the shade of every stored value, at the place that its bits have as an unsigned number."""
    values = np.arange(1 << bits, dtype=np.int64)
    if signed:
        values = np.where(values >> (bits - 1), values - (1 << bits), values)
    return _displayed(values.astype(np.float64), state, values)


def _extremes(samples: Array, state: DisplayState) -> tuple[float, float]:
    low, high = int(samples.min()), int(samples.max())
    if state.padding is not None:
        first, last = state.padding
        inside = samples[(samples < first) | (samples > last)]
        if inside.size:
            low, high = int(inside.min()), int(inside.max())
    ends = modality(np.array([low, high], np.float64), state)
    return float(ends.min()), float(ends.max())


def _displayed(values: Array, state: DisplayState, stored: Array) -> Array:
    shades = _voi(modality(values, state), state)
    if state.inverse:
        shades = 1.0 - shades
    image = (shades * WHITE + 0.5).astype(np.uint8)
    if state.padding is not None:  # Pixel Padding Value has no meaning to display (PS3.3 C.7.5.1.1.2)
        image[(stored >= state.padding[0]) & (stored <= state.padding[1])] = BLACK
    return image


def modality(values: Array, state: DisplayState) -> Array:
    """Return what the stored values mean, such as HU (PS3.3 C.11.1)."""
    if state.modality_lut is not None:
        return looked_up(values, state.modality_lut)
    return values * state.slope + state.intercept


def looked_up(values: Array, lut: Lut) -> Array:
    """Return the LUT's entries; below its first and above its last mapped value, its ends (PS3.3 C.11.1.1)."""
    entries = np.frombuffer(lut.data, np.uint16)
    places = np.clip(np.rint(values).astype(np.int64) - lut.first, 0, len(entries) - 1)
    return entries[places].astype(np.float64)


def _voi(values: Array, state: DisplayState) -> Array:
    """Return shades from 0 to 1."""
    if state.window is not None:
        return windowed(values, state.window)
    if state.voi_lut is not None:
        return looked_up(values, state.voi_lut) / ((1 << state.voi_lut.bits) - 1)
    low, high = state.extremes or (float(np.nanmin(values)), float(np.nanmax(values)))
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


def colour(samples: Array, photometric: str, state: DisplayState) -> Array:
    """Return uint8 RGB (rows, columns, 3) of a colour frame; a window, where asked for, applies to every channel."""
    if state.palette is not None:
        return apply_palette(samples, state.palette)
    if samples.dtype.itemsize == 2:
        samples = (samples >> max(0, state.bits_stored - 8)).astype(np.uint8)
    if photometric.startswith("YBR"):
        samples = np.asarray(Image.fromarray(np.ascontiguousarray(samples), "YCbCr").convert("RGB"))
    if state.window is not None and state.asked:
        samples = (windowed(samples.astype(np.float64), state.window) * WHITE + 0.5).astype(np.uint8)
    return np.ascontiguousarray(samples)


def rendered(samples: Array, photometric: str, state: DisplayState) -> Image.Image:
    """Return the frame as an image of mode L or RGB."""
    pixels = grayscale(samples, state) if photometric.startswith("MONO") else colour(samples, photometric, state)
    return Image.fromarray(pixels)
