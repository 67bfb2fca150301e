"""Read from an Instance's metadata what decoding and rendering need: shape, looks, frames, annotations.

The metadata are those that the store prepared (DICOM JSON, PS3.18 Annex F), so that no header is parsed again. Values
that they refer to by BulkDataURI (palettes, LUTs, ICC Profiles) come beside them, by the same paths.

Source: PS3.3 C.7.6.3 (Image Pixel), C.11 (LUTs), C.7.6.16 (Multi-frame Functional Groups).
"""

import base64
import math
from collections.abc import Mapping

import msgspec
import numpy as np

from services.archive.attributes.stored import data_set_of
from services.archive.pixels.shape import PixelShape, shape_of
from services.archive.render.palette import entries_of, expanded
from services.archive.render.parameters import Annotation, Look, Lut, Palette, Window
from shared.dicom.json_values import Json, integer, item, number, text, values
from shared.errors import Refused

SHARED_GROUPS, PER_FRAME_GROUPS = "52009229", "52009230"
PIXEL_VALUE_TRANSFORMATION, FRAME_VOI_LUT = "00289145", "00289132"
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
PATIENT = ("00100010", "00100020", "00101010", "00100040")
TECHNIQUE = ("00080060", "00080020", "0008103E", "00180050", "00180060", "00180080", "00180081")


class Facts(msgspec.Struct, frozen=True):
    """What one image Instance is.

    attributes: its DICOM JSON.  bulk: path → bytes of LUTs and profiles.  aspect: height of a pixel by its width.
    representative: frame number from 1.
    """

    attributes: Json
    bulk: Mapping[str, bytes]
    shape: PixelShape
    frames: int
    aspect: float

    @property
    def representative(self) -> int:
        """Return the number, from 1, of the frame that stands for all: as told, else the middle one."""
        told = integer(self.attributes, "00286010", 0)
        return told if 1 <= told <= self.frames else (self.frames + 1) // 2

    def look(self, frame: int) -> Look:
        """Return how the frame (from 0) is meant to be seen."""
        return _look(self, frame)

    def annotation(self, wanted: tuple[str, ...]) -> Annotation:
        """Return the texts that identify patient and technique, as far as the Instance has them (PS3.18 8.3.5.1.1)."""
        sides = (("patient", PATIENT), ("technique", TECHNIQUE))
        return Annotation(*(_texts(self.attributes, tags) if side in wanted else () for side, tags in sides))

    @property
    def icc_profile(self) -> bytes | None:
        """Return the ICC Profile of the Instance or of its first optical path (PS3.3 C.11.15)."""
        path = item(self.attributes, OPTICAL_PATH) or {}
        own = _binary(self.attributes, ICC_PROFILE, self.bulk, "")
        return own or _binary(path, ICC_PROFILE, self.bulk, f"{OPTICAL_PATH}/1/") or None


def read(metadata: bytes, frames: int, bulk: Mapping[str, bytes]) -> Facts:
    """Return the facts. frames: how many the store found."""
    attributes = data_set_of(metadata)
    return Facts(attributes, bulk, shape_of(metadata), frames, _aspect(attributes))


def _texts(attributes: Json, tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(found for tag in tags if (found := text(attributes, tag)))


def _aspect(attributes: Json) -> float:
    """PS3.3 C.7.6.3.1.7: Pixel Aspect Ratio (vertical, horizontal), else row spacing by column spacing."""
    shared = item(item(attributes, SHARED_GROUPS), "00289110")
    for source, tag in ((attributes, "00280034"), (attributes, "00280030"), (shared or {}, "00280030")):
        try:
            down, across = (float(part) for part in values(source, tag))
        except (TypeError, ValueError):
            continue
        if down > 0 and across > 0 and 0.02 < down / across < 50:
            return 1.0 if abs(down / across - 1) < 0.005 else down / across
    return 1.0


def _look(facts: Facts, frame: int) -> Look:
    attributes, shape = facts.attributes, facts.shape
    per_frame, shared = item(attributes, PER_FRAME_GROUPS, frame), item(attributes, SHARED_GROUPS)
    pixel = item(per_frame, PIXEL_VALUE_TRANSFORMATION) or item(shared, PIXEL_VALUE_TRANSFORMATION) or attributes
    voi = item(per_frame, FRAME_VOI_LUT) or item(shared, FRAME_VOI_LUT) or attributes
    own, intercept = window(voi), number(pixel, "00281052", 0)
    inverse = shape.photometric == "MONOCHROME1" or text(attributes, "20500020") == "INVERSE"  # PS3.3 C.8.11.3
    return Look(
        slope=number(pixel, "00281053", 1) or 1.0,
        intercept=intercept,
        modality_lut=lut(attributes, MODALITY_LUT, facts.bulk, signed=shape.signed),
        window=own,
        voi_lut=None if own else lut(attributes, VOI_LUT, facts.bulk, signed=shape.signed or intercept < 0),
        inverse=inverse,
        palette=_palette(facts) if shape.photometric == "PALETTE COLOR" else None,
        bits_stored=shape.bits_stored,
        padding=_padding(facts),
    )


def window(source: Json) -> Window | None:
    """Return the first VOI window of a Data Set, if it has one that can be used (PS3.3 C.11.2.1.2)."""
    function = text(source, "00281056")
    function = function if function in ("LINEAR", "LINEAR_EXACT", "SIGMOID") else "LINEAR"
    center, width = number(source, "00281050", math.inf), number(source, "00281051", 0)
    usable = math.isfinite(center) and (width >= 1 or (width > 0 and function != "LINEAR"))
    return Window(center, width, function) if usable else None


def _padding(facts: Facts) -> tuple[int, int] | None:
    attributes, shape = facts.attributes, facts.shape
    if "00280120" not in attributes or not shape.photometric.startswith("MONO"):
        return None
    ends = [integer(attributes, tag, 0) for tag in ("00280120", "00280121") if tag in attributes]
    if shape.signed:
        ends = [end - 65536 if end > 32767 else end for end in ends]
    return min(ends), max(ends)


def lut(source: Json, sequence: str, bulk: Mapping[str, bytes], *, signed: bool) -> Lut | None:
    """Read the first Item of a Modality or VOI LUT Sequence (PS3.3 C.11.1.1, C.11.2.1.1)."""
    found = item(source, sequence)
    if found is None:
        return None
    count, first, bits = _descriptor(found, "00283002")
    data = _binary(found, "00283006", bulk, f"{sequence}/1/")
    first = first - 65536 if signed and first > 32767 else first
    entries = entries_of(data, bits, count)
    if not entries:
        raise Refused("bad-lut", "LUT Data (0028,3006) is empty (PS3.3 C.11.1.1)")
    return Lut(first, bits, entries)


def _palette(facts: Facts) -> Palette:
    planes = []
    for descriptor, plain, segmented in PALETTES:
        count, first, bits = _descriptor(facts.attributes, descriptor)
        segments = _binary(facts.attributes, segmented, facts.bulk, "")
        whole = _binary(facts.attributes, plain, facts.bulk, "")
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


def _binary(source: Json, tag: str, bulk: Mapping[str, bytes], path: str) -> bytes:
    found = source.get(tag, {})
    if "InlineBinary" in found:
        return base64.b64decode(found["InlineBinary"])
    if "BulkDataURI" in found:
        return bulk.get(path + tag, b"")
    return np.array([int(value) & 0xFFFF for value in values(source, tag)], "<u2").tobytes()
