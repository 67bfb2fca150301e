"""Real heads: Colin27 (MR, with its brain told apart) and a CT, as Debian ships them in example data.

Packages mricron-data (the mean of 27 scans of one man) and invesalius-examples. Landmarks of the faces were
read off renderings by eye, in slices and voxels of the heads as they are shipped.
"""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.uid import RLELossless

from services.anonymizer.deface.series import defaced
from services.anonymizer.deface.shear import shear
from services.anonymizer.deface.volume import Volume
from shared.errors import Refused
from tests.anonymizer.deface.volumes import CT, MR, blocks, enhanced, single

MRICRON = Path("/usr/share/mricron/templates")
CRANIUM = Path("/usr/share/doc/invesalius-examples/examples/Cranium.inv3")


class Head(NamedTuple):
    """voxels: (superior, posterior, left).  brain: of these, or none known.  brow: slice above the eyes."""

    sop_class: str
    voxels: NDArray[np.int16]
    spacing: tuple[float, float, float]
    brain: NDArray[np.bool_]
    brow: int
    tissue: int

    @property
    def air(self) -> int:
        return -1000 if self.sop_class == CT else 0


def _nifti(path: Path) -> NDArray[np.uint8]:
    """Return the voxels of MRIcron's templates: 8 bits, 181 by 217 by 181 mm, to the right, front and top."""
    data = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=352)
    return data.reshape(181, 217, 181)[:, ::-1, ::-1]


@pytest.fixture(scope="module")
def colin() -> Head:
    if not MRICRON.exists():
        pytest.skip("Debian's mricron-data is not installed: no real MR head is tried")
    voxels = _nifti(MRICRON / "ch2.nii.gz").astype(np.int16)
    return Head(MR, voxels, (1.0, 1.0, 1.0), _nifti(MRICRON / "ch2bet.nii.gz") > 0, brow=48, tissue=25)


@pytest.fixture(scope="module")
def cranium() -> Head:
    if not CRANIUM.exists():
        pytest.skip("Debian's invesalius-examples is not installed: no real CT head is tried")
    with tarfile.open(CRANIUM) as archive:
        member = next(each for each in archive if each.name.endswith("matrix.dat"))
        file = archive.extractfile(member)
        assert file is not None
        voxels = np.frombuffer(file.read(), np.int16).reshape(108, 256, 256)[:, ::-1]
    return Head(CT, voxels, (1.5, 0.957, 0.957), np.zeros(voxels.shape, bool), brow=66, tissue=-300)


@pytest.fixture(scope="module", params=["colin", "cranium"])
def head(request: pytest.FixtureRequest) -> Head:
    found: Head = request.getfixturevalue(request.param)
    return found


def face(head: Head, gone: NDArray[np.bool_]) -> tuple[float, float]:
    """Return which share of the face seen from the front has gone, and which lies 10 mm deeper than it did.

    The face: below the brow, 55 mm to each side, as far as 70 mm behind its foremost point.
    """
    tissue = head.voxels > head.tissue
    first, after = (each.argmax(axis=1) for each in (tissue, tissue & ~gone))
    _, row_mm, column_mm = head.spacing
    shown = tissue.any(axis=1)
    shown &= (first - first[shown].min()) * row_mm < 70
    shown[head.brow :] = False
    shown &= np.abs(np.arange(tissue.shape[2]) - tissue.shape[2] / 2) * column_mm < 55
    z, x = np.nonzero(shown)
    deeper = ~(tissue & ~gone).any(axis=1) | ((after - first) * row_mm >= 10)
    return float(gone[z, first[z, x], x].mean()), float(deeper[z, x].mean())


def turned(head: Head, orientation: str) -> tuple[list[bytes], Callable[[Any], Any]]:
    return single(head.sop_class, head.voxels, head.spacing, orientation), blocks(orientation)


@pytest.mark.parametrize("orientation", ["sagittal", "coronal, from the back"])
def test_the_face_of_a_real_head_goes_and_its_brain_stays(head: Head, orientation: str) -> None:
    files, back = turned(head, orientation)

    made = np.stack([pydicom.dcmread(io.BytesIO(data)).pixel_array for data in defaced(files, shear)])

    gone = back(made) != head.voxels
    blank = back(made) == head.air
    surface, deeper = face(head, blank)
    assert surface > 0.99
    assert deeper > 0.9
    assert gone[head.brain].sum() <= 0.0005 * head.brain.sum()
    assert (blank | ~gone).all()


