"""What people read: one language at a time, every text in every catalogue, and each page in each language."""

import asyncio
import re
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from services.ingest.service import SERVICES as INGEST
from services.search.service import SERVICES as SEARCH
from shared.runtime.host import Hosting, hosted
from shared.web.language import LANGUAGES, catalogue, preferred

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted([*ROOT.glob("services/*/templates/*.html"), *ROOT.glob("shared/web/templates/*.html")])
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
MARKUP = re.compile(
    r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<script\b.*?</script>|<!doctype[^>]*>|&\w+;", re.DOTALL | re.IGNORECASE
)
READ_ATTRIBUTE = re.compile(r"(?:aria-label|placeholder|alt|title)=\"([^\"]*)\"")
TAG = re.compile(r"<[^>]*>", re.DOTALL)
ATTRIBUTES = {"Image Type", "SOP Class", "Study Instance UID"}
KEYS = {"Enter", "Shift+n", "PgUp", "PgDn", "Home", "End"}
NAMES = {"J-MID", "OHIF", "CSV", "JSON Lines", *ATTRIBUTES, *KEYS}
"""Proper names and the standard's terms, which are the same in both languages."""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_text_of_its_own(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    bare = MARKUP.sub("", source)
    read = [*READ_ATTRIBUTE.findall(bare), *TAG.sub("\n", bare).splitlines()]

    texts = {text.strip(" ·–,()←…-:") for text in read} - NAMES
    texts = {text.replace("J-MID", "").strip(" ·–-") for text in texts}

    assert not JAPANESE.search(source)
    assert {text for text in texts if re.search(r"[A-Za-z]{2}", text)} == set()


def test_no_menu_or_heading_in_code_holds_both_languages() -> None:
    marked = re.compile(r"translatable\(\"([^\"]*)\"\)|menu=.*?\"([^\"]*)\"")
    found = {
        text
        for path in [*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
        for pair in marked.findall(path.read_text(encoding="utf-8"))
        for text in pair
        if text
    }

    assert {"Receipts", "Search", "Counts", "Links", "Quarantine"} <= found
    assert not [text for text in found if JAPANESE.search(text)]
    assert {text for text in found if text not in catalogue("ja")} == set()


@pytest.mark.slow
def test_the_catalogues_hold_every_text_of_templates_and_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert import_module("shared.web.locale.__main__").main(["--check"]) == 0, capsys.readouterr().err


def test_a_translation_keeps_the_placeholders_of_its_text() -> None:
    for text, translation in catalogue("ja").items():
        original = text if isinstance(text, str) else text[0]
        assert sorted(PLACEHOLDER.findall(original)) == sorted(PLACEHOLDER.findall(translation)), original


def test_english_reads_as_the_templates_say_and_japanese_is_japanese() -> None:
    english, japanese = catalogue("en"), catalogue("ja")

    assert {text for text, shown in english.items() if isinstance(text, str) and text != shown} == set()
    same = {text for text, shown in japanese.items() if not JAPANESE.search(shown)}
    assert same == {"%(reason)s, in %(text)s", "{number} of {count}"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("fr, de;q=0.9", "en"),
        ("fr, ja;q=0.4, en;q=0.3", "ja"),
        ("en;q=0.2, JA;q=0.8", "ja"),
        ("ja;q=0", "en"),
        ("ja;q=nonsense", "en"),
        (",;;,q=1,=", "en"),
    ],
)
def test_accept_language_is_weighed(header: str, language: str) -> None:
    assert preferred(header) == language


@pytest_asyncio.fixture
async def portal(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    every = [*INGEST, *SEARCH]
    environ = {"JMID_INGEST_DIMSE_PORT": "0"}
    async with (
        hosted(Hosting(services=SEARCH, every=every, home=tmp_path, site="a", environ=environ)) as host,
        aiohttp.ClientSession(host.base_url) as client,
    ):
        await until_ready(client)
        yield client


async def until_ready(client: aiohttp.ClientSession) -> None:
    """Wait until the index of cases is complete: until then every page is an error page."""
    async with asyncio.timeout(60):
        while True:
            async with client.get("/-/ready") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.05)


async def read(client: aiohttp.ClientSession, path: str, **headers: str) -> str:
    async with client.get(path, headers={"Accept": "text/html", **headers}) as answer:
        return await answer.text()


async def test_each_page_comes_in_each_language(portal: aiohttp.ClientSession) -> None:
    for path, english, japanese in (
        ("/", "No case satisfies this search.", "条件に合う症例はありません。"),
        ("/counts", "Nothing collected yet.", "まだ収集されたものはありません。"),
        ("/cases/1.2.3", "There is no case of this id.", "この ID の症例はありません。"),
    ):
        in_english = await read(portal, path, **{"Accept-Language": "en-GB"})
        in_japanese = await read(portal, path, **{"Accept-Language": "ja"})

        assert '<html lang="en">' in in_english
        assert english in in_english
        assert '<html lang="ja">' in in_japanese
        assert japanese in in_japanese
        assert english not in in_japanese
        assert ">検索</a>" in in_japanese


async def test_the_query_comes_before_the_cookie_and_the_cookie_before_the_header(
    portal: aiohttp.ClientSession,
) -> None:
    assert 'lang="ja"' in (await read(portal, "/?lang=ja"))[:60]
    assert 'lang="en"' in (await read(portal, "/?lang=xx"))[:60]

    async with portal.get("/-/language/ja?to=/counts?period%3Dday%26lang%3Den", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/counts?period=day")

    assert set(LANGUAGES) == {"en", "ja"}
    cookie = {"Cookie": "jmid_lang=ja", "Accept-Language": "en"}
    assert 'lang="ja"' in (await read(portal, "/", **cookie))[:60]
    assert 'lang="en"' in (await read(portal, "/?lang=en", **cookie))[:60]


@pytest.mark.parametrize("switch", ["language/ja", "theme/dark"])
@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "evil"])
async def test_the_switches_never_leave_this_host(portal: aiohttp.ClientSession, target: str, switch: str) -> None:
    async with portal.get(f"/-/{switch}", params={"to": target}, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")

    async with portal.get(f"/-/{switch}-of-nowhere", allow_redirects=False) as answer:
        assert answer.status == 404


async def test_a_page_is_of_the_theme_that_was_chosen(portal: aiohttp.ClientSession) -> None:
    assert "data-theme" not in (await read(portal, "/"))[:80]
    assert 'data-theme="dark"' in (await read(portal, "/", Cookie="jmid_theme=dark"))[:80]
    assert "data-theme" not in (await read(portal, "/", Cookie="jmid_theme=x"))[:80]
