"""The viewer behind the gate: who reads one site's data sees its Studies, and of another's that it is not available."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
import pytest_asyncio

from services.__main__ import SERVICES
from services.archive.service import SERVICES as ARCHIVE
from services.identity.service import SERVICES as IDENTITY
from shared.runtime.host import Hosting, hosted
from shared.web import ohif
from tests.archive.store.test_acceptance import deidentified, store
from tests.archive.viewer.serving import CACHE, WAIT_MS, until

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TOKEN = "a-token-of-the-gateway-that-is-long-enough"
OURS, THEIRS = "2.25.4711", "2.25.8822"


class Process:
    """A centre with a Study of each of two sites. password: good once, of the reader of the first site."""

    def __init__(self, url: str, password: str) -> None:
        self.url, self.password = url, password

    async def sign_in(self, page: "Page", path: str) -> None:
        """Open a page as the reader, who chooses a password."""
        await page.goto(f"{self.url}{path}")
        await page.fill("input[name=name]", "site-reader")
        await page.fill("input[name=password]", self.password)
        await page.press("input[name=password]", "Enter")
        for name in ("password", "again"):
            await page.fill(f"input[name={name}]", "a sentence of my own")
        await page.press("input[name=again]", "Enter")
        await page.wait_for_url(f"{self.url}{path}")


@pytest_asyncio.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Process]:
    viewer = ohif.prepare(CACHE)
    if viewer.folder is None:
        pytest.skip(viewer.reason)
    shared = {"JMID_ARCHIVE_GATEWAY_TOKEN": TOKEN, "JMID_ACCESS_SHARED_GATEWAY_TOKEN": "true"}
    environ = {"JMID_ACCESS": "embedded", **shared}
    hosting = Hosting(services=[*ARCHIVE, *IDENTITY], every=SERVICES, home=tmp_path, site="tokyo", environ=environ)
    async with (
        hosted(hosting, extra_routes=ohif.routes(viewer.folder)) as host,
        aiohttp.ClientSession(host.base_url) as session,
    ):
        for number, (study, site) in enumerate(((OURS, "tokyo"), (THEIRS, "osaka"))):
            uids = {"StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.1", "InstitutionName": site}
            data = deidentified(number + 1, StudyDescription=f"CT of {site}", **uids)
            assert (await store(session, data, Authorization=f"Bearer {TOKEN}"))[0] == 200
        people = json.loads((tmp_path / "credentials.json").read_text())["users"]
        yield Process(host.base_url, people["site-reader"])


async def test_a_sites_reader_sees_its_studies_and_is_told_that_anothers_is_not_available(
    centre: Process, page: "Page"
) -> None:
    async def is_told() -> bool:
        return "not available" in await page.inner_text("body")

    await centre.sign_in(page, f"/viewer/viewer?StudyInstanceUIDs={OURS}")
    await page.get_by_text("Confirm and hide").click(timeout=WAIT_MS)
    await page.locator("canvas").first.wait_for(timeout=WAIT_MS)
    await page.goto(f"{centre.url}/viewer/viewer?StudyInstanceUIDs={THEIRS}")
    await until(page, is_told)
    await page.goto(f"{centre.url}/viewer")
    await page.get_by_text("CT of tokyo").first.wait_for(timeout=WAIT_MS)

    assert "CT of osaka" not in await page.inner_text("body")
