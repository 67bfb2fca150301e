"""Who signed out at the issuer is signed out here; nothing but the issuer's own word for it ends a session."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from services.archive.service import SERVICES
from shared.documents import Documents
from shared.runtime.host import Hosting, hosted
from shared.service import Role
from shared.web.access.words import AccessRole
from shared.web.identity.actor import Actor
from shared.web.identity.logout import EVENT, signed_out
from shared.web.identity.sessions import Sessions
from shared.web.identity.token import TokenRefused
from tests.web.identity.provider import Provider, provider, rsa

CLIENT = "jmid-portal"
GOOD: dict[str, Any] = {"events": {EVENT: {}}, "iat": 1, "jti": "1", "sub": "u1", "sid": "s1"}


@dataclass
class Site:
    """A process whose people sign in at an issuer."""

    provider: Provider
    session: aiohttp.ClientSession
    documents: Documents

    async def signed_in(self, subject: str, issuer_session: str = "") -> str:
        """Begin a session; return the browser's value."""
        actor = Actor(subject=subject, name=subject, roles=frozenset({AccessRole.RADIOLOGIST}))
        return await Sessions(self.documents, 1800, 43_200).begin(actor, issuer_session)

    async def end(self, header: dict[str, Any] | None = None, **claims: Any) -> int:
        """Send a logout token; return the status."""
        own = {"aud": CLIENT, "events": {EVENT: {}}, "jti": "1", "sub": None, **claims}
        token = self.provider.token(header={"typ": "logout+jwt", **(header or {})}, **own)
        async with self.session.post("/-/back-channel-logout", data={"logout_token": token}) as answer:
            return answer.status

    async def is_in(self, value: str) -> bool:
        async with self.session.get("/dicom-web/studies", headers={"Cookie": f"jmid_session={value}"}) as answer:
            return answer.status == 200


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with provider() as own:
        environ = own.environ(JMID_ACCESS_CLIENT_ID=CLIENT)
        hosting = Hosting(services=SERVICES, every=SERVICES, home=tmp_path, site="tokyo", environ=environ)
        async with hosted(hosting) as host, aiohttp.ClientSession(host.base_url) as session:
            yield Site(own, session, host.ports[Role.CENTRE].documents)


async def test_the_issuer_ends_one_session_or_all_of_somebody(site: Site) -> None:
    one, other, third = [await site.signed_in("u1", sid) for sid in ("s1", "s2", "s3")]
    somebody_else = await site.signed_in("u2", "s4")
    before = [await site.is_in(each) for each in (one, other, third, somebody_else)]

    statuses = [await site.end(sid="s1")]
    after_one = [await site.is_in(each) for each in (one, other, third, somebody_else)]
    statuses.append(await site.end(sub="u1", sid="s2"))
    after_both = [await site.is_in(each) for each in (one, other, third, somebody_else)]
    statuses.append(await site.end(sub="u1"))
    after_all = [await site.is_in(each) for each in (one, other, third, somebody_else)]

    assert (before, statuses) == ([True] * 4, [200] * 3)
    assert after_one == [False, True, True, True]
    assert after_both == [False, False, True, True]
    assert after_all == [False, False, False, True]


async def test_what_is_no_logout_token_of_the_issuer_for_us_ends_nothing(site: Site) -> None:
    value = await site.signed_in("u1", "s1")
    wrong: list[dict[str, Any]] = [
        {"sub": "u1", "aud": "jmid"},
        {"sub": "u1", "iss": "https://login.other.example"},
        {"sub": "u1", "exp": 1},
        {"sub": "u1", "events": None},
        {"sub": "u1", "nonce": "n"},
        {"sub": "u1", "jti": None},
        {},
        {"sub": "u1", "key": rsa("first")},
        {"sub": "u1", "header": {"typ": "at+jwt"}},
        {"sub": "u1", "iat": int(time.time()) - 120},  # made before the session began
    ]

    statuses = [await site.end(**each) for each in wrong]
    async with site.session.post("/-/back-channel-logout") as answer:
        empty = answer.status

    assert (statuses, empty) == ([400] * 9 + [200], 400)
    assert await site.is_in(value)


@pytest.mark.parametrize(
    "other", [{"events": []}, {"events": {EVENT: 1}}, {"iat": True}, {"sub": 1}, {"sid": 1}, {"sub": "", "sid": ""}]
)
def test_a_logout_token_has_what_the_standard_says(other: dict[str, Any]) -> None:
    assert signed_out(GOOD).issuer_session == "s1"
    with pytest.raises(TokenRefused):
        signed_out(GOOD | other)


async def test_a_logout_token_is_no_access_token(site: Site) -> None:
    token = site.provider.token(header={"typ": "logout+jwt"}, events={EVENT: {}}, jti="1", roles=["radiologist"])

    async with site.session.get("/dicom-web/studies", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 401
