"""The OHIF viewer shows MR and multi-frame ultrasound as pydicom decodes them, and saves segmentations."""

import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pydicom
import pytest
import pytest_asyncio
from PIL import Image

from services.archive.records import INSTANCES
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import INSTALLED, SHARED, Serving
from tests.archive.viewer.serving import (
    LIVER,
    WAIT_MS,
    drag,
    large_files,
    picture_of,
    serving_viewer,
    until,
    viewer_url,
)

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

SEG = "1.2.840.10008.5.1.4.1.1.66.4"
ULTRASOUND = INSTALLED / "examples_ybr_color.dcm"
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest_asyncio.fixture
async def viewing(archive: Archive) -> AsyncIterator[Serving]:
    """Yield an archive with MR, CT with SEG, and ultrasound, and the viewer beside it."""
    files = [ULTRASOUND, *sorted(large_files("mr-siemens", "dcmqi/segmentations"))]
    async with serving_viewer(archive, files) as serving:
        yield serving


@pytest_asyncio.fixture
async def page(browser: "Browser") -> AsyncIterator["Page"]:
    """Yield a page; the test fails if an answer was an error or the page asked another host."""
    wrong: list[str] = []
    tab = await browser.new_page(viewport={"width": 1300, "height": 850})
    tab.on("response", lambda answer: wrong.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    tab.on(
        "request",
        lambda asked: None if asked.url.startswith(("http://127.0.0.1", "blob:", "data:")) else wrong.append(asked.url),
    )
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    yield tab
    await tab.close()
    assert not wrong


async def opened(page: "Page", viewing: Serving, study: str, mode: str = "viewer") -> None:
    """Open a Study, with what covers the images out of the way."""
    if mode == "viewer":
        await page.add_init_script("localStorage.setItem('shownTours', JSON.stringify(['basicViewerTour']))")
    await page.goto(viewer_url(viewing, study, mode))
    await page.get_by_text("Confirm and hide").click(timeout=WAIT_MS)
    await page.locator("canvas").first.wait_for(timeout=WAIT_MS)


async def canvas_of(page: "Page") -> np.ndarray:
    """Return what the viewport shows: rows × columns of luminance, 0 to 255."""
    picture = await picture_of(page)
    return np.asarray(Image.open(io.BytesIO(picture)).convert("L")).astype(float)


def likeness(shown: np.ndarray, frame: np.ndarray) -> float:
    """Return the correlation of a viewport with a frame that is fitted to it, -1 to 1; texts lie over the rim."""
    rows, columns = frame.shape
    scale = min(shown.shape[0] / rows, shown.shape[1] / columns)
    size = (round(columns * scale), round(rows * scale))
    fitted = np.asarray(Image.fromarray(frame.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
    top, left = (shown.shape[0] - size[1]) // 2, (shown.shape[1] - size[0]) // 2
    seen = shown[top : top + size[1], left : left + size[0]]
    inner = (slice(size[1] // 5, -size[1] // 5), slice(size[0] // 5, -size[0] // 5))
    return float(np.corrcoef(seen[inner].ravel(), fitted[inner].ravel())[0, 1])


async def best_match(page: "Page", frames: list[np.ndarray]) -> tuple[int, float]:
    """Return which frame the viewport shows, and how like it is."""
    shown = await canvas_of(page)
    scores = [likeness(shown, frame) for frame in frames]
    return int(np.argmax(scores)), max(scores)


async def test_each_frame_of_an_ultrasound_is_shown_as_it_is(viewing: Serving, page: "Page") -> None:
    data = pydicom.dcmread(ULTRASOUND)
    frames = [np.asarray(Image.fromarray(frame).convert("L")) for frame in data.pixel_array]

    async def shows(number: int) -> bool:
        found, score = await best_match(page, frames)
        return found == number and score > 0.98

    await opened(page, viewing, data.StudyInstanceUID)
    await until(page, lambda: shows(0))
    await page.locator("canvas").first.hover()
    for number in (1, 2):
        await page.mouse.wheel(0, 100)
        await until(page, lambda number=number: shows(number))  # type: ignore[misc]


async def test_an_mr_series_is_shown_as_it_is(viewing: Serving, page: "Page") -> None:
    paths = sorted((SHARED / "dicom" / "mr-siemens").glob("axasc36_MR*"))
    series = sorted((pydicom.dcmread(path) for path in paths), key=lambda data: int(data.InstanceNumber))

    async def shown() -> bool:
        _, score = await best_match(page, [data.pixel_array for data in series])
        return score > 0.95

    await opened(page, viewing, series[0].StudyInstanceUID)

    await until(page, shown)


async def test_a_painted_segmentation_is_saved_to_the_archive(viewing: Serving, page: "Page") -> None:
    await opened(page, viewing, LIVER, "segmentation")
    add = page.locator('[data-cy="addSegmentation"]')
    await add.wait_for(timeout=WAIT_MS)
    await until(page, lambda: _bright(page))
    await add.click()
    await page.get_by_text("Segment 1", exact=True).first.wait_for(timeout=WAIT_MS)
    await page.locator('[data-cy="Brush-btn"]').click()
    await drag(page, (-40, 0), (40, 0))

    await page.locator('[data-cy="segmentation-collapsed-more-btn-Labelmap"]').click()
    await page.get_by_role("menuitem", name="Export").click()
    await page.get_by_text("DICOM SEG").last.click()
    async with page.expect_response(lambda answer: answer.request.method == "POST", timeout=WAIT_MS) as stored:
        await page.get_by_role("button", name="Save").click()

    body = orjson.loads(await (await stored.value).body())
    (item,) = body["00081199"]["Value"]
    record = await viewing.deps.documents.get(INSTANCES, item["00081155"]["Value"][0])
    assert record is not None
    path = f"studies/{LIVER}/series/{record.series_instance_uid}/instances/{record.sop_instance_uid}"
    status, _, file = await viewing.get(path, "application/dicom; transfer-syntax=*")
    assert status == 200
    _assert_painted(pydicom.dcmread(io.BytesIO(file)))


def _assert_painted(segmentation: pydicom.Dataset) -> None:
    """Check that the disc drawn along a line lies in the middle of one referenced CT image, and nowhere else."""
    (series,) = segmentation.ReferencedSeriesSequence
    sources = {
        data.SOPInstanceUID: data.SeriesInstanceUID
        for data in map(pydicom.dcmread, (SHARED / "dicom/dcmqi/segmentations").rglob("*.dcm"))
        if data.Modality == "CT"
    }
    referenced = {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence}
    assert segmentation.SOPClassUID == SEG
    assert referenced and referenced <= sources.keys()
    assert {sources[uid] for uid in referenced} == {series.SeriesInstanceUID}
    assert [segment.SegmentNumber for segment in segmentation.SegmentSequence] == [1]
    frames = np.atleast_3d(segmentation.pixel_array).reshape(-1, segmentation.Rows, segmentation.Columns) > 0
    painted = [frame for frame in frames if frame.any()]
    rows, columns = np.nonzero(painted[0])
    assert len(painted) == 1
    assert abs(rows.mean() - 256) < 10 and abs(columns.mean() - 256) < 10
    assert 1.5 < np.ptp(columns) / np.ptp(rows) < 2.5  # 80 pixels of the screen beside a brush of 88


async def _bright(page: "Page") -> bool:
    return bool(np.ptp(await canvas_of(page)) > 200)
