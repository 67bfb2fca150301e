"""Volumes written as Series of single-frame, or as one multi-frame Instance, however they lie."""

import io
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"

_LIES: Final[
    dict[str, tuple[tuple[int, int, int], tuple[int, ...]]]
] = {  # axes of (z, y, x) in turn; which are flipped
    "axial": ((0, 1, 2), ()),
    "axial, prone, from the top": ((0, 1, 2), (0, 1, 2)),
    "coronal, from the back": ((1, 0, 2), (0, 1)),
    "sagittal": ((2, 0, 1), (1,)),
}


def slices(volume: NDArray[Any], orientation: str) -> NDArray[Any]:
    """Return a volume of (superior, posterior, left) as (slice, row, column)."""
    axes, flips = _LIES[orientation]
    return np.flip(volume.transpose(axes), flips)


def blocks(orientation: str) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return the way back from slices to (superior, posterior, left)."""
    axes, flips = _LIES[orientation]
    return lambda found: np.flip(found, flips).transpose(np.argsort(axes))


def single(
    sop_class: str,
    volume: NDArray[np.int16],
    spacing: tuple[float, float, float],
    orientation: str,
    *,
    tilt: float = 0.0,
    shift_mm: float = 0.0,
) -> list[bytes]:
    """Return a volume of (superior, posterior, left) as single-frame Instances.

    tilt: radians by which all is turned about the axis from right to left.  shift_mm: by which each slice lies behind
    the one before it, as under a tilted gantry.
    """
    study, series = generate_uid(), generate_uid()
    row, column, places, (row_mm, column_mm) = _planes(volume.shape, spacing, orientation, tilt, shift_mm)
    found = []
    for number, pixels in enumerate(slices(volume, orientation)):
        one = _instance(sop_class, study, series, pixels)
        one.InstanceNumber, one.PixelSpacing = number + 1, [row_mm, column_mm]
        one.ImageOrientationPatient, one.ImagePositionPatient = _texts([*row, *column]), _texts(places[number])
        found.append(_bytes(one))
    return found


def enhanced(sop_class: str, volume: NDArray[np.int16], spacing: tuple[float, float, float], syntax: str = "") -> bytes:
    """Return a volume of (superior, posterior, left) as one Enhanced multi-frame Instance, its last frame first."""
    row, column, places, (row_mm, column_mm) = _planes(volume.shape, spacing, "axial", 0.0, 0.0)
    one = _instance(f"{sop_class}.1", generate_uid(), generate_uid(), volume[::-1])
    shared, measures, orientation, transformation = (Dataset() for _ in range(4))
    measures.PixelSpacing = [row_mm, column_mm]
    orientation.ImageOrientationPatient = _texts([*row, *column])
    kind = Dataset()
    kind.FrameType = ["ORIGINAL", "PRIMARY", "AXIAL", "NONE"]
    setattr(shared, "CTImageFrameTypeSequence" if sop_class == CT else "MRImageFrameTypeSequence", [kind])
    transformation.RescaleSlope, transformation.RescaleIntercept = 1, 0
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    shared.PixelValueTransformationSequence = [transformation]
    one.SharedFunctionalGroupsSequence = [shared]
    one.PerFrameFunctionalGroupsSequence = [_frame(place) for place in places[::-1]]
    one.NumberOfFrames = len(volume)
    del one.RescaleSlope, one.RescaleIntercept
    if syntax:
        one.compress(UID(syntax))
    return _bytes(one)


def _frame(place: NDArray[np.float64]) -> Dataset:
    frame, position = Dataset(), Dataset()
    position.ImagePositionPatient = _texts(place)
    frame.PlanePositionSequence = [position]
    return frame


def _planes(
    shape: tuple[int, ...], spacing: tuple[float, float, float], orientation: str, tilt: float, shift_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], tuple[float, float]]:
    """Return the directions along a row and a column, each slice's place, and Pixel Spacing."""
    axes, flips = _LIES[orientation]
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    directions = (turn @ np.eye(3)[::-1].T).T[list(axes)]  # superior, posterior, left, in the order of the slices
    signs = np.array([-1.0 if at in flips else 1.0 for at in range(3)])
    lengths = np.array([shape[at] - 1 for at in axes]) * np.array([spacing[at] for at in axes])
    corner = sum(d * n for d, n, sign in zip(directions, lengths, signs, strict=True) if sign < 0) - directions.T @ (
        lengths / 2
    )
    directions = directions * signs[:, None]
    step = directions[0] * spacing[axes[0]] + np.array([0, shift_mm, 0])
    places = corner + np.arange(shape[axes[0]])[:, None] * step
    return directions[2], directions[1], places, (spacing[axes[1]], spacing[axes[2]])


def _instance(sop_class: str, study: str, series: str, pixels: NDArray[np.int16]) -> Dataset:
    one = Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = UID(sop_class)
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = generate_uid()
    one.StudyInstanceUID, one.SeriesInstanceUID = study, series
    one.PatientIdentityRemoved, one.Modality = (
        "YES",
        "CT" if sop_class.startswith(CT + ".") or sop_class == CT else "MR",
    )
    one.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    one.Rows, one.Columns = pixels.shape[-2:]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated = one.BitsStored = 16
    one.HighBit, one.PixelRepresentation = 15, 1
    one.RescaleSlope, one.RescaleIntercept = 1, 0
    one.PixelData = np.ascontiguousarray(pixels, np.int16).tobytes()
    one["PixelData"].VR = "OW"
    return one


def _texts(values: Any) -> list[str]:
    return [f"{value:.8g}"[:16] for value in values]


def _bytes(one: Dataset) -> bytes:
    target = io.BytesIO()
    one.save_as(target, enforce_file_format=True)
    return target.getvalue()
