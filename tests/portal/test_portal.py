"""The portal as a doctor sees it, in a real browser, with the bundled sample behind it."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services.archive.housekeeping.eviction import evict
from services.command_line import archive_of
from shared.lease import LEASES, Leases
from tests.flow.system import System, until

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

NAMES = re.compile("佐藤|渡邊|美智子|高橋|サトウ|ワタナベ|SATO|WATANABE|00412233|00873310|白石")
SCRIPT = "<script>window.hacked = 1</script>結節なし"


async def test_a_word_is_found_and_marked_without_loading_the_page_anew(system: System, page: "Page") -> None:
    await page.goto(system.url("search") + "/")
    await page.evaluate("window.same = true")

    await page.fill("#q", "結節")
    await page.wait_for_function("document.querySelectorAll('#results tbody tr').length === 1")

    assert await page.inner_text("#results mark") == "結節"
    assert await page.evaluate("window.same") is True
    assert "q=" in page.url


async def test_filters_narrow_the_list(system: System, page: "Page") -> None:
    await page.goto(system.url("search") + "/")

    await page.select_option("select[name=modality]", "MR")
    await page.wait_for_function("document.querySelectorAll('#results tbody tr').length === 1")
    await page.select_option("select[name=modality]", "")
    await page.select_option("select[name=has_images]", "false")
    await page.wait_for_function("document.querySelector('#results').innerText.includes('no images')")

    assert await page.locator("#results tbody tr").count() == 1


async def test_a_case_shows_its_picture_and_its_report_and_names_nobody(system: System, page: "Page") -> None:
    for case in system.cases():
        await page.goto(f"{system.url('search')}/cases/{case['id']}")
        if case["has_images"]:
            await page.wait_for_function("document.getElementById('frame').naturalWidth > 0")
            assert await page.inner_text("#where") == f"{(case['instances'] + 1) // 2} of {case['instances']}"
        html = await page.content()
        assert NAMES.search(html) is None
        assert "認めない" in html


async def test_a_removed_name_leaves_a_mark(system: System, page: "Page") -> None:
    case = system.cases(q="喫煙歴")[0]

    await page.goto(f"{system.url('search')}/cases/{case['id']}")

    assert "【氏名】さんは喫煙歴" in await page.content()


async def test_every_page_of_the_menu_opens(system: System, page: "Page") -> None:
    await page.goto(system.url("search") + "/")
    places = await page.eval_on_selector_all("nav a", "links => links.map(link => link.href)")

    for place in places:
        answer = await page.goto(place)
        assert answer is not None
        assert answer.status == 200, place
        assert NAMES.search(await page.content()) is None

    assert len(places) >= 5


async def test_the_switch_changes_the_language_of_every_page_and_of_what_scripts_write(
    system: System, page: "Page"
) -> None:
    case = system.cases(modality="CT", has_images="true")[0]
    await page.goto(f"{system.url('search')}/cases/{case['id']}")

    await page.click("nav.languages a[lang=ja]")
    await page.wait_for_function("document.getElementById('where').innerText.includes(' / ')")

    assert page.url.endswith(f"/cases/{case['id']}")
    assert await page.get_attribute("html", "lang") == "ja"
    assert await page.inner_text("#diagnosis h2") == "確定診断"
    await page.click("nav[aria-label=メインメニュー] a >> nth=0")
    assert await page.get_attribute("html", "lang") == "ja"
    await page.click("nav.languages a[lang=en]")
    assert await page.get_attribute("html", "lang") == "en"


async def test_counts_are_drawn(system: System, page: "Page") -> None:
    await page.goto(system.url("search") + "/counts?period=day")

    assert await page.locator("svg rect").count() >= 3
    assert "2024-05-31" in await page.content()


async def test_what_does_not_exist_is_said(system: System, page: "Page") -> None:
    answer = await page.goto(system.url("search") + "/cases/1.2.3")

    assert answer is not None
    assert answer.status == 404
    assert "There is no case of this id" in await page.inner_text("main")


async def test_a_wrong_filter_is_a_sentence_and_not_a_crash(system: System, page: "Page") -> None:
    answer = await page.goto(system.url("search") + "/?age_from=old")

    assert answer is not None
    assert answer.status == 400
    assert "age_from" in await page.inner_text("#results")


async def test_a_confirmed_diagnosis_is_recorded_shown_and_found(system: System, page: "Page") -> None:
    case = system.cases(modality="CT", has_images="true")[0]
    await page.goto(f"{system.url('search')}/cases/{case['id']}")

    await page.fill("#diagnosis [name=note]", "右上葉肺腺癌")
    await page.fill("#diagnosis [name=code]", "C34.1")
    await page.fill("#diagnosis [name=by]", "テスト医師")
    await page.click("#diagnosis button >> nth=0")
    await page.wait_for_function("document.body.innerText.includes('Confirmed diagnosis 右上葉肺腺癌 C34.1')")

    assert [found["id"] for found in system.cases(diagnosis="肺腺癌")] == [case["id"]]


async def typed_diagnosis(page: "Page", url: str, note: str) -> None:
    """Type a diagnosis of the case of a page, and send it."""
    await page.goto(url)
    await page.fill("#diagnosis [name=note]", note)
    await page.fill("#diagnosis [name=by]", "テスト医師")
    await page.click("#diagnosis button >> nth=0")


@pytest.mark.parametrize(
    ("language", "sentence", "taken_back"),
    [
        ("en", "it may name a hospital or another institution", "Taken back."),
        ("ja", "病院などの施設の名称かもしれません", "取り消しました。"),
    ],
)
async def test_what_is_doubtful_in_a_diagnosis_is_shown_and_can_be_taken_back(
    system: System, page: "Page", tmp_path: Path, language: str, sentence: str, taken_back: str
) -> None:
    case = system.cases(modality="MR")[0]

    await typed_diagnosis(page, f"{system.url('search')}/cases/{case['id']}?lang={language}", "みなと病院の前医で手術")
    await page.wait_for_selector("#doubts li")
    await page.screenshot(path=tmp_path / f"doubts-{language}.png", full_page=True)

    assert await page.inner_text("#doubts li") == sentence
    await page.click("#withdraw")
    await page.wait_for_function("text => document.getElementById('recorded').innerText === text", arg=taken_back)
    entries = system.get("linker", f"/api/diagnoses?study={case['study_instance_uid']}")["diagnoses"]
    assert [entry["note"] for entry in entries] == []


async def test_a_diagnosis_that_names_somebody_is_refused_in_the_readers_language(system: System, page: "Page") -> None:
    case = system.cases(modality="MR")[0]

    await typed_diagnosis(page, f"{system.url('search')}/cases/{case['id']}?lang=ja", "患者氏名:佐藤花子")
    await page.wait_for_function("document.getElementById('recorded').innerText.includes('個人の名前など')")

    assert await page.is_hidden("#doubts")


async def test_markup_in_a_report_is_text(system: System, page: "Page") -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"value": "X-1"}],
        "status": "final",
        "code": {"text": "x"},
        "subject": {"identifier": {"value": "777"}},
        "conclusion": SCRIPT,
    }
    system.post("ingest", "/ingest/reports", json.dumps(report).encode(), "application/fhir+json")
    case = until(lambda: system.cases(q="結節なし"), "the report")[0]

    await page.goto(f"{system.url('search')}/cases/{case['id']}")

    assert await page.evaluate("window.hacked") is None
    assert "<script>" in await page.inner_text("pre.report")


async def test_a_case_whose_images_were_evicted_says_so_and_gets_them_back(system: System, page: "Page") -> None:
    case = next(each for each in system.cases() if each["has_images"])
    await evicted(system, case["study_instance_uid"])
    shown = f"/api/cases/{case['id']}"
    until(lambda: system.get("search", shown)["availability"] == "NEARLINE", "the case to say that its images are gone")

    await page.goto(f"{system.url('search')}/cases/{case['id']}")
    assert "removed here to make room" in await page.inner_text("#recall")
    await page.fill("#recall input[name=by]", "Dr. Who")
    await page.click("#recall button")
    await page.wait_for_function("document.getElementById('recalled').textContent.includes('delivered them again')")

    until(lambda: system.get("search", shown)["availability"] == "ONLINE", "the images to be back")
    await page.goto(f"{system.url('search')}/cases/{case['id']}")
    await page.wait_for_function("document.getElementById('frame').naturalWidth > 0")
    assert await page.locator("#recall").count() == 0


async def evicted(system: System, study: str) -> None:
    """Evict a Study as the archive's housekeeping does, from a process of ours beside it."""
    async with archive_of(system.home) as deps:
        await deps.documents.declare(LEASES)
        async with Leases(deps.documents, "test", 60.0).held("test") as lease:
            await evict(deps, lease, study)


async def test_a_reader_pins_a_study_and_lets_it_go(system: System, page: "Page") -> None:
    case = next(each for each in system.cases() if each["has_images"])
    await page.goto(f"{system.url('search')}/cases/{case['id']}")

    await page.fill("#pin input[name=by]", "Dr. Who")
    await page.click("#pin p button")
    await page.wait_for_selector("#pin li")
    staying = system.get("search", f"/api/staying?study={case['study_instance_uid']}")["studies"]
    assert staying[case["study_instance_uid"]]["reasons"] == ["pinned"]

    await page.click("#pin li button")
    await page.wait_for_selector("#pin li", state="detached")
    staying = system.get("search", f"/api/staying?study={case['study_instance_uid']}")["studies"]
    assert staying[case["study_instance_uid"]]["reasons"] == []
