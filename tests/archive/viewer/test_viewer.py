"""The OHIF viewer: fetched, trimmed, served, and showing what a running archive holds."""

import contextlib
import io
import re
import tarfile
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import orjson
import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms.keys import create
from services.anonymizer.pseudonyms.pseudonyms import uid_pseudonym
from services.archive.store.acceptance import Sender
from services.archive.store.store import Store
from services.free_text import findings
from shared.runtime.app import MIDDLEWARES
from shared.web import ohif
from shared.web.ohif import fetch
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import Serving
from tests.archive.viewer.serving import (
    LIVER,
    WAIT_MS,
    drag,
    large_files,
    middle_of,
    picture_of,
    serving_viewer,
    until,
    viewer_url,
)

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

HEAD_CT = "1.3.46.670589.33.1.27492712521914879309.27169771283235650014"
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
INDEX = '<link href="/app.css"><script src="/app-config.js"></script><script>window.PUBLIC_URL="/"</script>'


def package(folder: Path, files: dict[str, str]) -> Path:
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def test_a_package_is_trimmed_and_moved_below_viewer(tmp_path: Path) -> None:
    archive = package(
        tmp_path,
        {
            "dist/index.html": INDEX,
            "dist/app.js": '__webpack_require__.p = "/";' + " " * 2000,
            "dist/app.js.map": "{}",
            "dist/app.css": "@font-face{src:url(/a.woff2)}",
            "dist/ort/ort.wasm": "large",
            "dist/../../escape.js": "",
            "LICENSE": "MIT",
            "src/index.js": "",
        },
    )

    folder = fetch.build(archive, tmp_path / "viewer").folder

    assert folder is not None
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names == ["LICENSE.txt", "app-config.js", "app-config.js.gz", "app.css", "app.js", "app.js.gz", "index.html"]
    assert '__webpack_require__.p = "/viewer/"' in (folder / "app.js").read_text()
    assert "url(/viewer/a.woff2)" in (folder / "app.css").read_text()
    assert 'href="/viewer/app.css"' in (folder / "index.html").read_text()
    assert "/dicom-web" in (folder / "app-config.js").read_text()


def test_a_package_without_a_viewer_is_not_offered(tmp_path: Path) -> None:
    found = fetch.build(package(tmp_path, {"dist/other.txt": ""}), tmp_path / "viewer")

    assert (found.folder, found.reason) == (None, "the package holds no built viewer")
    assert [path.name for path in tmp_path.iterdir()] == ["package.tgz"]


def test_without_npm_the_viewer_is_not_offered_and_the_reason_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    found = ohif.prepare(tmp_path / "viewer")

    assert found.folder is None
    assert "npm is not installed" in found.reason


