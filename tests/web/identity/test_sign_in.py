"""A person signs in at an issuer that is not ours (oidc-provider-mock), by a browser and by what pretends to be one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from oidc_provider_mock import User, run_server_in_thread

from services.__main__ import SERVICES
from shared.documents import Documents
from shared.runtime.host import Hosting, hosted
from shared.service import Role
from shared.web.identity.sessions import SESSIONS
from shared.web.identity.sign_in import own_path

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
PEOPLE = [
    User(sub="u1", claims={"roles": ["radiologist"], "sites": ["tokyo"], "preferred_username": "hanako"}),
    User(sub="u2", claims={"roles": ["operator"], "preferred_username": "taro"}),
]
PAGE = {"Accept": "text/html"}
OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread(user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


class Portal:
    """A process where people sign in. browser: keeps cookies, and follows no redirect."""

    def __init__(self, url: str, browser: aiohttp.ClientSession, documents: Documents) -> None:
        self.url, self.browser, self.documents = url, browser, documents

    async def get(self, url: str, **headers: str) -> aiohttp.ClientResponse:
        return await self.browser.get(url, headers=headers, allow_redirects=False)

    async def go_to_the_issuer(self, path: str = "/counts") -> str:
        """Return the issuer's address for a sign-in that a page began."""
        began = await self.get(f"{self.url}/-/sign-in?to={path}")
        return began.headers["Location"]

    async def be_let_in(self, address: str, subject: str = "u1") -> str:
        """Return where the issuer sends the browser back to."""
        answer = await self.browser.post(address, data={"sub": subject}, allow_redirects=False)
        return answer.headers["Location"]

    async def sign_in(self, subject: str = "u1") -> aiohttp.ClientResponse:
        return await self.get(await self.be_let_in(await self.go_to_the_issuer(), subject))

    def cookie(self, name: str = "jmid_session") -> str:
        return next((each.value for each in self.browser.cookie_jar if each.key == name), "")


@pytest_asyncio.fixture
async def portal(tmp_path: Path, issuer: str) -> AsyncIterator[Portal]:
    environ = {
        "JMID_ACCESS": "oidc",
        "JMID_ACCESS_ISSUER": issuer,
        "JMID_ACCESS_AUDIENCE": "jmid",
        "JMID_ACCESS_CLIENT_ID": "portal",
        "JMID_ACCESS_CLIENT_SECRET": "of-the-portal",
        "JMID_INGEST_DIMSE_PORT": "0",
    }
    hosting = Hosting(services=SERVICES, every=SERVICES, home=tmp_path, site="tokyo", environ=environ)
    jar = aiohttp.CookieJar(unsafe=True)  # that is, of addresses as well
    async with hosted(hosting) as host, aiohttp.ClientSession(cookie_jar=jar) as browser:
        yield Portal(host.base_url, browser, host.ports[Role.CENTRE].documents)


async def test_a_browser_signs_in_reads_and_signs_out(portal: Portal, page: "Page") -> None:
    await page.goto(f"{portal.url}/counts")
    await page.click("button[value=u1]")
    await page.wait_for_url(f"{portal.url}/counts")

    assert "hanako" in await page.inner_text("header")
    assert await page.evaluate("document.cookie") == ""
    assert await page.evaluate("fetch('/dicom-web/studies').then(answer => answer.status)") in (200, 204)
    assert await page.evaluate("fetch('/gateway/quarantine').then(answer => answer.status)") == 403
    links = await page.eval_on_selector_all(
        "nav[aria-label=Main] a", "all => all.map(each => each.getAttribute('href'))"
    )
    assert "/counts" in links
    assert "/gateway/quarantine" not in links

    await page.click("header form button")
    await page.wait_for_load_state()
    await page.goto(f"{portal.url}/counts")

    assert not page.url.startswith(portal.url)


