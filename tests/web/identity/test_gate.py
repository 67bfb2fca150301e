"""The gate before every route of every service, in one process over real HTTP: who is let in, and who is told what."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from services.__main__ import SERVICES
from shared.runtime.asking import FILE
from shared.runtime.host import Hosting, hosted
from shared.web import gateway_token
from shared.web.access.table import TABLE
from shared.web.access.words import AccessRole
from tests.web.access.test_table import ROUTES_OF_THE_DOCUMENT
from tests.web.identity.provider import Provider, provider

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
LET_IN = re.compile(r"^(all|site|own site|everybody)$")
GATEWAY = "a-token-of-the-gateway-that-is-long-enough"


class Site:
    """A process that asks everybody, its issuer, and a session without cookies or credentials."""

    def __init__(self, own: Provider, session: aiohttp.ClientSession, home: Path) -> None:
        self.provider, self.session, self.home = own, session, home

    async def asked(self, route: str, headers: dict[str, str]) -> tuple[int, str]:
        """Return the status and the challenge of a route's answer."""
        method, _, path = route.partition(" ")
        path = re.sub(r"\{frame\}", "1", path)
        path = re.sub(r"\{[a-z_]+\}", "1.2.3", path)
        async with self.session.request(method, path, headers=headers, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("WWW-Authenticate", "")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    home = tmp_path_factory.mktemp("asked")
    async with provider() as own:
        environ = own.environ(
            JMID_INGEST_DIMSE_PORT="0",
            JMID_ARCHIVE_GATEWAY_TOKEN=GATEWAY,
            JMID_LINKER_GATEWAY_TOKEN=GATEWAY,
            JMID_ACCESS_SHARED_GATEWAY_TOKEN="true",
            JMID_ARCHIVE_ADMINISTRATOR_TOKEN="an-administrators-token",
        )
        hosting = Hosting(services=SERVICES, every=SERVICES, home=home, site="tokyo", environ=environ)
        async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as session:
            yield Site(own, session, home)


ELSEWHERE = re.compile("/viewer|/identity/(account|users)")
"""Served by the whole command alone, or by the embedded issuer's own process (tests/identity)."""


def is_refused(answer: tuple[int, str]) -> bool:
    status, challenge = answer
    return status == 403 and "insufficient_scope" in challenge


@pytest.mark.parametrize("role", AccessRole)
async def test_each_role_reaches_what_the_document_says_and_nothing_else(site: Site, role: AccessRole) -> None:
    column = list(AccessRole).index(role)
    own = site.provider.bearer(roles=[role.value], sites=["tokyo"])
    other = site.provider.bearer(roles=[role.value], sites=["osaka"])

    for route, cells in ROUTES_OF_THE_DOCUMENT.items():
        if ELSEWHERE.search(route):
            continue
        at_own, at_other = await asyncio.gather(site.asked(route, own), site.asked(route, other))
        assert is_refused(at_own) is not bool(LET_IN.match(cells[column])), (route, at_own)
        assert is_refused(at_other) is (cells[column] not in ("all", "own site", "everybody")), (route, at_other)
        assert 401 not in (at_own[0], at_other[0]), route


async def test_without_an_identity_only_what_is_public_answers(site: Site) -> None:
    for rule in TABLE.rules:
        for route in (each for each in rule.routes if not ELSEWHERE.search(each)):
            status, challenge = await site.asked(route, {})
            assert (status == 401) is not rule.is_public, route
            assert (challenge == "Bearer") is not rule.is_public, route


async def test_a_head_request_is_asked_as_get_is(site: Site) -> None:
    assert (await site.asked("HEAD /api/cases", {}))[0] == 401


@pytest.mark.parametrize(
    "claims",
    [{"aud": "other"}, {"iss": "https://login.other.example"}, {"exp": 1}, {"sub": ""}],
    ids=["audience", "issuer", "expired", "nobody"],
)
async def test_a_token_that_is_not_good_is_401_and_says_so(site: Site, claims: dict[str, object]) -> None:
    answer = await site.asked("GET /api/cases", site.provider.bearer(roles=["radiologist"], **claims))

    assert answer == (401, 'Bearer error="invalid_token"')


async def test_a_token_that_is_not_good_does_not_keep_a_probe_out(site: Site) -> None:
    assert (await site.asked("GET /-/live", {"Authorization": "Bearer nonsense"}))[0] == 200


async def test_errors_come_in_the_form_of_their_face(site: Site) -> None:
    headers = site.provider.bearer(roles=["operator"])
    async with site.session.get("/api/cases", headers=headers) as answer:
        details = await answer.json(content_type="application/problem+json")
    async with site.session.get(
        "/counts", headers={**headers, "Accept": "text/html", "Accept-Language": "ja"}
    ) as answer:
        page = await answer.text()
    async with site.session.get("/api/reports", headers=headers) as answer:
        outcome = await answer.json(content_type="application/fhir+json")

    assert (details["status"], details["detail"]) == (403, "Your roles do not allow this.")
    assert "この操作はあなたの役割では認められていません。" in page
    assert outcome["issue"][0]["code"] == "forbidden"


async def test_what_no_route_answers_is_404_for_everybody(site: Site) -> None:
    assert (await site.asked("GET /api/nothing", {}))[0] == 404


async def test_our_own_services_reach_each_other_and_the_process_becomes_ready(site: Site) -> None:
    token = gateway_token.known(site.home / FILE)
    async with asyncio.timeout(60):
        while (await site.asked("GET /-/ready", {}))[0] != 200:
            await asyncio.sleep(0.1)

    status = await site.asked("GET /-/status", {"Authorization": f"Bearer {token}"})

    assert status[0] == 200
    assert (site.home / FILE).stat().st_mode & 0o777 == 0o600


async def test_a_gateway_delivers_with_its_token_or_its_identity_and_nobody_else(site: Site) -> None:
    headers = {"Content-Type": "application/fhir+json"}
    tokens = {
        "gateway": {"Authorization": f"Bearer {GATEWAY}"},
        "identity": site.provider.bearer(roles=["service"]),
        "radiologist": site.provider.bearer(roles=["radiologist"]),
    }

    statuses = {name: (await site.asked("POST /api/reports", headers | own))[0] for name, own in tokens.items()}

    assert statuses == {"gateway": 400, "identity": 400, "radiologist": 403}


async def test_instances_are_deleted_by_an_administrator_by_token_or_identity(site: Site) -> None:
    route, reason = "DELETE /dicom-web/studies/{study}", {"X-Reason": "a test"}
    tokens = [{"Authorization": "Bearer an-administrators-token"}, site.provider.bearer(roles=["administrator"])]

    assert [(await site.asked(route, reason | own))[0] for own in tokens] == [404, 404]


async def test_what_somebody_writes_is_recorded_under_their_own_name(site: Site) -> None:
    headers = site.provider.bearer(roles=["radiologist"], preferred_username="hanako")
    place = {"study_instance_uid": "1.2.3", "series_instance_uid": "1.2.3.1", "sop_instance_uid": "1.2.3.1.1"}
    body = {"by": "somebody else", **place, "geometry": {"shape": "point", "points": [[1.0, 2.0]]}}

    async with site.session.post("/api/annotations", json=body, headers=headers) as answer:
        written = await answer.json()

    assert answer.status == 201, written
    assert "hanako" in str(written)
    assert "somebody else" not in str(written)


async def test_one_actor_is_told_to_wait_and_another_is_not(tmp_path: Path) -> None:
    async with provider() as own:
        environ = own.environ(JMID_ACCESS_RATE="0.01", JMID_ACCESS_BURST="2")
        hosting = Hosting(services=[], every=[], home=tmp_path, site="tokyo", environ=environ)
        async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as session:
            limited = Site(own, session, tmp_path)
            one, other = own.bearer(sub="u1", roles=["operator"]), own.bearer(sub="u2", roles=["operator"])

            statuses = [(await limited.asked("GET /-/status", one))[0] for _ in range(3)]
            async with session.get("/-/status", headers=one) as answer:
                waits = answer.headers["Retry-After"]
            others = await limited.asked("GET /-/status", other)

    assert statuses == [200, 200, 429]
    assert 0 < int(waits) <= 100
    assert others[0] == 200
