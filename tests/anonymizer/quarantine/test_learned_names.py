"""The privacy officer looks at the names that headers told, removes some, keeps others; each decision is audited."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from services.anonymizer.audit import search
from services.anonymizer.audit.search import Wanted
from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.header_names.learned import LearnedNames, Sighting, key_of
from services.anonymizer.header_names.told import ToldName
from services.anonymizer.name_records import HEADER_NAMES
from services.anonymizer.quarantine import learned_names, routes
from shared.events import ReportReceived
from tests.anonymizer.quarantine.site import Site, open_site
from tests.anonymizer.reports.test_handler import deps as deps  # the fixture

if TYPE_CHECKING:
    from playwright.async_api import Page

WARD, STAFF = ToldName("ward", "すずらん七"), ToldName("staff", "楡井^守")


@pytest.fixture
async def site(deps: AnonymizerDeps, tmp_path: Path) -> AsyncIterator[Site]:
    sightings = [Sighting(WARD, "1"), Sighting(WARD, "2"), Sighting(STAFF, "1"), Sighting(STAFF, "2")]
    await LearnedNames(2).note(deps.documents, sightings, "2026-04-01T00:00:00Z")
    pages = [*routes.routes(deps), *learned_names.learned_name_routes(deps)]
    async with open_site(tmp_path, ReportReceived, lambda _: pages) as opened:
        yield opened


async def post(site: Site, **form: str) -> int:
    data = {"by": "Officer", "name": key_of(WARD), **form}
    async with site.session.post(f"{site.url}/learned-names", data=data, allow_redirects=False) as answer:
        return answer.status


async def listed(site: Site, query: str = "") -> list[dict[str, Any]]:
    async with site.session.get(f"{site.url}/learned-names{query}".replace("/gateway", "/api/gateway")) as answer:
        return list((await answer.json())["names"])


async def test_names_are_removed_and_kept_and_who_did_it_is_in_the_audit_without_the_name(
    deps: AnonymizerDeps, site: Site
) -> None:
    before = await listed(site)

    statuses = [await post(site, action="remove"), await post(site, action="remove"), await post(site, action="keep")]

    log = [each async for each in search.found(deps.documents, Wanted(kind="learned-name", actor="Officer"))]
    assert [(each["name"], each["studies"]) for each in sorted(before, key=lambda each: each["kind"])] == [
        ("楡井^守", 2), ("すずらん七", 2),
    ]  # fmt: skip
    assert statuses == [303, 409, 303]
    assert [each["name"] for each in await listed(site)] == ["楡井^守"]
    assert [each["name"] for each in await listed(site, "?state=kept")] == ["すずらん七"]
    assert sorted((each.action, each.actor, each.reason, each.object) for each in log) == [
        ("kept", "Officer", "ward", key_of(WARD)), ("removed", "Officer", "ward", key_of(WARD)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "status"),
    [({"action": "x"}, 400), ({"action": "remove", "by": ""}, 400), ({"action": "keep", "name": "x"}, 404)],
)
async def test_what_decides_nothing_changes_nothing(
    form: dict[str, str], status: int, deps: AnonymizerDeps, site: Site
) -> None:
    assert await post(site, **form) == status
    assert len(await listed(site)) == await deps.documents.count(HEADER_NAMES) == 2


@pytest.mark.browser
async def test_a_name_is_removed_by_keys_alone(deps: AnonymizerDeps, site: Site, page: "Page") -> None:
    await page.goto(site.url)
    await page.get_by_role("link", name="Learned names").click()
    first = await page.locator("tbody tr td").first.inner_text()
    await page.keyboard.press("w")
    await page.keyboard.type("Officer")
    for key in ("Tab", "j", "k"):
        await page.keyboard.press(key)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")

    assert [each["name"] for each in await listed(site, "?state=removed")] == [first]
    assert await page.locator("tbody tr").count() == 1
