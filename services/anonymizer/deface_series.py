"""Reads a Series of de-identified slices as a volume, and writes it without the face.

Only single-frame CT and MR images that lie parallel and evenly; everything else is refused with a reason.
Source: PS3.3 C.7.6.2 (Image Plane), C.7.6.1.1.2 (Image Type), C.7.6.1 (0028,0302);
PS3.15 E.3.2.
"""

import hashlib
import io
import uuid
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from services.anonymizer.deface import Defacer, Mask, Volume
from shared.errors import Refused

CLASSES: Final = {"1.2.840.10008.5.1.4.1.1.2": "CT", "1.2.840.10008.5.1.4.1.1.4": "MR"}
CODE: Final = ("113102", "DCM", "Clean Recognizable Visual Features Option")  # CID 7050
_UNEVEN_MM = 0.5
_AIR_HU = -1000.0
_LEAST_COSINE = 0.8  # an axis is anterior if it is within 37 degrees of it


def defaced(files: Sequence[bytes], defacer: Defacer) -> list[bytes]:
    """Return the slices of one Series without the face, in the order given, as Instances of a new Series.

    Raises Refused for what is no evenly spaced head Series in CT or MR.
    """
    slices = [_read(data) for data in files]
    order = _order(slices)
    volume, view = _volume([slices[at] for at in order])
    mask = view(defacer(volume))
    for place, at in enumerate(order):
        _blank(slices[at], mask[place])
    return [_written(each) for each in slices]


def _read(data: bytes) -> Dataset:
    found = pydicom.dcmread(io.BytesIO(data))
    if found.SOPClassUID not in CLASSES or int(found.get("NumberOfFrames") or 1) > 1:
        raise Refused("not-defaceable", "only single-frame CT and MR images can be defaced")
    if found.get("PatientIdentityRemoved") != "YES":
        raise Refused("not-deidentified", "only what is de-identified is defaced")
    if "ImageOrientationPatient" not in found or "ImagePositionPatient" not in found:
        raise Refused("no-geometry", "without orientation and position there is no front (PS3.3 C.7.6.2)")
    return found


def _order(slices: Sequence[Dataset]) -> list[int]:
    """Return the places of the slices from one end of the Series to the other."""
    first = [float(v) for v in slices[0].ImageOrientationPatient]
    if any(not np.allclose([float(v) for v in each.ImageOrientationPatient], first, atol=1e-3) for each in slices):
        raise Refused("not-parallel", "the slices of the Series are not parallel")
    normal = np.cross(first[:3], first[3:])
    along = [float(np.dot(normal, [float(v) for v in each.ImagePositionPatient])) for each in slices]
    order = sorted(range(len(slices)), key=along.__getitem__)
    gaps = np.diff([along[at] for at in order])
    if len(gaps) and (gaps.min() <= 0 or np.ptp(gaps) > _UNEVEN_MM):
        raise Refused("not-even", "the slices of the Series are not evenly spaced")
    return order


