"""A report that may still identify somebody waits for a person, who lets it leave, cuts, or rejects."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import orjson
import pytest
from aiohttp import web

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.quarantine import reports, routes
from services.anonymizer.records import DECISION_EVENTS, DECISIONS, QUARANTINE
from services.anonymizer.reports.handler import deidentify_report
from services.anonymizer.reports.review import cuts_of, texts
from services.linker.reports import document as documents
from shared.bus import Bus
from shared.documents import Eq, Order
from shared.events import InputRefused, ReportDeidentified, ReportReceived
from tests.anonymizer.quarantine.site import Site, open_site
from tests.anonymizer.reports.test_handler import deps as deps  # the fixture
from tests.flow import senders

if TYPE_CHECKING:
    from playwright.async_api import Page

NUMBER = "5123456"  # long enough to be somebody's, and nothing says so
FLAGGED = f"左上葉に結節を認める。参照 {NUMBER}。前回も参照 {NUMBER}。"


async def received(deps: AnonymizerDeps, text: str = FLAGGED) -> ReportReceived:
    await deps.identified.put("report", senders.fhir_report(senders.person(0), 1, "20240531", text))
    return ReportReceived.first("report", correlation_id="r1", site="hospital-1", receipt_id="r1", blob="report")


@pytest.fixture
async def site(deps: AnonymizerDeps, tmp_path: Path) -> AsyncIterator[Site]:
    def pages(bus: Bus) -> list[web.AbstractRouteDef]:
        return [*routes.routes(deps), *reports.report_review_routes(deps, bus)]

    async with open_site(tmp_path, ReportReceived, pages) as opened:
        yield opened


async def digest_shown(site: Site) -> str:
    async with site.session.get(f"{site.url}/reports/report") as page:
        return (await page.text()).partition('name="digest" value="')[2].partition('"')[0]


async def decide(site: Site, **form: str) -> int:
    async with site.session.post(f"{site.url}/reports/report", data=form, allow_redirects=False) as answer:
        return answer.status


async def test_a_flagged_report_waits_and_nothing_of_it_leaves(deps: AnonymizerDeps, site: Site) -> None:
    (refused,) = await deidentify_report(await received(deps), deps)

    assert isinstance(refused, InputRefused)
    assert refused.reasons == {"report": "residual-risk"}
    assert [key async for key in deps.deidentified.keys()] == []  # noqa: SIM118 - a port, not a dict
    async with site.session.get(site.url) as listing, site.session.get(f"{site.url}/reports/report") as page:
        assert NUMBER not in await listing.text()
        assert f"参照 {NUMBER}" in await page.text()


async def test_what_was_left_as_an_eponym_is_marked_for_the_reader(deps: AnonymizerDeps, site: Site) -> None:
    family = senders.person(0).name.partition("^")[0]
    await deidentify_report(await received(deps, f"{family}病の疑い。"), deps)

    async with site.session.get(f"{site.url}/reports/report") as page:
        shown = await page.text()

    assert f'data-place="0,0,{len(family)}"' in shown
    assert "eponym" in shown


async def test_by_policy_it_leaves_with_its_flag(deps: AnonymizerDeps) -> None:
    passing = AnonymizerDeps(**{**vars(deps), "holds_flagged": False})

    report, _ = await deidentify_report(await received(deps), passing)

    assert isinstance(report, ReportDeidentified)
    document = orjson.loads(await deps.deidentified.get(report.blob))
    assert {"system": "urn:jmid:review", "code": "flagged"} in document["meta"]["tag"]


async def test_a_report_without_risk_does_not_wait(deps: AnonymizerDeps) -> None:
    report, _ = await deidentify_report(await received(deps, "異常を認めない。"), deps)

    assert isinstance(report, ReportDeidentified)


async def test_what_a_person_cuts_is_gone_wherever_it_stands(deps: AnonymizerDeps, site: Site) -> None:
    event = await received(deps)
    await deidentify_report(event, deps)
    at = FLAGGED.index(NUMBER)

    status = await decide(
        site, decision="cut", cuts=f"0,{at},{at + len(NUMBER)}", digest=await digest_shown(site), by="Reviewer"
    )
    report, _ = await deidentify_report(event, deps)

    assert status == 303
    assert (await site.bus.depth("anonymizer")).ready == 1
    assert isinstance(report, ReportDeidentified)
    document = (await deps.deidentified.get(report.blob)).decode()
    assert NUMBER not in document
    assert orjson.loads(document)["conclusion"].count("【削除】") == 2
    assert '"code":"reviewed"' in document
    row, decision = await deps.documents.get(QUARANTINE, "report"), await deps.documents.get(DECISIONS, "report")
    assert row is not None
    assert row.state == "released"
    assert NUMBER not in msgspec.json.encode(decision).decode()


@pytest.mark.browser
async def test_a_person_goes_from_finding_to_finding_and_cuts_in_a_browser(
    deps: AnonymizerDeps, site: Site, page: "Page"
) -> None:
    event = await received(deps, "𠮷田式の計測。😀\r\n" + FLAGGED)  # signs beyond the BMP, and a line end of two signs
    await deidentify_report(event, deps)

    await page.goto(f"{site.url}/reports/report")
    await page.get_by_role("list", name="Doubts").get_by_role("button", name=NUMBER, exact=True).first.click()
    await page.get_by_role("button", name="Cut the selection").click()
    chosen = await page.get_by_role("list", name="Cuts").inner_text()
    await page.locator("#decide").get_by_label("Your name").fill("Reviewer")
    await page.get_by_role("button", name="Release with the cuts").click()
    await page.wait_for_url("**/gateway/quarantine")
    report, _ = await deidentify_report(event, deps)

    assert chosen == NUMBER
    assert isinstance(report, ReportDeidentified)
    document = orjson.loads(await deps.deidentified.get(report.blob))
    assert document["conclusion"].endswith("結節を認める。参照 【削除】。前回も参照 【削除】。")


async def test_a_replay_after_a_decision_says_the_same(deps: AnonymizerDeps, site: Site) -> None:
    event = await received(deps)
    await deidentify_report(event, deps)
    await decide(site, decision="accept", digest=await digest_shown(site), by="Reviewer")

    first = await deidentify_report(event, deps)
    second = await deidentify_report(event, deps)
    await deps.identified.delete("report")
    third = await deidentify_report(event, deps)

    assert first == second == third
    assert isinstance(first[0], ReportDeidentified)


async def test_a_decision_holds_only_for_what_was_read(deps: AnonymizerDeps, site: Site) -> None:
    event = await received(deps)
    await deidentify_report(event, deps)
    await decide(site, decision="accept", digest=await digest_shown(site), by="Reviewer")
    decision = await deps.documents.get(DECISIONS, "report")
    assert decision is not None
    await deps.documents.put(DECISIONS, msgspec.structs.replace(decision, digest="of other rules"))

    (refused,) = await deidentify_report(event, deps)

    assert isinstance(refused, InputRefused)


async def test_a_rejected_report_never_leaves(deps: AnonymizerDeps, site: Site) -> None:
    event = await received(deps)
    await deidentify_report(event, deps)

    status = await decide(site, decision="reject", by="Reviewer")
    passing = AnonymizerDeps(**{**vars(deps), "holds_flagged": False})
    (refused,) = await deidentify_report(event, passing)

    row = await deps.documents.get(QUARANTINE, "report")
    assert status == 303
    assert isinstance(refused, InputRefused)
    assert row is not None
    assert row.state == "rejected"


async def test_to_reject_a_report_that_has_left_retracts_it_at_the_centre(deps: AnonymizerDeps, site: Site) -> None:
    event = await received(deps)
    await deidentify_report(event, deps)
    await decide(site, decision="accept", digest=await digest_shown(site), by="Reviewer")
    await deidentify_report(event, deps)
    await deps.identified.delete("report")

    async with site.session.get(f"{site.url}/reports/report") as page:
        warned = await page.text()
    again = await decide(site, decision="accept", digest="any", by="Second", seen="1")
    status = await decide(site, decision="reject", by="Second", seen="1")
    first = await deidentify_report(event, deps)
    second = await deidentify_report(event, deps)
    twice = await decide(site, decision="reject", by="Second", seen="2")

    retraction, _ = first
    assert (again, status, twice) == (403, 303, 403)
    assert "status entered-in-error" in warned
    assert first == second
    assert isinstance(retraction, ReportDeidentified)
    document, incoming = documents.read(await deps.deidentified.get(retraction.blob))
    assert (retraction.status, incoming.status) == ("entered-in-error", "entered-in-error")
    assert not {"conclusion", "presentedForm", "result"} & document.keys()
    row = await deps.documents.get(QUARANTINE, "report")
    assert row is not None
    assert row.state == "rejected-after-release"
    events = await deps.documents.find_all(DECISION_EVENTS, Eq("blob", "report"), order=[Order("at")])
    assert [(each.decision.decision, each.had_left) for each in events] == [("accept", False), ("reject", True)]


async def test_a_report_that_is_rejected_while_it_leaves_is_retracted(
    deps: AnonymizerDeps, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await received(deps)
    await deidentify_report(event, deps)
    await decide(site, decision="accept", digest=await digest_shown(site), by="Reviewer")
    put = deps.deidentified.put

    async def slow(key: str, data: bytes) -> None:
        monkeypatch.setattr(deps.deidentified, "put", put)
        await decide(site, decision="reject", by="Second", seen="1")
        await put(key, data)

    monkeypatch.setattr(deps.deidentified, "put", slow)
    events = await deidentify_report(event, deps)

    row = await deps.documents.get(QUARANTINE, "report")
    reports = [each for each in events if isinstance(each, ReportDeidentified)]
    assert [each.status for each in reports] == ["entered-in-error"]
    assert row is not None
    assert row.state == "rejected-after-release"


@pytest.mark.browser
async def test_doubts_are_gone_through_by_keys_alone(deps: AnonymizerDeps, site: Site, page: "Page") -> None:
    event = await received(deps, f"左上葉に結節を認める。参照 {NUMBER}。前回も参照 6234567。")
    await deidentify_report(event, deps)
    press = page.keyboard.press

    await page.goto(f"{site.url}/reports/report")
    for key in ("n", "c", "n", "f"):
        await press(key)
    chosen = await page.get_by_role("list", name="Cuts").inner_text()
    states = [await each.get_attribute("data-state") for each in await page.locator("#findings li").all()]
    await press("w")
    await page.keyboard.type("Reviewer")
    await press("Tab")
    await press("m")
    await press("Enter")
    await page.wait_for_url("**/gateway/quarantine")
    report, _ = await deidentify_report(event, deps)

    assert (chosen, states) == (NUMBER, ["cut", "fine"])
    assert isinstance(report, ReportDeidentified)
    document = orjson.loads(await deps.deidentified.get(report.blob))
    assert document["conclusion"].endswith("参照 【削除】。前回も参照 6234567。")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"decision": "accept", "by": "R"}, 409),
        ({"decision": "accept"}, 400),
        ({"decision": "cut", "by": "R", "cuts": "0,9999,10000"}, 409),
        ({"decision": "let it go", "by": "R"}, 400),
    ],
)
async def test_a_decision_without_its_parts_is_none(
    deps: AnonymizerDeps, site: Site, form: dict[str, str], status: int
) -> None:
    await deidentify_report(await received(deps), deps)

    assert await decide(site, **form) == status
    assert await deps.documents.get(DECISIONS, "report") is None


async def test_cuts_that_are_no_place_in_the_text_are_refused(deps: AnonymizerDeps, site: Site) -> None:
    await deidentify_report(await received(deps), deps)

    digest = await digest_shown(site)

    assert await decide(site, decision="cut", by="R", digest=digest, cuts="0,9999,10000") == 400
    assert await decide(site, decision="cut", by="R", digest=digest, cuts="") == 400


def test_every_text_of_a_report_can_be_cut() -> None:
    whole = base64.b64encode("全文".encode()).decode()
    document = {
        "conclusion": "結論",
        "contained": [{"id": "findings", "valueString": "所見"}, {"resourceType": "ImagingStudy"}],
        "presentedForm": [{"data": whole}],
        "code": {"text": "題名"},
    }

    found = texts(document)

    assert [each.text for each in found] == ["結論", "所見", "全文", "題名"]
    assert cuts_of("3,0,2; 0,0,1", found) == ((3, 0, 2), (0, 0, 1))
    assert cuts_of("4,0,1", found) is None
    assert cuts_of("x", found) is None
