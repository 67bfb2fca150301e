"""Read from an Instance's header what decoding and rendering need: shape, looks, frames, annotations.

The header is the Part 10 file up to its pixel data. The usual attributes are read from the walk's bytes; only what
stands in Sequences or LUTs (enhanced objects, LUT Sequences, palettes) costs a pydicom Data Set.

Source: PS3.3 C.7.6.3 (Image Pixel), C.11 (LUTs), C.7.6.16 (Multi-frame Functional Groups).
"""

import functools
import io
from typing import Any

import msgspec
import numpy as np
import pydicom
from pydicom import config

from services.archive.palette import entries_of, expanded
from services.archive.pixels import PixelShape
from services.archive.rendering import Annotation, Look, Lut, Palette, Window
from shared.dicom import walk
from shared.errors import Invalid

config.settings.reading_validation_mode = config.IGNORE

_TOP = {
    0x00080060: "modality",
    0x00080016: "sop_class_uid",
    0x00100010: "patient_name",
    0x00100020: "patient_id",
    0x00101010: "age",
    0x00100040: "sex",
    0x00080020: "study_date",
    0x0008103E: "series_description",
    0x00180050: "slice_thickness",
    0x00180060: "kvp",
    0x00180081: "echo_time",
    0x00180080: "repetition_time",
    0x00200013: "instance_number",
    0x00280002: "samples",
    0x00280004: "photometric",
    0x00280006: "planar",
    0x00280008: "frames",
    0x00280010: "rows",
    0x00280011: "columns",
    0x00280030: "spacing",
    0x00280034: "aspect",
    0x00280100: "allocated",
    0x00280101: "stored",
    0x00280103: "signed",
    0x00280120: "padding",
    0x00280121: "padding_end",
    0x00281050: "center",
    0x00281051: "width",
    0x00281052: "intercept",
    0x00281053: "slope",
    0x00281056: "function",
    0x00286010: "representative",
    0x20500020: "presentation",
}
_DEEP = frozenset({0x00283000, 0x00283010, 0x52009229, 0x52009230, 0x00281101, 0x00281221, 0x00282000, 0x00480105})
"""Attributes that need pydicom: LUT Sequences, functional groups, palettes, ICC Profiles."""
_BINARY = frozenset({"samples", "planar", "rows", "columns", "allocated", "stored", "signed"})
_KEYWORDS = {0x7FE00010: "PixelData", 0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData"}


class Facts(msgspec.Struct, frozen=True):
    """What one image Instance is. aspect: height of a pixel by its width.  representative: frame number from 1."""

    shape: PixelShape
    frames: int
    representative: int
    aspect: float
    values: dict[str, str]
    deep: bool
    header: bytes

    def look(self, frame: int, window: Window | None = None) -> Look:
        """Return how the frame (from 0) is meant to be seen; ``window`` overrules what the Instance says."""
        look = _deep_look(self, frame) if self.deep else _plain_look(self)
        return look if window is None else msgspec.structs.replace(look, window=window, voi_lut=None, asked=True)

    def annotation(self, wanted: tuple[str, ...]) -> Annotation:
        """Return the texts that identify patient and technique, as far as the Instance has them (PS3.18 8.3.5.1.1)."""
        names = {
            "patient": ("patient_name", "patient_id", "age", "sex"),
            "technique": ("modality", "study_date", "series_description", "slice_thickness", "kvp", "echo_time"),
        }
        sides = [tuple(self.values[name] for name in names[side] if self.values.get(name)) for side in names]
        return Annotation(*(side if name in wanted else () for name, side in zip(names, sides, strict=True)))

    @property
    def icc_profile(self) -> bytes | None:
        """Return the ICC Profile (0028,2000) of the Instance or its first optical path."""
        if not self.deep:
            return None
        data = _data_set(self.header)
        path = data.get("OpticalPathSequence")
        found = data.get("ICCProfile") or (path[0].get("ICCProfile") if path else None)
        return bytes(found) if found else None


@functools.lru_cache(maxsize=8)
def read(header: bytes, keyword: str = "PixelData", vr: str = "OW") -> Facts:
    """Return the facts of the Instance whose header this is; raise Invalid when it holds no image."""
    file = walk.split(header)
    values: dict[str, str] = {}
    deep = False
    for element in walk.elements(file.data, file.start, len(file.data), file.syntax):
        if element.tag in _TOP:
            values[_TOP[element.tag]] = _value(file, element, _TOP[element.tag])
        elif element.tag in _DEEP:
            deep = True
        elif element.tag in _KEYWORDS:
            break
    frames = int(_number(values, "frames", 1)) or 1
    return Facts(
        shape=_shape(values, keyword, vr),
        frames=frames,
        representative=min(max(1, int(_number(values, "representative", 1))), frames),
        aspect=_aspect(values),
        values=values,
        deep=deep or values.get("photometric") == "PALETTE COLOR",
        header=header,
    )


def _value(file: walk.File, element: walk.Element, name: str) -> str:
    raw = bytes(file.data[element.value : element.end])
    if element.vr in ("US", "SS") or (name in _BINARY and element.vr not in ("IS", "DS", "LO", "SH")):
        order = "little" if file.syntax.little else "big"
        return str(int.from_bytes(raw[:2], order, signed=element.vr == "SS"))  # type: ignore[arg-type]
    return (
        raw.decode("latin-1").strip(" \0").split("\\")[0]
        if name not in ("spacing", "aspect")
        else raw.decode("latin-1").strip(" \0")
    )


def _shape(values: dict[str, str], keyword: str, vr: str) -> PixelShape:
    rows, columns = int(_number(values, "rows", 0)), int(_number(values, "columns", 0))
    allocated = int(_number(values, "allocated", 0))
    if not (rows and columns and allocated):
        raise Invalid("not-an-image", "Rows, Columns and Bits Allocated are needed (PS3.3 C.7.6.3)")
    return PixelShape(
        rows=rows,
        columns=columns,
        samples=int(_number(values, "samples", 1)) or 1,
        bits_allocated=allocated,
        bits_stored=int(_number(values, "stored", allocated)) or allocated,
        signed=_number(values, "signed", 0) == 1,
        photometric=values.get("photometric") or "MONOCHROME2",
        planar=int(_number(values, "planar", 0)),
        keyword=keyword,
        vr=vr,
    )


def _number(values: dict[str, str], name: str, default: float) -> float:
    try:
        found = float(values.get(name) or default)
    except ValueError:
        return default
    return found if np.isfinite(found) else default


def _aspect(values: dict[str, str]) -> float:
    """PS3.3 C.7.6.3.1.7 Pixel Aspect Ratio, vertical\\horizontal; else row spacing by column spacing."""
    for name in ("aspect", "spacing"):
        try:
            down, across = (float(part) for part in values.get(name, "").split("\\"))
        except ValueError:
            continue
        if down > 0 and across > 0 and 0.02 < down / across < 50:
            return 1.0 if abs(down / across - 1) < 0.005 else down / across
    return 1.0


def _plain_look(facts: Facts) -> Look:
    values = facts.values
    width = _number(values, "width", 0)
    return Look(
        slope=_number(values, "slope", 1) or 1.0,
        intercept=_number(values, "intercept", 0),
        window=_window(_number(values, "center", 0), width, values.get("function", ""))
        if values.get("center")
        else None,
        inverse=_inverse(facts),
        bits_stored=facts.shape.bits_stored,
        padding=_padding(facts),
    )


def _inverse(facts: Facts) -> bool:
    """Say whether low values are bright: MONOCHROME1, with which Presentation LUT Shape INVERSE goes (C.8.11.3)."""
    return facts.shape.photometric == "MONOCHROME1" or facts.values.get("presentation") == "INVERSE"


def _window(center: float, width: float, function: str) -> Window | None:
    function = function if function in ("LINEAR", "LINEAR_EXACT", "SIGMOID") else "LINEAR"
    return Window(center, width, function) if width >= 1 or (width > 0 and function != "LINEAR") else None


def _padding(facts: Facts) -> tuple[int, int] | None:
    if "padding" not in facts.values or not facts.shape.photometric.startswith("MONO"):
        return None
    ends = [int(_number(facts.values, name, 0)) for name in ("padding", "padding_end") if name in facts.values]
    if facts.shape.signed:
        ends = [end - 65536 if end > 32767 else end for end in ends]
    return min(ends), max(ends)


def _deep_look(facts: Facts, frame: int) -> Look:
    data, look = _data_set(facts.header), _plain_look(facts)
    changes: dict[str, Any] = {}
    groups = _groups(data, frame)
    pixel, voi = groups("PixelValueTransformationSequence"), groups("FrameVOILUTSequence")
    if pixel is not None:
        changes |= {
            "slope": float(pixel.get("RescaleSlope") or 1),
            "intercept": float(pixel.get("RescaleIntercept") or 0),
        }
    if voi is not None and voi.get("WindowCenter") is not None:
        center, width = _first(voi.WindowCenter), _first(voi.get("WindowWidth"))
        changes["window"] = _window(float(center), float(width or 0), str(voi.get("VOILUTFunction") or ""))
    if luts := data.get("ModalityLUTSequence"):
        changes["modality_lut"] = _lut(luts[0], signed=facts.shape.signed)
    if (luts := data.get("VOILUTSequence")) and look.window is None and "window" not in changes:
        changes["voi_lut"] = _lut(luts[0], signed=facts.shape.signed or look.intercept < 0)
    if facts.shape.photometric == "PALETTE COLOR":
        changes["palette"] = _palette(data)
    return msgspec.structs.replace(look, **changes)


def _groups(data: pydicom.Dataset, frame: int) -> Any:
    shared, per_frame = data.get("SharedFunctionalGroupsSequence"), data.get("PerFrameFunctionalGroupsSequence")
    places = [per_frame[frame] if per_frame and frame < len(per_frame) else None, shared[0] if shared else None]

    def find(keyword: str) -> pydicom.Dataset | None:
        found = (place.get(keyword) for place in places if place is not None)
        return next((sequence[0] for sequence in found if sequence), None)

    return find


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, pydicom.multival.MultiValue) else value


