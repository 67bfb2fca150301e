"""The face goes and the brain stays, however the Series lies; what is no head is refused."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)
from typer.testing import CliRunner

from services.anonymizer.cli.commands import deid
from services.anonymizer.cli.verify import verify
from services.anonymizer.deface import load
from services.anonymizer.deface.series import defaced
from services.anonymizer.deface.shear import shear
from services.anonymizer.deface.volume import Volume
from shared.errors import Refused, SettingsError
from tests.anonymizer.deface.volumes import enhanced

STEP, SIDE = 3.0, 90  # mm, voxels: 270 mm
AXIS = (np.arange(SIDE) - SIDE / 2) * STEP
Z, Y, X = np.meshgrid(AXIS, AXIS, AXIS, indexing="ij")  # patient's: superior, posterior, left
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"


def ellipsoid(centre: tuple[float, float, float], axes: tuple[float, float, float]) -> NDArray[np.bool_]:
    (x, y, z), (a, b, c) = centre, axes
    inside: NDArray[np.bool_] = ((X - x) / a) ** 2 + ((Y - y) / b) ** 2 + ((Z - z) / c) ** 2 <= 1
    return inside


HEAD = ellipsoid((0, 0, 0), (75, 95, 115))
BRAIN = ellipsoid((0, 10, 40), (62, 78, 60)) & ellipsoid((0, 0, 0), (63, 83, 103))  # scalp and skull: 12 mm
NOSE = ellipsoid((0, -98, -25), (14, 22, 24))
EYES = ellipsoid((32, -72, -8), (12, 12, 12)) | ellipsoid((-32, -72, -8), (12, 12, 12))
EARS = ellipsoid((80, 5, -15), (9, 16, 30)) | ellipsoid((-80, 5, -15), (9, 16, 30))
FACE = NOSE | EYES | EARS

ORIENTATIONS: dict[str, tuple[list[float], Callable[[Any], Any]]] = {  # direction cosines; how (z, y, x) becomes slices
    "axial": ([1, 0, 0, 0, 1, 0], lambda v: v),
    "axial, prone": ([-1, 0, 0, 0, -1, 0], lambda v: v[:, ::-1, ::-1]),
    "coronal": ([1, 0, 0, 0, 0, -1], lambda v: v[::-1].transpose(1, 0, 2)),
    "sagittal": ([0, 1, 0, 0, 0, -1], lambda v: v[::-1].transpose(2, 0, 1)),
}


def phantom(sop_class: str) -> NDArray[np.int16]:
    air, tissue, brain, bone = (-1000, 40, 35, 900) if sop_class == CT else (5, 400, 600, 60)
    voxels = np.full(HEAD.shape, air, np.int16)
    voxels[HEAD | NOSE | EARS] = tissue
    voxels[ellipsoid((0, 8, 38), (70, 86, 69)) & HEAD] = bone
    voxels[BRAIN] = brain
    voxels[EYES] = tissue - 30
    return voxels


def series(sop_class: str, orientation: str) -> list[bytes]:
    cosines, turned = ORIENTATIONS[orientation]
    slices = turned(phantom(sop_class))
    places = np.stack([turned(each) for each in (X, Y, Z)], axis=-1)
    study, of_series, frame = generate_uid(), generate_uid(), generate_uid()
    found = []
    for number, pixels in enumerate(slices):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = UID(sop_class)
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = generate_uid()
        one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = study, of_series, frame
        one.PatientIdentityRemoved, one.Modality = "YES", "CT" if sop_class == CT else "MR"
        one.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        one.ImageOrientationPatient = cosines
        one.ImagePositionPatient = [float(v) for v in places[number, 0, 0]]
        one.PixelSpacing, one.InstanceNumber = [STEP, STEP], number + 1
        one.Rows, one.Columns = pixels.shape
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit, one.PixelRepresentation = 15, 1
        one.RescaleSlope, one.RescaleIntercept = 1, 0
        one.PixelData = np.ascontiguousarray(pixels).tobytes()
        target = io.BytesIO()
        one.save_as(target, enforce_file_format=True)
        found.append(target.getvalue())
    return found


def block(files: list[bytes]) -> NDArray[np.int16]:
    return np.stack([pydicom.dcmread(io.BytesIO(data)).pixel_array for data in files])


@pytest.mark.parametrize(("sop_class", "orientation"), [*((CT, each) for each in ORIENTATIONS), (MR, "axial, prone")])
def test_the_face_goes_and_the_brain_stays(sop_class: str, orientation: str) -> None:
    files = series(sop_class, orientation)
    _, turned = ORIENTATIONS[orientation]

    before, after = block(files), block(defaced(files, shear))

    changed = before != after
    assert not changed[turned(BRAIN)].any()
    air = -1000 if sop_class == CT else 5
    assert (after[turned(NOSE)] == air).all()
    assert (after[turned(EYES)] == air).mean() > 0.98
    assert (after[turned(EARS & ~HEAD)] == air).mean() > 0.8


def test_the_order_of_the_files_does_not_matter() -> None:
    files = series(CT, "axial")

    straight, reverse = defaced(files, shear), defaced(files[::-1], shear)

    assert straight == reverse[::-1]


def test_an_instance_says_what_was_done_and_is_another_one() -> None:
    files = series(CT, "axial")

    made = [pydicom.dcmread(io.BytesIO(data)) for data in defaced(files, shear)]

    before = [pydicom.dcmread(io.BytesIO(data)) for data in files]
    assert {each.RecognizableVisualFeatures for each in made} == {"NO"}
    assert [code.CodeValue for code in made[0].DeidentificationMethodCodeSequence] == ["113102"]
    assert made[0].ImageType == ["DERIVED", "PRIMARY", "AXIAL"]
    assert {each.StudyInstanceUID for each in made} == {before[0].StudyInstanceUID}
    assert len({each.SeriesInstanceUID for each in made} | {before[0].SeriesInstanceUID}) == 2
    assert len({each.SOPInstanceUID for each in (*made, *before)}) == 2 * len(files)
    assert defaced(files, shear)[0] == defaced(files, shear)[0]


def test_what_stood_for_the_pixels_before_goes_and_the_same_comes_of_the_same_compressed_or_not() -> None:
    voxels = np.arange(4 * 6 * 8, dtype=np.int16).reshape(4, 6, 8)
    plain, packed = (enhanced(MR, voxels, (1.0, 1.0, 1.0), syntax) for syntax in ("", RLELossless))
    spoiled = changed(packed, IconImageSequence=[Dataset()])

    first, again = (pydicom.dcmread(io.BytesIO(defaced([spoiled], all_gone)[0])) for _ in range(2))

    assert first == again
    assert "IconImageSequence" not in first
    assert (first.pixel_array == pydicom.dcmread(io.BytesIO(defaced([plain], all_gone)[0])).pixel_array).all()
    shared = first.SharedFunctionalGroupsSequence[0]
    assert shared.MRImageFrameTypeSequence[0].FrameType[0] == first.ImageType[0] == "DERIVED"


def all_gone(volume: Volume) -> NDArray[np.bool_]:
    return np.ones(volume.voxels.shape, bool)


def test_a_defacer_that_takes_nothing_makes_no_claim() -> None:
    with pytest.raises(Refused, match="nothing-removed"):
        defaced(series(CT, "axial"), lambda volume: np.zeros(volume.voxels.shape, bool))


def changed(data: bytes, **values: Any) -> bytes:
    found = pydicom.dcmread(io.BytesIO(data))
    for keyword, value in values.items():
        setattr(found, keyword, value)
    target = io.BytesIO()
    found.save_as(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        (lambda files: [changed(each, PatientIdentityRemoved="NO") for each in files], "not-deidentified"),
        (lambda files: files[:5], "too-few-slices"),
        (lambda files: files[:30], "no-face"),
        (lambda files: files[60:], "no-brain"),
        (lambda files: [changed(each, PixelSpacing=None) for each in files], "no-geometry"),
        (lambda files: [changed(each, PixelSpacing=[3, "0"]) for each in files], "no-geometry"),
        (lambda files: [changed(each, ImageOrientationPatient=None) for each in files], "no-geometry"),
        (lambda files: [changed(each, ImageOrientationPatient=[1, 0, 0, 1, 0, 0]) for each in files], "no-geometry"),
        (lambda files: [changed(each, ImagePositionPatient=[0, 0]) for each in files], "no-geometry"),
        (lambda files: [changed(each, PixelData=b"") for each in files], "no-pixels"),
        (lambda files: [changed(each, NumberOfFrames=3) for each in files], "no-geometry"),
        (lambda files: [*files, files[0]], "not-even"),
        (lambda files: files[:1], "not-one-volume"),
        (lambda files: [changed(files[0], PixelSpacing=[2, 2]), *files[1:]], "not-one-volume"),
        (lambda files: [each for n, each in enumerate(files) if n != 40], "not-even"),
        (lambda files: [changed(files[0], ImageOrientationPatient=[0, 1, 0, 0, 0, -1]), *files[1:]], "not-parallel"),
        (lambda files: [changed(each, PixelSpacing=[9, 9]) for each in files], "no-brain"),
        (lambda files: [changed(each, SOPClassUID="1.2.840.10008.5.1.4.1.1.1") for each in files], "not-defaceable"),
    ],
)
def test_what_is_no_head_series_is_refused(spoiled: Callable[[list[bytes]], list[bytes]], reason: str) -> None:
    files = spoiled(series(CT, "axial"))

    with pytest.raises(Refused, match=reason):
        defaced(files, shear)


def test_another_defacer_is_found_by_its_entry_point_or_named_as_missing() -> None:
    assert load.load("shear") is shear
    with pytest.raises(SettingsError):
        load.load("other")


def test_the_command_takes_series_whole_or_refuses_them_with_a_reason(tmp_path: Path) -> None:
    for number, data in enumerate(series(MR, "axial")):
        target = tmp_path / "in" / "head" / f"{number}.dcm"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    for number, data in enumerate(series(CT, "axial")[:5]):
        (tmp_path / "in" / f"short-{number}.dcm").write_bytes(data)
    (tmp_path / "in" / "note.txt").write_text("not DICOM")

    shown = CliRunner().invoke(deid, ["deface", str(tmp_path / "in"), str(tmp_path / "out")])

    with (tmp_path / "out" / "index.csv").open(newline="") as file:
        rows = {row["input"]: row for row in csv.DictReader(file)}
    assert shown.exit_code == 0
    assert f"{SIDE} defaced, 6 refused" in shown.output
    assert (rows["note.txt"]["reason"], rows["short-0.dcm"]["reason"]) == ("not-dicom", "too-few-slices")
    made = pydicom.dcmread(tmp_path / "out" / rows["head/40.dcm"]["output"])
    assert made.RecognizableVisualFeatures == "NO"
    assert set(verify((tmp_path / "out" / rows["head/40.dcm"]["output"]).read_bytes())) <= set(
        verify((tmp_path / "in" / "head" / "40.dcm").read_bytes())
    )


def test_a_defacer_that_is_not_there_is_named(tmp_path: Path) -> None:
    shown = CliRunner().invoke(deid, ["deface", str(tmp_path), str(tmp_path / "out"), "--defacer", "other"])

    assert shown.exit_code != 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_every_uncompressed_transfer_syntax_comes_out_with_the_same_pixels(syntax: UID) -> None:
    files = series(CT, "axial")[:3]
    padded = [_in(data, syntax) for data in files]

    made = [pydicom.dcmread(io.BytesIO(data)) for data in defaced(padded, front_gone)]

    assert (block(defaced(files, front_gone)) == np.stack([each.pixel_array for each in made])).all()
    assert {(each.PixelPaddingValue, each.file_meta.TransferSyntaxUID) for each in made} == {
        (-2000, ExplicitVRLittleEndian)
    }


def front_gone(volume: Volume) -> NDArray[np.bool_]:
    mask = np.zeros(volume.voxels.shape, bool)
    mask[:, : volume.voxels.shape[1] // 3] = True
    return mask


def _in(data: bytes, syntax: UID) -> bytes:
    found = pydicom.dcmread(io.BytesIO(data))
    found.add_new("PixelPaddingValue", "SS", -2000)
    if not syntax.is_little_endian:
        found.PixelData = found.pixel_array.astype(">i2").tobytes()
    found.file_meta.TransferSyntaxUID = syntax
    target = io.BytesIO()
    fresh = Dataset(found)
    fresh.file_meta = found.file_meta
    vr, order = syntax.is_implicit_VR, syntax.is_little_endian
    pydicom.dcmwrite(target, fresh, implicit_vr=vr, little_endian=order, enforce_file_format=True)
    return target.getvalue()
