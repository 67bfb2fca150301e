"""Encode JPEG: baseline by libjpeg-turbo, and lossless (Process 14, Selection Value 1) here, which no library offers.

Source: ITU-T T.81: annex H (lossless), K.2 (Huffman tables), B (markers); PS3.5 8.2.1, A.4.1.
"""

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
CATEGORIES = 17
MAX_CODE_BITS = 16


def fits_baseline(bits_allocated: int, signed: bool, photometric: str) -> bool:
    """Say whether JPEG baseline can hold it: 8 bit, unsigned, grayscale or three colours."""
    colours = ("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422")
    return bits_allocated == 8 and not signed and photometric in colours


def encode_baseline(pixels: Array, quality: int, *, ybr: bool = False) -> bytes:
    """Return the image as JPEG. pixels: uint8, (rows, columns) or (rows, columns, 3), RGB unless ``ybr``."""
    samples = np.ascontiguousarray(pixels)
    image = Image.fromarray(samples, "YCbCr") if ybr and pixels.ndim == 3 else Image.fromarray(samples)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def encode_lossless(pixels: Array, precision: int) -> bytes:
    """Return the image as JPEG lossless.

    pixels: 8 or 16 bit integers, (rows, columns) or (rows, columns, components).  precision: bits stored, 2 to 16.
    """
    planes = pixels if pixels.ndim == 3 else pixels[:, :, np.newaxis]
    rows, columns, components = planes.shape
    differences = _differences(planes.astype(np.int64) & ((1 << precision) - 1), precision).ravel()
    categories = _categories(differences)
    lengths = _code_lengths(np.bincount(categories, minlength=CATEGORIES))
    scan = _scan(differences, categories, lengths)
    names = (1,) if components == 1 else tuple(b"RGB"[:components])
    frame = struct.pack(">BHHB", precision, rows, columns, components)
    frame += b"".join(bytes((name, 0x11, 0)) for name in names)
    order = bytes((components,)) + b"".join(bytes((name, 0)) for name in names) + bytes((1, 0, 0))
    parts = (SOI, _segment(0xC3, frame), _segment(0xC4, _table(lengths)), _segment(0xDA, order), scan, EOI)
    return b"".join(parts)


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _differences(planes: Array, precision: int) -> Array:
    """Return sample minus prediction, modulo 2^16, from -32767 to 32768 (T.81 H.1.2.1, Selection Value 1)."""
    predicted = np.empty_like(planes)
    predicted[:, 1:] = planes[:, :-1]
    predicted[1:, 0] = planes[:-1, 0]
    predicted[0, 0] = 1 << (precision - 1)
    wrapped = (planes - predicted) & 0xFFFF
    return np.where(wrapped > 0x8000, wrapped - 0x10000, wrapped)


_BIT_LENGTH = np.array([number.bit_length() for number in range(0x8001)], np.uint8)


def _categories(differences: Array) -> Array:
    lengths: Array = _BIT_LENGTH[np.abs(differences)]
    return lengths


def _code_lengths(counts: Array) -> dict[int, int]:
    """Return a code length for every category that occurs; no code is all ones (T.81 K.2)."""
    groups: list[tuple[int, tuple[int, ...]]] = [(int(n), (symbol,)) for symbol, n in enumerate(counts) if n]
    groups.append((0, (CATEGORIES,)))  # keeps the code of all ones free
    lengths = dict.fromkeys((group[1][0] for group in groups), 0)
    while len(groups) > 1:
        groups.sort(key=lambda group: (group[0], -max(group[1])))
        first, second = groups[0], groups[1]
        for symbol in first[1] + second[1]:
            lengths[symbol] += 1
        groups[:2] = [(first[0] + second[0], first[1] + second[1])]
    ordered = sorted(lengths, key=lambda symbol: (lengths[symbol], symbol))
    limited = _limited([lengths[symbol] for symbol in ordered])
    by_symbol = dict(zip(ordered, limited, strict=True))
    return {symbol: length for symbol, length in by_symbol.items() if symbol != CATEGORIES}


def _limited(lengths: list[int]) -> list[int]:
    """Shorten codes of more than 16 bits, as T.81 figure K.3 does. lengths: ascending; the last is the reserved one."""
    tally = [lengths.count(bits) for bits in range(max(lengths) + 1)]
    for bits in range(len(tally) - 1, MAX_CODE_BITS, -1):
        while tally[bits] > 0:
            shorter = next(each for each in range(bits - 2, 0, -1) if tally[each])
            tally[bits] -= 2
            tally[bits - 1] += 1
            tally[shorter + 1] += 2
            tally[shorter] -= 1
    return [bits for bits, many in enumerate(tally) for _ in range(many)]


def _ordered(lengths: dict[int, int]) -> list[int]:
    return sorted(lengths, key=lambda symbol: (lengths[symbol], symbol))


def _table(lengths: dict[int, int]) -> bytes:
    tally = bytes(list(lengths.values()).count(bits) for bits in range(1, MAX_CODE_BITS + 1))
    return b"\0" + tally + bytes(_ordered(lengths))


def _codes(lengths: dict[int, int]) -> tuple[Array, Array]:
    """Return code and length by category (T.81 annex C)."""
    codes, sizes = np.zeros(CATEGORIES, np.uint64), np.zeros(CATEGORIES, np.uint64)
    code = last = 0
    for symbol in _ordered(lengths):
        code <<= lengths[symbol] - last
        last = lengths[symbol]
        codes[symbol], sizes[symbol] = code, last
        code += 1
    return codes, sizes


def _scan(differences: Array, categories: Array, lengths: dict[int, int]) -> bytes:
    """Return the entropy-coded bits, stuffed (T.81 B.1.1.5, F.1.2.3).

    Every symbol has at most 31 bits, so that it lies in two neighbouring words of 32; the bits of different symbols
    are disjoint, so that the words are sums. Floats hold sums below 2^53 exactly.
    """
    codes, sizes = _codes(lengths)
    extra = np.where(categories == 16, 0, categories).astype(np.uint64)
    magnitude = np.where(differences < 0, differences - 1, differences).astype(np.int64).astype(np.uint64)
    value = (codes[categories] << extra) | (magnitude & ((np.uint64(1) << extra) - np.uint64(1)))
    size = sizes[categories] + extra
    ends = np.cumsum(size)
    starts = ends - size
    word = (starts >> np.uint64(5)).astype(np.int64)
    placed = value << (np.uint64(64) - (starts & np.uint64(31)) - size)
    high = np.bincount(word, (placed >> np.uint64(32)).astype(np.float64))
    low = np.bincount(word + 1, (placed & np.uint64(0xFFFFFFFF)).astype(np.float64))
    words = np.zeros(len(low), np.uint64)
    words[: len(high)] += high.astype(np.uint64)
    words += low.astype(np.uint64)
    total = int(ends[-1])
    data = bytearray(words.astype(">u4").tobytes()[: (total + 7) // 8])
    data[-1] |= (1 << (-total % 8)) - 1
    return bytes(data).replace(b"\xff", b"\xff\x00")
