"""The OHIF viewer on what is no plain CT Series: segmentations made in it, MR, ultrasound and multi-frame objects."""

import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pydicom
import pydicom.data
import pytest
import pytest_asyncio
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage, generate_uid

from shared.web import ohif
from tests.archive.conftest import Archive
from tests.archive.fixtures_retrieve import SHARED, Serving, parts_of, serving_all
from tests.archive.test_ohif_viewer import (
    CACHE,
    LIVER,
    WAIT_MS,
    _until_drawn,
    page,
    viewing,
    watched,
)

if TYPE_CHECKING:
    from playwright.async_api import Page

__all__ = ["page", "viewing"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"  # Label Map Segmentation Storage: what this OHIF writes


async def test_a_segmentation_is_painted_and_saved_to_the_archive(viewing: Serving, page: "Page") -> None:
    wrong = watched(page)
    await page.goto(f"{viewer(viewing)}/segmentation?StudyInstanceUIDs={LIVER}")
    await _until_drawn(page, 60)
    before = await segmentations(viewing)

    await page.locator('[data-cy="addSegmentation"]').click(timeout=WAIT_MS)
    await page.locator('[data-cy="Brush-btn"]').click(timeout=WAIT_MS)
    await paint(page)
    await page.locator('[data-cy="segmentation-collapsed-more-btn-Labelmap"]').click()
    await page.get_by_role("menuitem", name="Export").click()
    await page.get_by_role("menuitem", name="DICOM SEG").click()
    async with page.expect_response(lambda answer: answer.request.method == "POST", timeout=WAIT_MS) as stored:
        await page.get_by_role("dialog").get_by_role("button", name="Save").click()

    assert (await stored.value).status == 200
    (made,) = await segmentations(viewing) - before
    found = await instance_of(viewing, made)
    assert found.SOPClassUID == LABEL_MAP
    assert found.StudyInstanceUID == LIVER
    (referred,) = found.ReferencedSeriesSequence
    _, _, answer = await viewing.get(
        f"studies/{LIVER}/series?Modality=CT&SeriesInstanceUID={referred.SeriesInstanceUID}"
    )
    assert len(orjson.loads(answer)) == 1
    painted = found.pixel_array.reshape(-1, found.Rows, found.Columns).any(axis=0)
    assert 200 < int(painted.sum()) < painted.size // 4
    assert not wrong


def viewer(serving: Serving) -> str:
    """Return the URL of the viewer."""
    return serving.url.removesuffix("/dicom-web") + "/viewer"


async def segmentations(serving: Serving) -> set[str]:
    """Return the Series Instance UIDs of the Study's segmentations."""
    _, _, body = await serving.get(f"studies/{LIVER}/series?Modality=SEG")
    return {each["0020000E"]["Value"][0] for each in orjson.loads(body or b"[]")}


async def instance_of(serving: Serving, series: str) -> pydicom.Dataset:
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    _, headers, body = await serving.get(f"studies/{LIVER}/series/{series}", accept)
    ((_, data),) = parts_of(headers, body)
    return pydicom.dcmread(io.BytesIO(data))


async def paint(page: "Page") -> None:
    box = await page.locator("canvas").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 40, y + 30, steps=8)
    await page.mouse.up()


@pytest_asyncio.fixture
async def site(archive: Archive) -> AsyncIterator[Serving]:
    """Yield an archive with nothing in it, and the viewer beside it; skip where that cannot be fetched."""
    found = ohif.prepare(CACHE)
    if found.folder is None:
        pytest.skip(found.reason)
    async with serving_all(archive.deps, archive.store, ohif.routes(found.folder)) as serving:
        yield serving


def ultrasound(frames: int) -> bytes:
    """Return a multi-frame ultrasound object: frame n is a bright square, further right in every frame."""
    pixels = np.full((frames, 120, 160), 20, "u1")
    for number in range(frames):
        pixels[number, 40:80, 10 + 20 * number : 40 + 20 * number] = 230
    found = pydicom.Dataset()
    found.file_meta = pydicom.dataset.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = found.SOPClassUID = UltrasoundMultiFrameImageStorage
    found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    found.StudyInstanceUID, found.SeriesInstanceUID = generate_uid(), generate_uid()
    found.PatientID, found.PatientName, found.PatientBirthDate, found.PatientSex = "US1", "ECHO^TEST", "", ""
    found.StudyDate, found.StudyTime, found.StudyID, found.AccessionNumber = "20240531", "101500", "1", ""
    found.Modality, found.SeriesNumber, found.InstanceNumber = "US", 1, 1
    found.SeriesDescription, found.ReferringPhysicianName, found.Manufacturer = "cine", "", ""
    found.ImageType = ["ORIGINAL", "PRIMARY"]
    found.NumberOfFrames, found.Rows, found.Columns = frames, 120, 160
    found.FrameIncrementPointer, found.FrameTime = 0x00181063, "40"
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    found.BitsAllocated = found.BitsStored = 8
    found.HighBit, found.PixelRepresentation = 7, 0
    found.LossyImageCompression = "00"
    found.PixelData = pixels.tobytes()
    target = io.BytesIO()
    found.save_as(target, enforce_file_format=True)
    return target.getvalue()


async def test_a_multi_frame_ultrasound_shows_frame_after_frame(site: Serving, page: "Page") -> None:
    wrong = watched(page)
    (record,) = await site.take(ultrasound(5))

    await page.goto(
        f"{site.url.removesuffix('/dicom-web')}/viewer/viewer?StudyInstanceUIDs={record.study_instance_uid}"
    )
    await page.get_by_text("Skip all").click(timeout=WAIT_MS)
    await page.get_by_text("Confirm and hide").click(timeout=WAIT_MS)
    first = await settled_square(page, None)
    places = [first]
    for _ in range(2):
        await page.keyboard.press("ArrowDown")
        places.append(await settled_square(page, places[-1]))

    steps = np.diff(places)
    assert (steps > 0).all()
    assert abs(steps[0] - steps[1]) <= 3
    assert not wrong


async def settled_square(page: "Page", before: float | None) -> float:
    """Return where the bright square's middle is, once it is elsewhere than before."""
    for _ in range(WAIT_MS // 250):
        if await page.locator("canvas").count():
            picture = np.asarray(Image.open(io.BytesIO(await page.locator("canvas").first.screenshot())).convert("L"))
            middle = picture[picture.shape[0] // 3 : picture.shape[0] * 2 // 3]
            columns = np.flatnonzero((middle > 180).mean(axis=0) > 0.2)
            if len(columns) > 20 and (before is None or abs(columns.mean() - before) > 5):
                return float(columns.mean())
        await page.wait_for_timeout(250)
    raise AssertionError("the frame did not appear")


async def test_an_mr_series_is_shown(site: Serving, page: "Page") -> None:
    if not SHARED.is_dir():
        pytest.skip("JMID_SHARED_DATA does not name the folder of the shared data")
    wrong = watched(page)
    files = [path for path in sorted((SHARED / "dicom" / "mr-siemens").rglob("*")) if path.is_file()]
    images = [path for path in files if path.stat().st_size > 50_000 and path.read_bytes()[128:132] == b"DICM"]
    (record, *_) = await site.take(*images[:4])

    await page.goto(
        f"{site.url.removesuffix('/dicom-web')}/viewer/viewer?StudyInstanceUIDs={record.study_instance_uid}"
    )
    await page.get_by_text("Skip all").click(timeout=WAIT_MS)

    await _until_drawn(page, 40)
    assert not wrong
