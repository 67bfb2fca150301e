"""A name of the site that a reviewer found goes from every report, in every process, from then on; and comes back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
from aiohttp import web

from services.anonymizer.audit import search
from services.anonymizer.audit.search import Wanted
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.name_records import SITE_NAMES
from services.anonymizer.quarantine import names, reports, routes
from services.anonymizer.records import QUARANTINE
from services.anonymizer.reports.handler import deidentify_report
from shared.bus import Bus
from shared.events import ReportDeidentified, ReportReceived
from tests.anonymizer.quarantine.site import Site, open_site
from tests.anonymizer.quarantine.test_reports import NUMBER, received
from tests.anonymizer.reports.test_handler import deps as deps  # the fixture

if TYPE_CHECKING:
    from playwright.async_api import Page

WARD = "すずらん七"
TEXT = f"{WARD}より依頼。参照 {NUMBER}。"


@pytest.fixture
async def site(deps: AnonymizerDeps, tmp_path: Path) -> AsyncIterator[Site]:
    def pages(bus: Bus) -> list[web.AbstractRouteDef]:
        review = reports.report_review_routes(deps, bus)
        return [*routes.routes(deps), *names.name_routes(deps, bus), *review]

    async with open_site(tmp_path, ReportReceived, pages) as opened:
        yield opened


async def post(site: Site, **form: str) -> int:
    data = {"by": "Officer", "kind": "ward", "name": WARD, **form}
    async with site.session.post(f"{site.url}/names", data=data, allow_redirects=False) as answer:
        return answer.status


async def conclusion(deps: AnonymizerDeps, event: ReportReceived) -> str:
    """Return what leaves of a report, flagged or not."""
    report, _ = await deidentify_report(event, replace(deps, holds_flagged=False))
    assert isinstance(report, ReportDeidentified)
    return str(orjson.loads(await deps.deidentified.get(report.blob))["conclusion"])


async def test_a_listed_name_goes_until_it_is_withdrawn_and_all_of_it_is_audited(
    deps: AnonymizerDeps, site: Site
) -> None:
    event = await received(deps, TEXT)
    await deidentify_report(event, deps)

    added, twice = await post(site), await post(site)
    without = await conclusion(deps, event)
    withdrawn = await post(site, action="withdraw")
    again = await conclusion(deps, event)

    log = [each async for each in search.found(deps.documents, Wanted(kind="site-name"))]
    assert (added, twice, withdrawn) == (303, 409, 303)
    assert (await site.bus.depth("anonymizer")).ready == 1  # the report that waited is cleaned again
    assert WARD not in without
    assert WARD in again
    assert [(each.action, each.actor) for each in log] == [("withdrawn", "Officer"), ("active", "Officer")]


@pytest.mark.parametrize(
    "form",
    [{"name": "南"}, {"name": "肺"}, {"name": "【医師名】"}, {"kind": "patient"}, {"by": ""}, {"name": "あ" * 65}],
)
async def test_what_the_list_cannot_use_is_refused(form: dict[str, str], deps: AnonymizerDeps, site: Site) -> None:
    assert await post(site, **form) == 400
    assert await deps.documents.count(SITE_NAMES) == 0


@pytest.mark.browser
async def test_a_reviewer_puts_what_is_selected_on_the_list_and_comes_back(
    deps: AnonymizerDeps, site: Site, page: "Page"
) -> None:
    await deidentify_report(await received(deps, TEXT), deps)

    await page.goto(f"{site.url}/reports/report")
    await page.evaluate(
        "length => new Promise(done => { const text = document.querySelector('textarea');"
        " text.addEventListener('select', done, { once: true }); text.setSelectionRange(0, length); })",
        len(WARD),
    )
    await page.keyboard.press("l")
    await page.locator("#to-list select").select_option("ward")
    await page.locator("#to-list input.actor").fill("Officer")
    async with page.expect_navigation():
        await page.get_by_role("button", name="Add").click()
    shown = await page.locator("textarea").first.input_value()

    row = await deps.documents.get(QUARANTINE, "report")
    assert page.url.endswith("/reports/report")
    assert WARD not in shown
    assert row is not None
    assert row.state == "waiting"
