"""Apply Palette Color Lookup Tables, segmented ones too.

Source: PS3.3 C.7.6.3.1.5, C.7.6.3.1.6 (descriptor, data), C.7.9.2 (segmented data).
"""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.archive.render.display import Palette
from shared.errors import Refused

Array = NDArray[Any]
DISCRETE, LINEAR, INDIRECT = 0, 1, 2


def apply_palette(samples: Array, palette: Palette) -> Array:
    """Return uint8 RGB (rows, columns, 3). samples: (rows, columns), the indices."""
    planes = []
    for lut in (palette.red, palette.green, palette.blue):
        entries = np.frombuffer(lut.data, np.uint16)
        table = (entries >> 8 if lut.bits == 16 else entries).astype(np.uint8)
        planes.append(table[np.clip(samples.astype(np.int32) - lut.first, 0, len(table) - 1)])
    return np.stack(planes, axis=-1)


def entries_of(data: bytes, bits: int, count: int) -> bytes:
    """Return LUT Data as uint16 in native order. bits: of the descriptor's third value; 8-bit data may be packed."""
    if bits == 8 and len(data) < 2 * count:
        return np.frombuffer(data, np.uint8)[:count].astype(np.uint16).tobytes()
    return np.frombuffer(data[: len(data) // 2 * 2], "<u2")[:count].astype(np.uint16).tobytes()


def expanded(data: bytes, bits: int, count: int) -> bytes:
    """Return the entries of Segmented LUT Data as uint16 in native order (PS3.3 C.7.9.2)."""
    words = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2]) if bits == 16 else tuple(data)
    values: list[int] = []
    try:
        _expand(words, 0, len(words), values, count, bits)
    except (IndexError, RecursionError) as error:
        raise Refused("bad-segmented-palette", "PS3.3 C.7.9.2") from error
    return np.array(values[:count], np.uint16).tobytes()


def _expand(
    words: tuple[int, ...], at: int, end: int, values: list[int], count: int, bits: int, segments: int | None = None
) -> None:
    while at < end and len(values) < count and segments != 0:
        code, length = words[at], words[at + 1]
        if code == DISCRETE:
            if at + 2 + length > len(words):
                raise IndexError(length)
            values += words[at + 2 : at + 2 + length]
            at += 2 + length
        elif code == LINEAR:
            start, stop = values[-1], words[at + 2]
            values += [round(start + (stop - start) * step / length) for step in range(1, length + 1)]
            at += 3
        elif code == INDIRECT and segments is None:
            step = 16 if bits == 16 else 8
            offset = words[at + 2] | words[at + 3] << step  # PS3.3 C.7.9.2.3, in words of this LUT
            if bits == 8:
                offset |= words[at + 4] << 16 | words[at + 5] << 24
            _expand(words, offset, end, values, count, bits, segments=length)
            at += 4 if bits == 16 else 6
        else:
            raise IndexError(code)
        if segments is not None:
            segments -= 1