def test_a_package_of_other_bytes_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text('#!/bin/sh\nfor last; do :; done\nprintf other > "$last/ohif-app.tgz"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    found = ohif.prepare(tmp_path / "viewer")

    assert found.folder is None
    assert "sha512 differs" in found.reason


def test_a_viewer_that_changed_on_the_disk_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    home = tmp_path / "viewer"
    home.mkdir()
    folder = home / f"ohif-{fetch.VERSION}-{fetch.FORM}"
    fetch.build(package(tmp_path, {"dist/index.html": INDEX, "dist/a.js": "x" * 5000}), folder)
    whole = ohif.prepare(home)

    (folder / "a.js").write_text("y" * 5000)
    changed = ohif.prepare(home)

    assert whole.folder == folder
    assert (changed.folder, folder.exists()) == (None, False)


async def test_the_doors_open_while_the_viewer_is_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    viewer = ohif.Viewer(tmp_path / "viewer")
    app = web.Application(middlewares=MIDDLEWARES)
    app.add_routes(viewer.routes())
    async with TestClient(TestServer(app)) as client:
        before = await client.get("/viewer")
        await viewer.prepare()
        after = await client.get("/viewer")

    assert (before.status, after.status) == (503, 404)


@pytest_asyncio.fixture
async def small_site(tmp_path: Path) -> AsyncIterator[str]:
    folder = tmp_path / "viewer"
    fetch.build(package(tmp_path, {"dist/index.html": INDEX, "dist/a.0123456789abcdef.js": "x" * 5000}), folder)
    app = web.Application()
    app.add_routes(ohif.routes(folder))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_scripts_come_compressed_and_are_kept_and_pages_are_fresh(small_site: str) -> None:
    async with ClientSession(small_site, auto_decompress=False) as client:
        async with client.get("/viewer/a.0123456789abcdef.js", headers={"Accept-Encoding": "gzip"}) as script:
            assert (script.status, script.headers["Content-Encoding"]) == (200, "gzip")
            assert script.content_type == "text/javascript"
            assert "immutable" in script.headers["Cache-Control"]
        async with client.get("/viewer/viewer?StudyInstanceUIDs=1.2.3") as page:
            assert (page.status, page.content_type, page.headers["Cache-Control"]) == (200, "text/html", "no-cache")


@pytest.mark.parametrize("path", ["/viewer/none.js", "/viewer/..%2f..%2fpackage.tgz", "/viewer/%2e%2e/package.tgz"])
async def test_what_is_not_the_viewers_is_not_served(small_site: str, path: str) -> None:
    async with ClientSession(small_site) as client, client.get(path) as answer:
        assert answer.status == 404


@pytest_asyncio.fixture
async def viewing(archive: Archive) -> AsyncIterator[Serving]:
    """Yield an archive that holds real Series, with the viewer beside it."""
    async with serving_viewer(archive, large_files("ct-philips", "dcmqi/segmentations")) as serving:
        yield serving


@pytest_asyncio.fixture
async def liver(archive: Archive, tmp_path: Path) -> AsyncIterator[tuple[Serving, str]]:
    """Yield an archive of what is de-identified, with a CT as a gateway delivers it, and its Study Instance UID."""
    settings = msgspec.structs.replace(archive.deps.settings, accept="deidentified")
    deps = replace(archive.deps, settings=settings, text_check=findings)
    policy = Policy("jmid", create(tmp_path / "keys", "jmid"), "hospital", recognise=False)
    study = uid_pseudonym(policy.keys, LIVER)
    async with serving_viewer(replace(archive, deps=deps, store=Store(deps)), []) as serving:
        for path in large_files("dcmqi/segmentations/ct-3slice"):
            data = deidentify(path.read_bytes(), policy).data
            [outcome] = await serving.store.take([data], sender=Sender(is_gateway=True))
            assert (outcome.failure, outcome.study_instance_uid) == (None, study)
        yield serving, study


@pytest_asyncio.fixture
async def page(browser: "Browser") -> AsyncIterator["Page"]:
    """Yield a page that collects what goes wrong and what it asks other hosts for."""
    found = await browser.new_page(viewport={"width": 1300, "height": 850})
    yield found
    await found.close()


def watched(page: "Page") -> list[str]:
    """Return a list that fills with failed requests and requests to other hosts."""
    wrong: list[str] = []
    page.on("response", lambda answer: wrong.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.on("request", lambda asked: wrong.append(asked.url) if not _own(asked.url) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return wrong


def _own(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "blob:", "data:"))


async def open_liver(viewing: Serving, page: "Page") -> None:
    """Open the CT with a segmentation, with what covers the images out of the way."""
    await page.goto(viewer_url(viewing, LIVER))
    await page.get_by_text("Skip all").click(timeout=WAIT_MS)
    await page.get_by_text("Confirm and hide").click(timeout=WAIT_MS)
    await _until_drawn(page, 60)


async def drawn(page: "Page") -> int:
    """Return how many different shades the largest canvas shows."""
    picture = await picture_of(page)
    return len(np.unique(np.asarray(Image.open(io.BytesIO(picture)).convert("L"))))


@pytest.mark.browser
@pytest.mark.slow
async def test_the_study_list_shows_and_filters_what_the_archive_holds(viewing: Serving, page: "Page") -> None:
    wrong = watched(page)

    await page.goto(viewer_url(viewing))
    await page.get_by_text("1A TRAUMA/PLAIN HEAD DM").first.wait_for(timeout=WAIT_MS)
    await page.get_by_text("JANCT000").first.wait_for(timeout=WAIT_MS)
    await page.locator("input").first.fill("JAN")
    await page.get_by_text("1A TRAUMA/PLAIN HEAD DM").first.wait_for(state="detached", timeout=WAIT_MS)

    assert await page.get_by_text("JANCT000").count() > 0
    assert not wrong


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(("study", "shades"), [(HEAD_CT, 20), (LIVER, 60)])
async def test_a_ct_series_is_shown(viewing: Serving, page: "Page", study: str, shades: int) -> None:
    wrong = watched(page)

    await page.goto(viewer_url(viewing, study))
    await page.get_by_text("Skip all").click(timeout=WAIT_MS)
    await page.get_by_text(re.compile(r"I:\d+|\d+/\d+|Ser|S:\d+")).first.wait_for(timeout=WAIT_MS)

    await _until_drawn(page, shades)
    assert not wrong


@pytest.mark.browser
@pytest.mark.slow
async def test_a_measurement_is_saved_to_the_archive_as_a_structured_report(
    liver: tuple[Serving, str], page: "Page"
) -> None:
    wrong = watched(page)
    viewing, study = liver
    await page.goto(viewer_url(viewing, study))
    await page.get_by_text("Skip all").click(timeout=WAIT_MS)
    await _until_drawn(page, 60)

    await page.locator('[data-cy="MeasurementTools-split-button-primary"]').click()
    await _draw_line(page)
    await page.get_by_text("Yes", exact=True).first.click(timeout=WAIT_MS)  # track measurements of this Series
    await page.locator('[data-cy="trackedMeasurements-btn"]').click()
    await page.get_by_text("Create SR").click(timeout=WAIT_MS)
    async with page.expect_response(lambda answer: answer.request.method == "POST", timeout=WAIT_MS) as stored:
        await page.get_by_role("button", name="Save").click()

    assert (await stored.value).status == 200
    _, _, found = await viewing.get(f"studies/{study}/series?Modality=SR")
    (series,) = orjson.loads(found)
    _, _, body = await viewing.get(f"studies/{study}/series/{series['0020000E']['Value'][0]}/metadata")
    (report,) = orjson.loads(zlib.decompress(body, 31) if body[:2] == b"\x1f\x8b" else body)
    assert report["00080016"]["Value"] == [ENHANCED_SR]
    assert "Length" in orjson.dumps(report).decode()

    await page.goto(viewer_url(viewing, study))
    await _until_drawn(page, 60)
    await page.locator('[data-cy="study-browser-thumbnail-no-image"]').filter(has_text="SR").first.dblclick()
    await page.get_by_text("Yes", exact=True).first.click(timeout=WAIT_MS)  # read its measurements
    await page.locator('[data-cy="trackedMeasurements-btn"]').click(timeout=WAIT_MS)
    await page.locator('[data-cy="data-row"]').first.wait_for(timeout=20_000)
    length = page.get_by_text(re.compile(r"^\d+\.\d mm$")).first
    await length.wait_for(timeout=WAIT_MS)
    assert abs(float((await length.text_content() or "0").split()[0]) - _length_in(report)) < 0.1
    assert not wrong


@pytest.mark.browser
@pytest.mark.slow
async def test_a_segmentation_is_saved_to_an_archive_of_what_is_deidentified_unless_it_names_somebody(
    liver: tuple[Serving, str], page: "Page", tmp_path: Path
) -> None:
    wrong = watched(page)
    viewing, study = liver
    await page.goto(viewer_url(viewing, study, "segmentation"))
    await _until_drawn(page, 60)

    await page.locator('[data-cy="addSegmentation"]').click()
    await page.locator('[data-cy="Brush-btn"]').click()
    await drag(page, (-30, 0), (40, 20))
    await until(page, partial(_coloured, page))
    named = await _saved_as(page, "佐藤太郎さんの腫瘍")
    await page.screenshot(path=tmp_path / "refused.png")
    saved = await _saved_as(page, "腫瘍")

    assert (named, saved) == (409, 200)
    await page.get_by_text("Segmentation saved successfully").wait_for(timeout=WAIT_MS)
    await page.screenshot(path=tmp_path / "saved.png")
    _, _, found = await viewing.get(f"studies/{study}/series?Modality=SEG")
    assert len(orjson.loads(found)) == 1
    assert [each for each in wrong if not each.startswith("409 ")] == []


async def _saved_as(page: "Page", name: str) -> int:
    """Save the segmentation under a name; return the status that the archive answered."""
    from playwright.async_api import TimeoutError as TooLate

    field = page.locator("[role=dialog] input").first
    for _ in range(3):  # the menu below the menu closes when the viewer redraws under the pointer
        await page.locator('[data-cy="segmentation-collapsed-more-btn-Labelmap"]').click()
        await page.get_by_role("menuitem", name="Export").hover()
        await page.get_by_role("menuitem", name="DICOM SEG").first.click()
        with contextlib.suppress(TooLate):
            await field.wait_for(timeout=WAIT_MS / 6)
            break
        await page.keyboard.press("Escape")
    await field.fill(name)
    async with page.expect_response(lambda answer: answer.request.method == "POST", timeout=WAIT_MS) as stored:
        await page.get_by_role("button", name="Save").click()
    return (await stored.value).status


def _length_in(item: dict[str, Any]) -> float:
    """Return the first measured value of a report's content (0040,A730)."""
    for measured in item.get("0040A300", {}).get("Value", []):
        return float(measured["0040A30A"]["Value"][0])
    for content in item.get("0040A730", {}).get("Value", []):
        if found := _length_in(content):
            return found
    return 0.0


async def _draw_line(page: "Page") -> None:
    x, y = await middle_of(page)
    await page.mouse.click(x - 60, y)
    await page.mouse.move(x + 80, y + 30, steps=8)
    await page.mouse.click(x + 80, y + 30)


@pytest.mark.browser
@pytest.mark.slow
async def test_a_segmentation_is_shown_over_its_images(viewing: Serving, page: "Page") -> None:
    wrong = watched(page)
    await open_liver(viewing, page)

    await page.get_by_text("Liver Segmentation").first.dblclick()
    await page.get_by_text("Yes", exact=True).first.click(timeout=WAIT_MS)  # show it

    await until(page, partial(_coloured, page))
    assert not wrong


async def _coloured(page: "Page") -> bool:
    """Say whether anything on the canvas has a colour, as segments have and CT images do not."""
    picture = np.asarray(Image.open(io.BytesIO(await picture_of(page))).convert("RGB"))
    inner = picture[150:-150, 150:-150].astype(int)
    return int((np.ptp(inner, axis=2) > 40).sum()) > 2000


async def _until_drawn(page: "Page", shades: int) -> None:
    async def is_drawn() -> bool:
        return bool(await page.locator("canvas").count()) and await drawn(page) >= shades

    await until(page, is_drawn)
