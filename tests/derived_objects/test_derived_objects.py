"""What AI teams make of images keeps its meaning: de-identified, stored and read back, it refers to its images."""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from services.anonymizer.cli.verify import verify
from services.anonymizer.instances.batch import Refusal, deidentify_one
from services.anonymizer.instances.deidentify import Review
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms import keys
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import serving_all
from tests.derived_objects.objects import SEGMENTS, mask_of, measurement_report, segmentation

VOLUME_MM3 = 523.6


def read(data: bytes) -> Dataset:
    return pydicom.dcmread(io.BytesIO(data))


@pytest.fixture
def slices(shared_data: Path) -> list[bytes]:
    """Three slices of one CT series, small."""
    files = [shared_data / f"dicom/ct-philips/I{number}" for number in (10, 100, 110)]
    found = []
    for path in files:
        image = pydicom.dcmread(path)
        image.PixelData = image.pixel_array[:128, :128].tobytes()
        image.Rows = image.Columns = 128
        target = io.BytesIO()
        image.save_as(target)
        found.append(target.getvalue())
    return found


@pytest.fixture
def objects(slices: list[bytes]) -> list[bytes]:
    """The slices, a segmentation of them and a report that measures one of its segments."""
    images = [read(data) for data in slices]
    segmented = segmentation(images)
    return [*slices, segmented, measurement_report(images, read(segmented), VOLUME_MM3)]


def uids_of(images: Sequence[Dataset]) -> list[str]:
    return [str(image.SOPInstanceUID) for image in images]


def means_the_same(found: Sequence[bytes], original: Sequence[bytes]) -> None:
    """Compare segments and measurement with what was made, by highdicom's own readers, over the images at hand."""
    *images, segmented, report = [read(data) for data in found]
    segments = hd.seg.Segmentation.from_dataset(segmented)
    wanted = mask_of([read(data) for data in original[:-2]])
    pixels = segments.get_pixels_by_source_instance(
        uids_of(images), assert_missing_frames_are_empty=True
    )  # one channel a segment
    for number in range(1, SEGMENTS + 1):
        assert np.array_equal(pixels[..., number - 1], wanted == number)
    measured = hd.sr.Comprehensive3DSR.from_dataset(report).content
    assert isinstance(measured, hd.sr.MeasurementReport)
    (group,) = measured.get_volumetric_roi_measurement_groups()
    (volume,) = group.get_measurements(codes.SCT.Volume)
    assert volume.value == VOLUME_MM3
    segment = group.referenced_segment
    assert segment is not None
    assert segment.referenced_sop_instance_uid == segmented.SOPInstanceUID
    assert {each.StudyInstanceUID for each in (*images, segmented, report)} == {images[0].StudyInstanceUID}


@pytest.mark.parametrize("profile", ["jmid", "research"])
def test_deidentified_they_refer_to_the_deidentified_images(objects: list[bytes], profile: str, tmp_path: Path) -> None:
    policy = Policy(profile, keys.create(tmp_path / "keys", "jmid"), "hospital-1", recognise=False)

    found = [deidentify_one(data, policy, Review()) for data in objects]

    cleaned = [each.data for each in found if not isinstance(each, Refusal)]
    assert len(cleaned) == len(objects)
    assert all(verify(data) == [] for data in cleaned)
    assert not {read(data).SOPInstanceUID for data in cleaned} & {read(data).SOPInstanceUID for data in objects}
    means_the_same(cleaned, objects)


async def test_stored_and_retrieved_by_dicomweb_client_they_are_the_same(
    archive: Archive,
    objects: list[bytes],
) -> None:
    async with serving_all(archive.deps, archive.store) as serving:
        client = DICOMwebClient(serving.url)
        await asyncio.to_thread(client.store_instances, [read(data) for data in objects])
        study = str(read(objects[0]).StudyInstanceUID)
        found = await asyncio.to_thread(client.search_for_series, study, search_filters={"Modality": "SEG"})
        series = await asyncio.to_thread(client.retrieve_study, study)

    assert [each["0020000D"]["Value"] for each in found] == [[study]]
    by_uid = {str(each.SOPInstanceUID): each for each in series}
    back = []
    for uid in uids_of([read(data) for data in objects]):
        target = io.BytesIO()
        by_uid[uid].save_as(target)
        back.append(target.getvalue())
    means_the_same(back, objects)
