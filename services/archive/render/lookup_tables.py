"""Read windows, lookup tables and palettes from the Attributes of an image or Presentation State. Pure.

Source: PS3.3 C.11.1 (Modality LUT), C.11.2 (VOI LUT), C.7.6.3.1.5, C.7.6.3.1.6 (Palette Color), C.7.9.2 (segmented).
"""

import base64
import math
from collections.abc import Mapping

import numpy as np

from services.archive.render.display import Lut, Palette, Window
from services.archive.render.palette import entries_of, expanded
from shared.dicom.json_values import Json, item, number, text, values
from shared.errors import Refused

MODALITY_LUT, VOI_LUT = "00283000", "00283010"
PALETTES = (
    ("00281101", "00281201", "00281221"),
    ("00281102", "00281202", "00281222"),
    ("00281103", "00281203", "00281223"),
)
ICC_PROFILE, OPTICAL_PATH = "00282000", "00480105"
LUT_PATHS = (
    "002812",
    "00283000/1/",
    "00283010/1/",
    "00283110/1/00283010/1/",
    ICC_PROFILE,
    f"{OPTICAL_PATH}/1/{ICC_PROFILE}",
)
"""Bulk values whose path begins so are needed here."""


def window(source: Json) -> Window | None:
    """Return the first VOI window of a Data Set, if it has one that can be used (PS3.3 C.11.2.1.2)."""
    function = text(source, "00281056")
    function = function if function in ("LINEAR", "LINEAR_EXACT", "SIGMOID") else "LINEAR"
    center, width = number(source, "00281050", math.inf), number(source, "00281051", 0)
    usable = math.isfinite(center) and (width >= 1 or (width > 0 and function != "LINEAR"))
    return Window(center, width, function) if usable else None


def lut(source: Json, sequence: str, bulk: Mapping[str, bytes], *, signed: bool) -> Lut | None:
    """Read the first Item of a Modality or VOI LUT Sequence (PS3.3 C.11.1.1, C.11.2.1.1)."""
    entry = item(source, sequence)
    if entry is None:
        return None
    count, first, bits = _descriptor(entry, "00283002")
    data = binary(entry, "00283006", bulk, f"{sequence}/1/")
    first = first - 65536 if signed and first > 32767 else first
    entries = entries_of(data, bits, count)
    if not entries:
        raise Refused("bad-lut", "LUT Data (0028,3006) is empty (PS3.3 C.11.1.1)")
    return Lut(first, bits, entries)


def palette(source: Json, bulk: Mapping[str, bytes]) -> Palette:
    """Read the Palette Color LUTs (PS3.3 C.7.6.3.1.5, C.7.9.2)."""
    planes = []
    for descriptor, plain, segmented in PALETTES:
        count, first, bits = _descriptor(source, descriptor)
        segments = binary(source, segmented, bulk, "")
        whole = binary(source, plain, bulk, "")
        entries = expanded(segments, bits, count) if segments else entries_of(whole, bits, count)
        if not entries:
            raise Refused("bad-palette", "PS3.3 C.7.6.3.1.6")
        planes.append(Lut(first, bits, entries))
    return Palette(*planes)


def _descriptor(source: Json, tag: str) -> tuple[int, int, int]:
    """Return count, first mapped value and bits; a count of 0 means 65536 (PS3.3 C.11.1.1.1)."""
    try:
        count, first, bits = (int(part) for part in values(source, tag))
    except (TypeError, ValueError) as error:
        raise Refused("bad-lut-descriptor", "PS3.3 C.11.1.1.1") from error
    return count % 65536 or 65536, first, bits or 16


def binary(source: Json, tag: str, bulk: Mapping[str, bytes], path: str) -> bytes:
    """Return the bytes of a value: inline, among the bulk values below ``path``, or given as numbers."""
    element = source.get(tag, {})
    if "InlineBinary" in element:
        return base64.b64decode(element["InlineBinary"])
    if "BulkDataURI" in element:
        return bulk.get(path + tag, b"")
    return np.array([int(value) & 0xFFFF for value in values(source, tag)], "<u2").tobytes()
