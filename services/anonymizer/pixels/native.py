"""Native pixel data with nothing in them that is no image: cut to the image's size, its unused bits cleared. Pure.

Most images pass with one look at their smallest and largest value. What is mapped is read chunk by chunk.

Source: PS3.5 8.1.1 (Pixel Cells, padding), 8.1.2 (overlay planes in unused bits, retired), 8.2 (frames).
"""

import mmap
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from services.anonymizer.pixels.layout import UNCLEAR, Layout
from shared.errors import Refused

Array = np.ndarray[Any, Any]
Buffer = bytes | memoryview
_CHUNK: Final = 4 << 20
_CELLS: Final = {
    (bits, little): np.dtype(f"{'<' if little else '>'}u{bits // 8}")
    for bits in (8, 16, 32, 64)
    for little in (True, False)
}
"""Pixel Cells that numpy reads, by their bits and byte order."""


def cleared(value: memoryview, layout: Layout, bits: int, *, little: bool, words: bool) -> list[Buffer] | None:
    """Return the value with nothing but the image, of even length; None if it is so already.

    bits: of the image, all frames.  little: the byte order.  words: whether the VR is one of words (OW), whose bytes
    big endian swaps.  Raises Refused where the length contradicts the Photometric Interpretation.
    """
    exact = -(-bits // 8)
    _check_subsampling(len(value), layout, exact)
    if words and not little and layout.allocated < 16 and (exact & 1 or bits % 8) and len(value) >= exact:
        swapped = _without_surplus(memoryview(_swapped(value[: exact + (exact & 1)])), layout, bits, little=True)
        if swapped is not None:
            return [_swapped(memoryview(b"".join(swapped)))]
        return None if len(value) == exact + (exact & 1) else [value[: exact + (exact & 1)]]
    return _without_surplus(value, layout, bits, little=little)


def has_surplus(value: memoryview, layout: Layout) -> bool:
    """Say whether the unused bits of samples in little endian hold anything."""
    return _cleared_cells(value, layout, little=True) is not None


def _check_subsampling(size: int, layout: Layout, exact: int) -> None:
    """Refuse an image in full resolution that says it is subsampled: its surplus cannot be told from the image."""
    full = layout.rows * layout.columns * layout.samples * layout.allocated * layout.frames // 8
    if exact + 1 < size and exact < full <= size <= full + 1:
        raise Refused(UNCLEAR, "the pixel data have the size of YBR_FULL, but the Data Set says YBR_FULL_422")


def _swapped(value: memoryview) -> bytes:
    return np.frombuffer(value, "<u2").byteswap().tobytes()


def _without_surplus(value: memoryview, layout: Layout, bits: int, *, little: bool) -> list[Buffer] | None:
    exact = -(-bits // 8)
    image, behind = value[:exact], b"\0" * (exact & 1)
    cells = _cleared_cells(image, layout, little=little)
    if bits % 8 and len(image) == exact and image[-1] >> bits % 8:
        cells = [image[:-1], bytes([image[-1] & (1 << bits % 8) - 1])]
    if cells is None and (len(value) <= exact or value[exact:] == behind):
        return None
    return [*(cells or [image]), behind if len(image) == exact else b""]


def _cleared_cells(image: memoryview, layout: Layout, *, little: bool) -> list[Buffer] | None:
    """Return the Pixel Cells with their unused bits cleared; None if these hold nothing."""
    if not layout.has_unused_bits:
        return None
    if (layout.allocated, little) not in _CELLS:
        raise Refused(UNCLEAR, "the unused bits of a Pixel Cell of this size are not known (PS3.5 8.1.1)")
    dtype = _CELLS[layout.allocated, little]
    whole = image[: len(image) // dtype.itemsize * dtype.itemsize]
    if _is_clear(whole, layout, dtype):
        return None
    return [*(_clear(cells, layout).tobytes() for cells in _chunks(whole, dtype)), image[len(whole) :]]


def _is_clear(image: memoryview, layout: Layout, dtype: "np.dtype[Any]") -> bool:
    """Say whether the unused bits hold nothing: zeros, or of signed samples all of them the sign.

    That a sample is signed and its sign is not extended is as good, if it is so throughout.
    """
    if not layout.unused_low_bits:
        low, high = _range(image, np.dtype(dtype.str.replace("u", "i")) if layout.signed else dtype)
        half = 1 << layout.stored - 1
        if (low >= 0 and high < 1 << layout.stored) or (layout.signed and -half <= low and high < half):
            return True
        if layout.padding is None:
            return False
    return all(bool(np.array_equal(cells, _clear(cells, layout))) for cells in _chunks(image, dtype))


def _range(image: memoryview, dtype: "np.dtype[Any]") -> tuple[int, int]:
    """Return the smallest (0 of unsigned cells) and the largest value."""
    low = high = 0
    for cells in _chunks(image, dtype):
        high = max(high, int(np.maximum.reduce(cells)))  # not cells.max(): the same, by way of two more calls
        low = min(low, int(np.minimum.reduce(cells))) if dtype.kind == "i" else 0
    return low, high


def _chunks(image: memoryview, dtype: "np.dtype[Any]") -> Iterator[Array]:
    """Yield the Pixel Cells; of a file that is mapped, what was read leaves memory again."""
    mapped = image.obj if isinstance(image.obj, mmap.mmap) else None
    for start in range(0, len(image), _CHUNK):
        yield np.frombuffer(image[start : start + _CHUNK], dtype)
        if mapped is not None:
            mapped.madvise(mmap.MADV_DONTNEED)


def _clear(cells: Array, layout: Layout) -> Array:
    """Return the cells with only their samples: the sign extended, other bits zero; Pixel Padding Value stays."""
    unused = layout.allocated - 1 - layout.high_bit
    kept = cells.dtype.type(((1 << layout.stored) - 1) << layout.unused_low_bits)
    if layout.signed:
        signed = cells.view(cells.dtype.str.replace("u", "i"))
        kept = cells.dtype.type((1 << layout.allocated) - (1 << layout.unused_low_bits))
        new = ((signed << unused) >> unused).view(cells.dtype) & kept
    else:
        new = cells & kept
    if layout.padding is not None and layout.allocated == 16:
        new = np.where(cells == layout.padding, cells, new)
    cleared_cells: Array = new.astype(cells.dtype, copy=False)
    return cleared_cells
