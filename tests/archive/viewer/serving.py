"""An archive with real Series and the viewer beside it, and how a page waits for what it draws."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Error

from shared.web import ohif
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import SHARED, Serving, serving_all

if TYPE_CHECKING:
    from playwright.async_api import Page

CACHE = Path.home() / ".cache" / "jmid" / "viewer"
WAIT_MS = 60_000
LIVER = "1.2.392.200103.20080913.113635.0.2009.6.22.21.43.10.22941.1"


@asynccontextmanager
async def serving_viewer(archive: Archive, files: Iterable[Path]) -> AsyncIterator[Serving]:
    """Yield the archive with these files stored; skip where the viewer cannot be fetched."""
    viewer = ohif.prepare(CACHE)
    if viewer.folder is None:
        pytest.skip(viewer.reason)
    async with serving_all(archive.deps, archive.store, ohif.routes(viewer.folder)) as serving:
        for path in files:
            await serving.store.take([path.read_bytes()])
        yield serving


def large_files(*folders: str) -> list[Path]:
    """Return the images in these folders of the shared data; skip where it is not at hand."""
    if not SHARED.is_dir():
        pytest.skip("JMID_SHARED_DATA does not name the folder of the shared data")
    paths = [path for folder in folders for path in sorted((SHARED / "dicom" / folder).rglob("*"))]
    return [path for path in paths if path.is_file() and path.stat().st_size > 10_000]


def viewer_url(viewing: Serving, study: str = "", mode: str = "viewer") -> str:
    """Return the address of the study list, or of one Study in a mode of the viewer."""
    root = viewing.url.removesuffix("/dicom-web") + "/viewer"
    return f"{root}/{mode}?StudyInstanceUIDs={study}" if study else root


async def until(page: "Page", holds: Callable[[], Awaitable[bool]]) -> None:
    """Return when it holds; fail if it does not come about."""
    for _ in range(WAIT_MS // 500):
        if await holds():
            return
        await page.wait_for_timeout(500)
    raise AssertionError("it did not come about")


async def picture_of(page: "Page") -> bytes:
    """Return what the first viewport shows, as PNG; again where the viewer replaces its canvas meanwhile."""
    for _ in range(WAIT_MS // 500):
        with contextlib.suppress(Error):
            return await page.locator("canvas").first.screenshot(timeout=WAIT_MS)
        await page.wait_for_timeout(500)
    raise AssertionError("no picture could be taken of the first viewport")


async def middle_of(page: "Page") -> tuple[float, float]:
    """Return where the middle of the first viewport is, in pixels of the page."""
    box = await page.locator("canvas").first.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def drag(page: "Page", start: tuple[int, int], end: tuple[int, int]) -> None:
    """Drag the mouse over the first viewport. start, end: pixels right of its middle and below."""
    x, y = await middle_of(page)
    await page.mouse.move(x + start[0], y + start[1])
    await page.mouse.down()
    await page.mouse.move(x + end[0], y + end[1], steps=8)
    await page.mouse.up()