class _View:
    """Turns a mask of the oriented volume back to the slices' own rows and columns."""

    def __init__(self, axes: tuple[int, ...], flips: tuple[bool, ...]) -> None:
        self.axes, self.flips = axes, flips

    def oriented(self, voxels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (slice, row, column) as (inferior to superior, anterior to posterior, left-right)."""
        turned = voxels.transpose(self.axes)
        return np.flip(turned, tuple(axis for axis, flip in enumerate(self.flips) if flip))

    def __call__(self, mask: Mask) -> Mask:
        """Return the mask as (slice, row, column)."""
        turned: Mask = np.flip(mask, tuple(axis for axis, flip in enumerate(self.flips) if flip))
        back: Mask = turned.transpose([self.axes.index(axis) for axis in range(3)])
        return back


def _volume(slices: Sequence[Dataset]) -> tuple[Volume, _View]:
    voxels = np.stack([_values(each) for each in slices])
    row = np.array([float(v) for v in slices[0].ImageOrientationPatient[3:]])  # along rows: down a column
    column = np.array([float(v) for v in slices[0].ImageOrientationPatient[:3]])
    gap = np.array(slices[-1].ImagePositionPatient, float) - np.array(slices[0].ImagePositionPatient, float)
    step = float(np.linalg.norm(gap)) / max(1, len(slices) - 1)
    directions = [gap / (np.linalg.norm(gap) or 1.0), row, column]
    spacing = [step, float(slices[0].PixelSpacing[0]), float(slices[0].PixelSpacing[1])]
    wanted = {"superior": np.array([0, 0, 1.0]), "posterior": np.array([0, 1.0, 0]), "left": np.array([1.0, 0, 0])}
    axes, flips = [], []
    for patient in wanted.values():
        cosines = [float(np.dot(direction, patient)) for direction in directions]
        axis = int(np.argmax(np.abs(cosines)))
        if abs(cosines[axis]) < _LEAST_COSINE:
            raise Refused("oblique", "the Series lies too obliquely for its front to be told")
        axes.append(axis)
        flips.append(cosines[axis] < 0)
    if len(set(axes)) != 3:
        raise Refused("oblique", "the Series lies too obliquely for its front to be told")
    view = _View(tuple(axes), tuple(flips))
    modality = CLASSES[slices[0].SOPClassUID]
    ordered = (spacing[axes[0]], spacing[axes[1]], spacing[axes[2]])
    return Volume(view.oriented(voxels), ordered, modality), view


def _values(found: Dataset) -> NDArray[np.float32]:
    slope, intercept = float(found.get("RescaleSlope") or 1), float(found.get("RescaleIntercept") or 0)
    return (found.pixel_array.astype(np.float32) * slope + intercept).astype(np.float32)


def _blank(found: Dataset, mask: Mask) -> None:
    """Put air where the mask is, and say so (PS3.15 E.3.2, PS3.3 C.7.6.1.1.2, C.12.1)."""
    if found.file_meta.TransferSyntaxUID.is_compressed:
        found.decompress()
    pixels = found.pixel_array.copy()
    pixels[mask] = _air(found, pixels)
    found.PixelData = pixels.tobytes()
    found.ImageType = ["DERIVED", *list(found.ImageType)[1:]] if "ImageType" in found else ["DERIVED", "PRIMARY"]
    found.DerivationDescription = "Face and skin blanked"
    found.RecognizableVisualFeatures = "NO"
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = CODE
    taken = list(found.get("DeidentificationMethodCodeSequence") or [])
    if CODE[0] not in [each.CodeValue for each in taken]:
        found.DeidentificationMethodCodeSequence = [*taken, code]
    found.SOPInstanceUID = _other(found.SOPInstanceUID)
    found.SeriesInstanceUID = _other(found.SeriesInstanceUID)
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID


def _air(found: Dataset, pixels: NDArray[Any]) -> int:
    """Return the stored value of air: −1000 HU in CT, as far as the bits allow, and the lowest value in MR."""
    if CLASSES[found.SOPClassUID] == "MR":
        return int(pixels.min())
    slope, intercept = float(found.get("RescaleSlope") or 1), float(found.get("RescaleIntercept") or 0)
    info = np.iinfo(pixels.dtype)
    return int(np.clip(round((_AIR_HU - intercept) / slope), info.min, info.max))


def _other(uid: str) -> str:
    """Return the UID of what is made of an Instance or Series: always the same, of the form of PS3.5 B.2."""
    digest = hashlib.sha256(f"defaced|{uid}".encode()).digest()[:16]
    return f"2.25.{uuid.UUID(bytes=digest, version=5).int}"


def _written(found: Dataset) -> bytes:
    target = io.BytesIO()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(target, found, implicit_vr=False, little_endian=True)
    return target.getvalue()
