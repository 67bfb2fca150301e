"""Reads a Series of de-identified CT or MR slices as a volume, and writes it without the face.

Slices must lie parallel, evenly, on a line; in which direction does not matter. Everything else is refused with a
reason. Source: PS3.3 C.7.6.1.1.2 (Image Type), C.7.6.1 (0028,0302); PS3.15 E.3.2; CID 7050.
"""

import hashlib
import io
import itertools
import uuid
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from services.anonymizer.deface.slices import CLASSES, Slice, slices
from services.anonymizer.deface.volume import Defacer, Mask, Volume
from shared.errors import Refused

CODE: Final = ("113102", "DCM", "Clean Recognizable Visual Features Option")  # CID 7050
_FRAME_TYPES: Final = ("CTImageFrameTypeSequence", "MRImageFrameTypeSequence")
_OF_BEFORE: Final = (  # a small picture of what was there, its extremes, and where compressed frames lay
    "IconImageSequence",
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "SmallestPixelValueInSeries",
    "LargestPixelValueInSeries",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
)
_UNEVEN_MM = 0.5
_OFF_LINE_MM = 1.0
_AIR_HU = -1000.0
_FLAT = 0.5  # volume of the unit cell: what leans more than 60 degrees is no stack


def defaced(files: Sequence[bytes], defacer: Defacer) -> list[bytes]:
    """Return the Instances of one Series without the face, in the order given, as Instances of a new Series.

    Raises Refused for what is no even stack of slices, and whatever the defacer refuses.
    """
    instances = [_read(data) for data in files]
    modalities = {CLASSES.get(each.get("SOPClassUID"), "") for each in instances}
    frames = [slices(each) for each in instances]
    flat = [each for own in frames for each in own]
    if len(modalities) != 1 or len(flat) < 2 or len({each.stored.shape for each in flat}) != 1:
        raise Refused("not-one-volume", "the images of the Series are not the slices of one volume")
    order = _order(flat)
    volume, view = _volume([flat[at] for at in order], modalities.pop())
    mask = defacer(volume)
    if mask.shape != volume.voxels.shape or not mask.any():
        raise Refused("nothing-removed", "the defacer took nothing away")
    masks = np.empty_like(stacked := view(mask))
    masks[order] = stacked
    ends = np.cumsum([len(own) for own in frames])
    for one, own, last in zip(instances, frames, ends, strict=True):
        _blank(one, own, masks[last - len(own) : last], volume.modality)
        _claim(one, _name(defacer))
    return [_written(each) for each in instances]


def _read(data: bytes) -> Dataset:
    data_set = pydicom.dcmread(io.BytesIO(data))
    if data_set.get("PatientIdentityRemoved") != "YES":
        raise Refused("not-deidentified", "only what is de-identified is defaced")
    return data_set


def _order(flat: Sequence[Slice]) -> list[int]:
    """Return the places of the slices from one end of the Series to the other."""
    first = flat[0]
    for name in ("along_row", "along_column"):
        if any(not np.allclose(getattr(each, name), getattr(first, name), atol=1e-3) for each in flat):
            raise Refused("not-parallel", "the slices of the Series are not parallel")
    if any(not np.allclose((each.row_mm, each.column_mm), (first.row_mm, first.column_mm)) for each in flat):
        raise Refused("not-one-volume", "the images of the Series differ in Pixel Spacing")
    normal = np.cross(first.along_row, first.along_column)
    along = [float(normal @ each.position) for each in flat]
    order = sorted(range(len(flat)), key=along.__getitem__)
    gaps = np.diff([along[at] for at in order])
    places = np.array([flat[at].position for at in order])
    line = places[0] + np.linspace(0, 1, len(places))[:, None] * (places[-1] - places[0])
    if gaps.min() <= 0 or np.ptp(gaps) > _UNEVEN_MM or np.abs(places - line).max() > _OFF_LINE_MM:
        raise Refused("not-even", "the slices of the Series are not evenly spaced along a line, or some are missing")
    return order


