"""The slices of CT and MR Instances, single-frame or multi-frame, with where each one lies in the patient.

Source: PS3.3 C.7.6.2 (Image Plane), C.7.6.16.2 (Pixel Measures, Plane Position, Plane Orientation, Pixel Value
Transformation functional groups), C.7.6.3 (Image Pixel).
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from shared.dicom import jpeg_decoder
from shared.errors import Refused

jpeg_decoder.register()

CLASSES: Final = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",  # Enhanced
    "1.2.840.10008.5.1.4.1.1.2.2": "CT",  # Legacy Converted Enhanced
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "MR",
}
_UNIT: Final = 1e-2  # how far a direction cosine may be off


class Slice(msgspec.Struct, frozen=True):
    """One frame. stored: rows by columns as stored.  slope, intercept: to HU, or any unit of MR.

    along_row, along_column, position: mm and directions in the patient's system (left, posterior, superior);
    row_mm, column_mm: from one row, or column, to the next.
    """

    stored: NDArray[Any]
    slope: float
    intercept: float
    along_row: NDArray[np.float64]
    along_column: NDArray[np.float64]
    position: NDArray[np.float64]
    row_mm: float
    column_mm: float


def slices(data_set: Dataset) -> list[Slice]:
    """Return the frames of an Instance in their order; raise Refused for what is no CT or MR plane with geometry."""
    if data_set.get("SOPClassUID") not in CLASSES:
        raise Refused("not-defaceable", "only CT and MR images can be defaced")
    if data_set.get("SamplesPerPixel") != 1 or data_set.get("PhotometricInterpretation") != "MONOCHROME2":
        raise Refused("not-defaceable", "only images of grey values can be defaced")
    groups = _groups(data_set)
    frames = _frames(data_set, len(groups))
    return [_slice(group, frame) for group, frame in zip(groups, frames, strict=True)]


def _groups(data_set: Dataset) -> list[Sequence[Dataset]]:
    """Return of each frame the Data Sets that may describe it, the nearest first."""
    if "PerFrameFunctionalGroupsSequence" not in data_set:
        if int(data_set.get("NumberOfFrames") or 1) > 1:
            raise Refused("no-geometry", "a multi-frame image without functional groups does not say where it lies")
        return [[data_set]]
    shared = list(data_set.get("SharedFunctionalGroupsSequence") or [])
    return [[*_macros([each]), *_macros(shared)] for each in data_set.PerFrameFunctionalGroupsSequence]


def _macros(groups: Sequence[Dataset]) -> list[Dataset]:
    names = ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
    transformation = "PixelValueTransformationSequence"
    return [item for group in groups for name in (*names, transformation) for item in group.get(name) or []]


def _frames(data_set: Dataset, count: int) -> NDArray[Any]:
    try:
        stored = data_set.pixel_array
    except Exception:  # pydicom and its decoders raise anything, and may quote what they read
        raise Refused("no-pixels", "the pixel data cannot be decoded") from None
    stored = stored.reshape(-1, *stored.shape[-2:])
    if len(stored) != count or stored.dtype.kind not in "iu":
        raise Refused("no-pixels", "the pixel data are not the frames that the image says it has")
    return stored


def _slice(near: Sequence[Dataset], stored: NDArray[Any]) -> Slice:
    orientation = _numbers(near, "ImageOrientationPatient", 6)
    row, column = orientation[:3], orientation[3:]
    if abs(np.linalg.norm(row) - 1) > _UNIT or abs(np.linalg.norm(column) - 1) > _UNIT or abs(row @ column) > _UNIT:
        raise Refused("no-geometry", "Image Orientation (Patient) is no pair of directions at right angles")
    spacing = _numbers(near, "PixelSpacing", 2)
    if spacing.min() <= 0:
        raise Refused("no-geometry", "Pixel Spacing is not positive")
    slope, intercept = (
        _one(near, name, default) for name, default in (("RescaleSlope", 1.0), ("RescaleIntercept", 0.0))
    )
    place = _numbers(near, "ImagePositionPatient", 3)
    return Slice(stored, slope or 1.0, intercept, row, column, place, float(spacing[0]), float(spacing[1]))


def _numbers(near: Sequence[Dataset], keyword: str, count: int) -> NDArray[np.float64]:
    """Return the values of an element; raise Refused if it is missing, has another count, or is no number."""
    for each in near:
        if each.get(keyword) is not None:
            return _floats(each, keyword, count)
    name = pydicom.datadict.dictionary_description(keyword)
    raise Refused("no-geometry", f"{name} is missing: where the slices lie cannot be told")


def _floats(data_set: Dataset, keyword: str, count: int) -> NDArray[np.float64]:
    try:
        values = np.array([float(value) for value in data_set[keyword].value])
    except (TypeError, ValueError):
        values = np.empty(0)
    if len(values) != count or not np.isfinite(values).all():
        name = pydicom.datadict.dictionary_description(keyword)
        raise Refused("no-geometry", f"{name} is damaged: where the slices lie cannot be told")
    return values


def _one(near: Sequence[Dataset], keyword: str, default: float) -> float:
    return next((float(each.get(keyword)) for each in near if each.get(keyword) is not None), default)
