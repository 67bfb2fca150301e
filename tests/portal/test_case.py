"""The page of a case: every slice of a long Series, windows, other exams of the patient, versions of a report."""

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from shared.web import gateway_token
from tests.flow.system import System, until

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SLICES = 1100
STUDY, SERIES = "2.25.1100", "2.25.1100.1"


def slice_of_ct(number: int) -> bytes:
    """Return one 8 × 8 slice whose values are its number."""
    header, basic = Dataset(), Dataset()
    basic.CodeValue, basic.CodingSchemeDesignator, basic.CodeMeaning = "113100", "DCM", "Basic"
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID = CTImageStorage, f"{SERIES}.{number}"
    header.StudyInstanceUID, header.SeriesInstanceUID = STUDY, SERIES
    header.PatientID, header.StudyDate, header.Modality = "long", "20240101", "CT"
    header.PatientIdentityRemoved, header.DeidentificationMethod = "YES", "J-MID jmid/3"
    header.DeidentificationMethodCodeSequence = [basic]
    header.SeriesNumber, header.InstanceNumber = 1, number
    header.Rows = header.Columns = 8
    header.BitsAllocated = header.BitsStored = 16
    header.HighBit, header.PixelRepresentation, header.SamplesPerPixel = 15, 1, 1
    header.PhotometricInterpretation = "MONOCHROME2"
    header.RescaleIntercept, header.RescaleSlope = "0", "1"
    header.WindowCenter, header.WindowWidth = "50", "100"
    header.PixelData = np.full((8, 8), number, np.int16).tobytes()
    file = io.BytesIO()
    header.save_as(file, enforce_file_format=True)
    return file.getvalue()


@pytest.fixture(scope="module")
def long_case(system: System) -> str:
    """Return the case of a Study with one Series of 1,100 slices."""
    parts = [b"--slice\r\nContent-Type: application/dicom\r\n\r\n" + slice_of_ct(n) for n in range(1, SLICES + 1)]
    body = b"\r\n".join([*parts, b"--slice--\r\n"])
    kind = 'multipart/related; type="application/dicom"; boundary=slice'
    token = next(system.home.rglob(gateway_token.FILE)).read_text("ascii").strip()
    gateway = replace(system, headers={"Authorization": f"Bearer {token}"})
    assert gateway.post("archive", "/dicom-web/studies", body, kind)[0] == 200
    until(lambda: [c for c in system.cases(q=f"uid:{STUDY}") if c["instances"] == SLICES], "the long case")
    return f"{system.url('search')}/cases/{STUDY}"


async def test_every_slice_of_a_long_series_is_reached_by_key_and_slider(long_case: str, page: "Page") -> None:
    await page.goto(long_case)
    await page.wait_for_function("document.getElementById('frame').naturalWidth > 0")
    assert await page.inner_text("#where") == f"{SLICES // 2} of {SLICES}"

    await page.focus("#pane")
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowUp")
    assert await page.inner_text("#where") == f"{SLICES - 1} of {SLICES}"

    await page.fill("#slice", "0")
    assert await page.inner_text("#where") == f"1 of {SLICES}"
    await page.wait_for_function("document.getElementById('trouble').textContent === ''")


async def test_a_preset_and_a_drag_ask_the_archive_for_a_window(long_case: str, page: "Page") -> None:
    await page.goto(long_case)
    await page.wait_for_function("document.getElementById('frame').naturalWidth > 0")

    async with page.expect_request(lambda asked: "window=-600,1500,linear" in asked.url):
        await page.focus("#pane")
        await page.keyboard.press("2")
    await page.keyboard.press("0")
    await page.click("[data-mode]")
    async with page.expect_request(lambda asked: "window=50,1" in asked.url):  # wider than the stored 50 / 100
        await page.hover("#pane")
        await page.mouse.down()
        await page.wait_for_function("performance.getEntriesByType('resource').some(e => e.name.endsWith('/metadata'))")
        box = await page.locator("#pane").bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + box["width"] / 2 + 64, box["y"] + box["height"] / 2, steps=4)
    await page.mouse.up()


async def test_without_script_a_series_is_a_page_of_thumbnails(long_case: str, page: "Page") -> None:
    context = await page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    reader = await context.new_page()

    await reader.goto(long_case)
    await reader.click("ul.series a >> nth=0")
    await reader.click("text=Last")

    assert f"{SLICES - 59} to {SLICES} of {SLICES}" in await reader.inner_text("main")
    last = reader.locator(".thumbnails a").last
    assert (
        await last.get_attribute("href")
        == f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.{SLICES}/rendered"
    )
    await context.close()


def report(number: int, conclusion: str, status: str = "final") -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "identifier": [{"value": f"V-{number}"}],
        "status": status,
        "code": {"text": "CT"},
        "subject": {"identifier": {"value": "4242"}},
        "effectiveDateTime": f"202{number}-05-01",
        "conclusion": conclusion,
    }


def case_with(system: System, words: str) -> dict[str, Any]:
    return until(lambda: system.cases(q=f'"{words}"'), "the report")[0]


async def test_versions_of_a_report_and_other_exams_of_the_patient_are_shown(system: System, page: "Page") -> None:
    kind = "application/fhir+json"
    for each in (report(1, "右肺に結節"), report(2, "左肺に腫瘤"), report(1, "左肺に結節", "amended")):
        system.post("ingest", "/ingest/reports", json.dumps(each).encode(), kind)
        case = case_with(system, each["conclusion"])

    await page.goto(f"{system.url('search')}/cases/{case['id']}")
    await page.click("details.version summary")

    assert await page.inner_text("details.version del") == "右"
    assert await page.inner_text("details.version ins") == "左"
    assert "version 2, current" in await page.inner_text("article")
    exams = page.locator(".timeline li")
    assert [text.split("\n")[0] for text in await exams.all_inner_texts()] == ["2021-05-01", "2022-05-01"]
    await page.click(".timeline a")
    assert "左肺に腫瘤" in await page.inner_text("article")