def test_a_compressed_multi_frame_head_comes_out_as_its_single_frames_do(colin: Head) -> None:
    files = single(colin.sop_class, colin.voxels, colin.spacing, "axial")
    packed = enhanced(colin.sop_class, colin.voxels, colin.spacing, RLELossless)

    (made,) = [pydicom.dcmread(io.BytesIO(data)) for data in defaced([packed], shear)]

    slices = np.stack([pydicom.dcmread(io.BytesIO(data)).pixel_array for data in defaced(files, shear)])
    assert (made.pixel_array[::-1] == slices).all()
    assert (made.RecognizableVisualFeatures, made.ImageType[0]) == ("NO", "DERIVED")
    assert not made.file_meta.TransferSyntaxUID.is_compressed


def test_thick_slices_under_a_tilted_gantry_fare_no_worse(colin: Head) -> None:
    thick = colin._replace(voxels=colin.voxels[::5], brain=colin.brain[::5], spacing=(5.0, 1.0, 1.0), brow=9)
    files = single(thick.sop_class, thick.voxels, thick.spacing, "axial", shift_mm=-0.5)

    made = np.stack([pydicom.dcmread(io.BytesIO(data)).pixel_array for data in defaced(files, shear)])

    assert face(thick, made == 0)[0] > 0.99
    assert (made != thick.voxels)[thick.brain].mean() < 0.001


@pytest.mark.parametrize("degrees", [-45, 30])
def test_oblique_slices_lose_the_same_face(cranium: Head, degrees: int) -> None:
    tilt = float(np.radians(degrees))
    files = single(CT, oblique(cranium, cranium.voxels, tilt), cranium.spacing, "axial", tilt=tilt)
    upright = shear(Volume(cranium.voxels.astype(np.float32), cranium.spacing, "CT"))

    made = np.stack([pydicom.dcmread(io.BytesIO(data)).pixel_array for data in defaced(files, shear)])

    head = oblique(cranium, cranium.voxels, tilt) > cranium.tissue
    face_of_it = oblique(cranium, upright, tilt)
    assert (made == cranium.air)[head & face_of_it].mean() > 0.93
    assert (made == cranium.air)[head & ~face_of_it].mean() < 0.1


def oblique(head: Head, voxels: NDArray[Any], tilt: float) -> NDArray[Any]:
    """Return the nearest voxels on a grid that is turned about the head's middle as ``single`` turns it."""
    (z_mm, y_mm, _), (rows, columns) = head.spacing, head.voxels.shape[:2]
    z, y = np.meshgrid((np.arange(rows) - rows / 2) * z_mm, (np.arange(columns) - columns / 2) * y_mm, indexing="ij")
    of = np.rint((z * np.cos(tilt) + y * np.sin(tilt)) / z_mm + rows / 2).astype(int)
    at = np.rint((y * np.cos(tilt) - z * np.sin(tilt)) / y_mm + columns / 2).astype(int)
    inside = (of >= 0) & (of < rows) & (at >= 0) & (at < columns)
    found: NDArray[Any] = voxels[of.clip(0, rows - 1), at.clip(0, columns - 1)]
    return np.where(inside[..., None], found, head.air if voxels.dtype != bool else True)


def test_a_head_that_was_stripped_or_shows_no_face_is_refused_not_declared_clean(colin: Head) -> None:
    stripped = np.where(colin.brain, colin.voxels, 0).astype(np.int16)

    with pytest.raises(Refused, match="no-face"):
        defaced(single(MR, stripped, colin.spacing, "axial"), shear)


def test_a_part_of_a_head_is_refused(cranium: Head) -> None:
    with pytest.raises(Refused, match="no-brain"):
        defaced(single(CT, cranium.voxels[:30], cranium.spacing, "axial"), shear)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_head_that_lies_otherwise_than_stated_is_refused(cranium: Head, axis: int) -> None:
    with pytest.raises(Refused, match="not-upright"):
        defaced(single(CT, np.flip(cranium.voxels, axis), cranium.spacing, "axial"), shear)
