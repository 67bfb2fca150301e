"""What another site's page can have a reader's browser do: change nothing, reach no route, lead nobody away."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest
import pytest_asyncio

from services.__main__ import SERVICES
from shared.runtime.host import Hosting, hosted
from shared.web.access.words import AccessRole
from shared.web.identity.sign_in import own_path
from tests.attacks.target import filled, routes
from tests.web.identity.provider import provider

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
EVERYTHING = {"roles": [role.value for role in AccessRole], "sites": ["tokyo"]}
FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://other.jmid.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://127.0.0.1.evil.example"},
    {"Origin": "http://[evil"},
)
AWAY = (
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example",
    "/\t/evil.example",
    "https:evil.example",
    "https://evil.example",
    "http:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "\\\\evil.example",
    " //evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "/%2f/evil.example",
    "/@evil.example",
    "/\r\nLocation: https://evil.example",
)


@dataclass
class Site:
    """A process that asks everybody, a client of it, and the headers of somebody who may do everything."""

    url: str
    client: aiohttp.ClientSession
    everything: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with provider() as own:
        environ = own.environ(JMID_INGEST_DIMSE_PORT="-1")
        home = tmp_path_factory.mktemp("asked")
        hosting = Hosting(services=SERVICES, every=SERVICES, home=home, site="tokyo", environ=environ)
        async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as client:
            yield Site(host.base_url, client, own.bearer(**EVERYTHING))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def with_issuer(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    environ = {"JMID_ACCESS": "embedded", "JMID_INGEST_DIMSE_PORT": "-1"}
    home = tmp_path_factory.mktemp("issuer")
    hosting = Hosting(services=SERVICES, every=SERVICES, home=home, site="tokyo", environ=environ)
    async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as client:
        yield Site(host.base_url, client, {})


async def test_no_route_that_changes_something_takes_it_from_another_sites_page(site: Site) -> None:
    changing = [
        each for each in routes("POST", "PUT", "PATCH", "DELETE") if not each[1].startswith(("/identity", "/-/sign"))
    ]
    for method, path in changing:
        for headers in FOREIGN:
            async with site.client.request(
                method,
                filled(path, "1.2.3"),
                headers={**site.everything, **headers},
                data=b"a=b",
                allow_redirects=False,
            ) as answer:
                text = await answer.text()

            assert (answer.status, "on our own pages" in text) == (403, True), (method, path, headers, text)
    assert len(changing) > 20


async def test_nobody_is_signed_in_or_out_by_another_sites_page(with_issuer: Site) -> None:
    for path in ("/identity/sign-in", "/identity/new-password", "/identity/token", "/-/sign-out"):
        for headers in FOREIGN:
            async with with_issuer.client.post(path, data={"name": "a", "password": "b"}, headers=headers) as answer:
                assert answer.status == 403, (path, headers)


async def test_no_answer_lets_another_sites_script_read_it(site: Site) -> None:
    for _, path in routes("GET"):
        headers = {**site.everything, "Origin": "https://evil.example"}
        async with site.client.get(filled(path, "1.2.3"), headers=headers, allow_redirects=False) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers, path


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "evil.example:80"]
)
async def test_a_name_of_somebody_else_that_leads_here_reaches_nothing(site: Site, host: str) -> None:
    for method, path in routes("GET", "POST", "DELETE"):
        headers = {**site.everything, "Host": host}
        async with site.client.request(method, filled(path, "1.2.3"), headers=headers, allow_redirects=False) as answer:
            assert answer.status == 421, (method, path)


@pytest.mark.parametrize("to", AWAY)
async def test_the_sign_in_leads_to_no_other_host(to: str) -> None:
    assert urlsplit(urljoin("http://jmid.example/-/sign-in/back", own_path(to))).netloc == "jmid.example"


@pytest.mark.parametrize("to", AWAY)
async def test_the_switch_of_languages_leads_to_no_other_host(site: Site, to: str) -> None:
    async with site.client.get("/-/language/ja", params={"to": to}, allow_redirects=False) as answer:
        assert answer.status == 303
        assert urlsplit(urljoin("http://jmid.example/", answer.headers["Location"])).netloc == "jmid.example"


async def test_the_issuer_sends_a_code_to_its_client_alone(with_issuer: Site) -> None:
    for back in ("https://evil.example/", f"{with_issuer.url}.evil.example/-/sign-in/back", f"{with_issuer.url}/x"):
        query = {"response_type": "code", "client_id": "jmid-portal", "redirect_uri": back, "scope": "openid"}
        async with with_issuer.client.get("/identity/authorize", params=query, allow_redirects=False) as answer:
            assert (answer.status, answer.headers.get("Location")) == (403, None)


async def test_a_session_that_somebody_planted_is_not_the_one_after_the_sign_in(with_issuer: Site) -> None:
    planted = {"Cookie": "jmid_session=planted; jmid_sign_in=planted"}
    async with with_issuer.client.get("/-/sign-in/back?code=c&state=s", headers=planted) as answer:
        refused = answer.status
    async with with_issuer.client.get("/api/cases", headers=planted) as answer:
        asked = answer.status

    assert (refused, asked) == (403, 401)


async def test_pages_are_shown_in_no_frame_of_another_site(with_issuer: Site) -> None:
    for path in ("/", "/gateway/quarantine", "/identity/authorize", "/-/sign-in", "/-/signed-out", "/nothing"):
        async with with_issuer.client.get(path, headers={"Accept": "text/html"}, allow_redirects=False) as answer:
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"] or answer.status == 303, path
