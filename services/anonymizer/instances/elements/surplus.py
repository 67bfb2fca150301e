"""What tables of look-up values and waveforms hold behind what their Data Set declares: no reader shows it. Pure.

Segmented palettes declare no length, and are left as they are.

Source: PS3.3 C.7.6.3.1.5 (Palette Color LUT Descriptor), C.11.1.1.1 (LUT Descriptor), C.10.9 (Waveform).
"""

from collections.abc import Mapping
from typing import Final

from shared.dicom import elements
from shared.dicom.elements import Element, FileBytes, Syntax

_DESCRIPTORS: Final = {0x00283006: 0x00283002, **{0x00281201 + number: 0x00281101 + number for number in range(4)}}
_WAVEFORM: Final = 0x54001010
_CHANNELS, _SAMPLES, _BITS_ALLOCATED = 0x003A0005, 0x003A0010, 0x54001004
WITH_SURPLUS: Final = frozenset({*_DESCRIPTORS, _WAVEFORM})
_DECLARING: Final = frozenset({*_DESCRIPTORS.values(), _CHANNELS, _SAMPLES, _BITS_ALLOCATED})


def without_surplus(data: FileBytes, start: int, element: Element, value: bytes, syntax: Syntax) -> bytes:
    """Return a value of WITH_SURPLUS without what stands behind what it should hold; as it is where nothing tells that.

    start: of the Data Set or Item that the element stands in, before it.
    """
    declared: dict[int, bytes] = {}
    for each, following in elements.walk(data, start, element.start, syntax):
        if each.tag in _DECLARING:
            declared[each.tag] = data[each.value : following]
    size = _waveform(declared, syntax) if element.tag == _WAVEFORM else _table(element.tag, declared, value, syntax)
    return value if size is None else value[: size + (size & 1)]


def _table(tag: int, declared: Mapping[int, bytes], value: bytes, syntax: Syntax) -> int | None:
    descriptor = declared.get(_DESCRIPTORS[tag], b"")
    if len(descriptor) < 6:
        return None
    entries, bits = syntax.u16.unpack_from(descriptor)[0] or 1 << 16, syntax.u16.unpack_from(descriptor, 4)[0]
    if not 0 < bits <= 16:
        return None
    words = value[: 2 * entries]
    high = words[1::2] if syntax.u16.pack(1)[0] else words[::2]
    in_words = bits > 8 or (len(words) == 2 * entries and not any(high))  # one entry of 8 bits in each word
    return 2 * entries if in_words else entries


def _waveform(declared: Mapping[int, bytes], syntax: Syntax) -> int | None:
    channels, samples, bits = (declared.get(tag, b"") for tag in (_CHANNELS, _SAMPLES, _BITS_ALLOCATED))
    if len(channels) < 2 or len(samples) < 4 or len(bits) < 2:
        return None
    total = syntax.u16.unpack_from(channels)[0] * syntax.u32.unpack_from(samples)[0] * syntax.u16.unpack_from(bits)[0]
    return int(total) // 8 if total else None