class _View:
    """Turns the oriented volume's mask back to the slices' own rows and columns."""

    def __init__(self, axes: tuple[int, ...], flips: tuple[int, ...]) -> None:
        self.axes, self.flips = axes, flips

    def oriented(self, voxels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (slice, row, column) as (inferior to superior, anterior to posterior, right to left)."""
        return np.flip(voxels.transpose(self.axes), self.flips)

    def __call__(self, mask: Mask) -> Mask:
        """Return the mask as (slice, row, column)."""
        back: Mask = np.flip(mask, self.flips).transpose([self.axes.index(axis) for axis in range(3)])
        return back


def _volume(ordered: Sequence[Slice], modality: str) -> tuple[Volume, _View]:
    gap = ordered[-1].position - ordered[0].position
    length = float(np.linalg.norm(gap))
    directions = np.array([gap / length, ordered[0].along_column, ordered[0].along_row])
    if abs(np.linalg.det(directions)) < _FLAT:
        raise Refused("not-even", "the slices of the Series are not stacked over each other")
    spacing = (length / (len(ordered) - 1), ordered[0].row_mm, ordered[0].column_mm)
    wanted = np.eye(3)[::-1]  # superior, posterior, left
    cosines = directions @ wanted.T
    axes = max(itertools.permutations(range(3)), key=lambda each: sum(abs(cosines[at, n]) for n, at in enumerate(each)))
    flips = tuple(n for n, at in enumerate(axes) if cosines[at, n] < 0)
    signs = np.array([-1.0 if n in flips else 1.0 for n in range(3)])
    view = _View(axes, flips)
    voxels = np.stack([each.stored * np.float32(each.slope) + np.float32(each.intercept) for each in ordered])
    turned = (spacing[axes[0]], spacing[axes[1]], spacing[axes[2]])
    return Volume(view.oriented(voxels), turned, modality, directions[list(axes)] * signs[:, None]), view


def _blank(data_set: Dataset, own: Sequence[Slice], masks: Mask, modality: str) -> None:
    """Put air where the masks are, in all frames of an Instance, and store it uncompressed."""
    blanked = [each.stored.copy() for each in own]
    for each, pixels, mask in zip(own, blanked, masks, strict=True):
        pixels[mask] = _air(data_set, each, modality)
    stored = np.stack(blanked)
    data = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    data_set["PixelData"] = DataElement(0x7FE00010, "OB" if data_set.BitsAllocated == 8 else "OW", data)
    for keyword in _OF_BEFORE:
        if keyword in data_set:
            del data_set[keyword]


def _frame_groups(data_set: Dataset) -> Iterator[Dataset]:
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        yield from data_set.get(name) or []


def _air(data_set: Dataset, own: Slice, modality: str) -> int:
    """Return the stored value of air: -1000 HU in CT, as far as the bits allow, and the lowest value in MR."""
    if modality == "MR":
        return int(own.stored.min())
    signed, bits = bool(data_set.PixelRepresentation), int(data_set.BitsStored)
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return int(np.clip(round((_AIR_HU - own.intercept) / own.slope), least, most))


def _claim(data_set: Dataset, name: str) -> None:
    """Say that the face is gone, and make it another Instance (PS3.15 E.3.2, PS3.3 C.7.6.1.1.2, C.12.1)."""
    data_set.ImageType = (
        ["DERIVED", *list(data_set.ImageType)[1:]] if "ImageType" in data_set else ["DERIVED", "PRIMARY"]
    )
    for group in _frame_groups(data_set):
        for item in (each for name in _FRAME_TYPES for each in group.get(name) or [] if "FrameType" in each):
            item.FrameType = ["DERIVED", *list(item.FrameType)[1:]]
    methods = data_set.get("DeidentificationMethod") or []
    data_set.DeidentificationMethod = [*([methods] if isinstance(methods, str) else methods), f"defaced by {name}"[:64]]
    data_set.RecognizableVisualFeatures = "NO"
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = CODE
    taken = list(data_set.get("DeidentificationMethodCodeSequence") or [])
    if CODE[0] not in [each.get("CodeValue") for each in taken]:
        data_set.DeidentificationMethodCodeSequence = [*taken, code]
    data_set.SOPInstanceUID = _other(data_set.SOPInstanceUID, name)
    data_set.SeriesInstanceUID = _other(data_set.SeriesInstanceUID, name)
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID


def _name(defacer: Defacer) -> str:
    return f"{getattr(defacer, '__module__', '')}.{getattr(defacer, '__qualname__', '')}".replace("\\", "/")


def _other(uid: str, name: str) -> str:
    """Return the UID of what a defacer makes of an Instance or Series: always the same, of the form of PS3.5 B.2."""
    digest = hashlib.sha256(f"defaced|{name}|{uid}".encode()).digest()[:16]
    return f"2.25.{uuid.UUID(bytes=digest, version=5).int}"


def _written(data_set: Dataset) -> bytes:
    target = io.BytesIO()
    data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(target, data_set, implicit_vr=False, little_endian=True)
    return target.getvalue()
