"""What browsers are told with each answer, under which names we answer, and that pages hold no inline scripts."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from services.ingest.service import SERVICES as INGEST
from services.search.service import SERVICES as SEARCH
from shared.runtime.host import Hosting, hosted
from shared.web.headers import OTHER, POLICY, STORED, page_policy, policy_of
from shared.web.hosts import is_named
from shared.web.ohif.policy import policy_of_page

ROOT = Path(__file__).parents[2]
INLINE = re.compile(r"\son[a-z]+\s*=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@pytest_asyncio.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    environ = {"JMID_SEARCH_PUBLIC_ARCHIVE_URL": "https://archive.example/dicom-web"}
    every = [*INGEST, *SEARCH]
    async with hosted(Hosting(services=SEARCH, every=every, home=tmp_path, site="a", environ=environ)) as host:
        yield host.base_url


@pytest.mark.parametrize("path", ["/", "/api/cases", "/static/jmid.css", "/-/live", "/nothing", "/api/cases/x"])
async def test_every_answer_says_what_a_browser_may_do_with_it(url: str, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url + path, headers={"Accept": "text/html"}) as answer:
        headers = answer.headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors" in headers[POLICY]
    assert ("script-src 'self';" in headers[POLICY]) is (answer.content_type == "text/html")


async def test_a_page_reads_of_the_archive_that_is_set_and_of_nobody_else(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url, headers={"Accept": "text/html"}) as answer:
        policy = answer.headers[POLICY]

    assert "img-src 'self' data: blob: https://archive.example;" in policy
    assert "connect-src 'self' https://archive.example;" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:80", 200), ("[::1]:8080", 200), ("evil.example", 421), ("127.0.0.1.evil", 421)],
)
async def test_a_name_that_is_not_ours_is_refused_on_loopback(url: str, host: str, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/-/live", headers={"Host": host}) as answer:
        assert answer.status == status


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "localhost@evil.example", "[::1"])
def test_what_only_looks_like_our_name_is_not(host: str) -> None:
    assert not is_named(host, NAMES)


def test_our_names_are_read_in_any_case_and_with_a_port() -> None:
    assert all(is_named(host, NAMES) for host in ("LOCALHOST", "localhost.:8080", "127.0.0.1", "[::1]:80"))


def test_what_is_stored_may_do_nothing_when_it_is_shown_by_itself() -> None:
    pages = page_policy()

    assert policy_of("/dicom-web/studies/1/rendered", "text/html", pages) == STORED
    assert policy_of("/dicom-web/studies/1/rendered", "application/pdf", pages) == OTHER
    assert policy_of("/dicom-webs", "text/html", pages) == pages


def test_a_form_may_lead_to_the_issuer_and_nowhere_else() -> None:
    assert "form-action 'self' https://login.example;" in page_policy(targets=["https://login.example/realms/jmid", ""])


def test_the_viewers_inline_scripts_are_allowed_by_their_digests_alone() -> None:
    policy = policy_of_page("<script>a()</script><script src='x.js'></script><script>b()</script>")

    assert policy.count("'sha256-") == 2
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]


def test_no_page_has_inline_scripts() -> None:
    templates = [path for top in ("services", "shared") for path in (ROOT / top).rglob("*.html")]

    inline = {str(path.relative_to(ROOT)): INLINE.findall(path.read_text(encoding="utf-8")) for path in templates}

    assert {name: found for name, found in inline.items() if found} == {}
    assert len(templates) > 10