async def test_the_session_begins_at_the_sign_in_and_goes_with_the_sign_out(portal: Portal) -> None:
    back = await portal.sign_in()
    inside = await portal.get(f"{portal.url}/api/cases")
    first = portal.cookie()
    await portal.sign_in("u2")
    second = portal.cookie()
    other = await portal.get(f"{portal.url}/api/cases")
    out = await portal.browser.post(f"{portal.url}/-/sign-out", headers=OWN, allow_redirects=False)
    outside = await portal.get(f"{portal.url}/-/status")

    assert (back.status, back.headers["Location"]) == (303, "/counts")
    assert "HttpOnly" in back.headers["Set-Cookie"]
    assert "SameSite=Lax" in back.headers["Set-Cookie"]
    assert inside.status == 503 or inside.status == 200  # the index may be being built
    assert first != second
    assert other.status == 403
    assert out.headers["Location"].startswith("http")
    assert (portal.cookie(), outside.status) == ("", 401)
    assert (await portal.documents.find(SESSIONS)).documents == []


async def test_who_may_not_search_is_led_to_the_first_page_that_is_theirs(portal: Portal) -> None:
    await portal.sign_in("u2")

    begin = await portal.get(f"{portal.url}/", **PAGE)
    program = await portal.get(f"{portal.url}/")

    assert (begin.status, begin.headers.get("Location")) == (303, "/completeness")
    assert program.status == 403


async def test_an_answer_that_this_browser_did_not_ask_for_lets_nobody_in(portal: Portal) -> None:
    address = await portal.go_to_the_issuer()
    back = await portal.be_let_in(address)
    state = parse_qs(urlsplit(back).query)["state"][0]

    forged = await portal.get(back.replace(state, "of-somebody-else"), **PAGE)
    again = await portal.get(back, **PAGE)
    portal.browser.cookie_jar.clear()
    strange = await portal.get(await portal.be_let_in(await portal.go_to_the_issuer()), **PAGE)
    portal.browser.cookie_jar.clear()
    without = await portal.get(back, **PAGE)

    assert (forged.status, again.status, without.status) == (403, 403, 403)
    assert strange.status == 303


async def test_an_answer_is_good_once(portal: Portal) -> None:
    back = await portal.be_let_in(await portal.go_to_the_issuer())

    first, second = await portal.get(back), await portal.get(back)

    assert (first.status, second.status) == (303, 403)


async def test_an_issuer_that_refuses_and_a_code_that_is_none_let_nobody_in(portal: Portal) -> None:
    address = await portal.go_to_the_issuer()
    answer = await portal.browser.post(address, data={"action": "deny"}, allow_redirects=False)
    state = parse_qs(urlsplit(address).query)["state"][0]

    denied = await portal.get(f"{portal.url}/-/sign-in/back?error=access_denied&state={state}")
    address = await portal.go_to_the_issuer()
    state = parse_qs(urlsplit(address).query)["state"][0]
    invented = await portal.get(f"{portal.url}/-/sign-in/back?code=x&state={state}")

    assert answer.status < 500
    assert (denied.status, invented.status) == (403, 403)
    assert portal.cookie() == ""


async def test_a_session_changes_nothing_without_the_word_of_a_browser(portal: Portal) -> None:
    await portal.sign_in()
    url, body = f"{portal.url}/api/recalls", {"study_instance_uid": "1.2.3"}

    silent = await portal.browser.post(url, json=body)
    foreign = await portal.browser.post(url, json=body, headers={"Origin": "https://evil.example"})
    own = await portal.browser.post(url, json=body, headers=OWN)

    assert (silent.status, foreign.status, own.status) == (403, 403, 201)
    assert (await own.json())["requested_by"] == "hanako"


async def test_a_page_leads_to_the_sign_in_and_back_to_itself(portal: Portal) -> None:
    led = await portal.get(f"{portal.url}/counts?period=day", **PAGE)

    assert (led.status, led.headers["Location"]) == (303, "/-/sign-in?to=/counts?period%3Dday")


async def test_programs_are_told_401_and_not_led_to_a_page(portal: Portal) -> None:
    answers = [await portal.get(portal.url + path) for path in ("/api/cases", "/", "/dicom-web/studies")]
    viewer = await portal.get(f"{portal.url}/dicom-web/studies", Accept="text/html")

    assert [answer.status for answer in (*answers, viewer)] == [401, 401, 401, 401]


@pytest.mark.parametrize(
    ("to", "path"),
    [
        ("/counts?period=day", "/counts?period=day"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_led_elsewhere_after_the_sign_in(to: str, path: str) -> None:
    assert own_path(to) == path