def _lut(item: pydicom.Dataset, *, signed: bool) -> Lut:
    """Read one Item of a Modality or VOI LUT Sequence (PS3.3 C.11.1.1, C.11.2.1.1)."""
    try:
        count, first, bits = (int(number) for number in item.LUTDescriptor)
        value = item.LUTData
        data = value if isinstance(value, bytes) else np.array(value, np.uint16).astype("<u2").tobytes()
    except (AttributeError, TypeError, ValueError) as error:
        raise Invalid("bad-lut", "PS3.3 C.11.1.1") from error
    first = first - 65536 if signed and first > 32767 else first
    return Lut(first, bits or 16, entries_of(data, bits, count or 65536))


def _palette(data: pydicom.Dataset) -> Palette:
    planes = []
    for name in ("Red", "Green", "Blue"):
        try:
            count, first, bits = (int(n) for n in data[f"{name}PaletteColorLookupTableDescriptor"].value)
        except (KeyError, TypeError, ValueError) as error:
            raise Invalid("bad-palette", "PS3.3 C.7.6.3.1.5") from error
        count = count or 65536
        segmented = data.get(f"Segmented{name}PaletteColorLookupTableData")
        plain = data.get(f"{name}PaletteColorLookupTableData", b"")
        entries = expanded(bytes(segmented), bits, count) if segmented else entries_of(bytes(plain), bits, count)
        if not entries:
            raise Invalid("bad-palette", "PS3.3 C.7.6.3.1.6")
        planes.append(Lut(first, bits, entries))
    return Palette(*planes)


@functools.lru_cache(maxsize=4)
def _data_set(header: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(header), stop_before_pixels=True, force=True)
