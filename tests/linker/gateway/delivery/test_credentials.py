"""The token that a gateway fetches of the centre's provider: one for many, anew before its end or when refused."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from services.linker.gateway.delivery.credentials import ClientCredentials, CredentialUnavailable
from services.linker.gateway.delivery.peer import centre
from services.linker.gateway.recalls.centre import recalls_of
from services.linker.settings import LinkerSettings, complete
from shared.errors import SettingsError
from tests.servers.web import served

SECRET = "s:e%c&r€t"


@dataclass
class Provider:
    """A provider and a centre in one. lasts_s: of its tokens.  good: tokens that the centre takes; None takes all."""

    url: str = ""
    lasts_s: float = 300.0
    issued: int = 0
    issuer: str = ""
    status: int = 200
    good: set[str] | None = None
    forms: list[dict[str, Any]] = field(default_factory=list)
    basic: list[str] = field(default_factory=list)

    async def metadata(self, _: web.Request) -> web.Response:
        return web.json_response({"issuer": self.issuer or self.url, "token_endpoint": f"{self.url}/token"})

    async def token(self, request: web.Request) -> web.Response:
        self.issued += 1
        self.forms.append(dict(await request.post()))
        self.basic.append(base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode())
        answer = {"access_token": f"t{self.issued}", "token_type": "Bearer", "expires_in": self.lasts_s}
        return web.json_response(answer, status=self.status)

    async def recalls(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "")
        if self.good is not None and token not in self.good:
            raise web.HTTPUnauthorized
        return web.json_response({"recalls": [{"token": token}]})

    def settings(self) -> LinkerSettings:
        return LinkerSettings(
            centre=self.url, centre_issuer=self.url, centre_client_id="tokyo", centre_client_secret=SECRET
        )


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    own = Provider()
    application = web.Application()
    application.add_routes(
        [
            web.get("/.well-known/openid-configuration", own.metadata),
            web.post("/token", own.token),
            web.get("/api/recalls", own.recalls),
        ]
    )
    async with served(application) as own.url:
        yield own


async def test_many_requests_at_once_fetch_one_token() -> None:
    async with provider() as own, aiohttp.ClientSession() as session:
        credentials = ClientCredentials(session, own.settings())

        tokens = await asyncio.gather(*(credentials.token() for _ in range(20)))

    assert (set(tokens), own.issued) == ({"t1"}, 1)
    assert own.forms == [{"grant_type": "client_credentials"}]
    assert own.basic == ["tokyo:s%3Ae%25c%26r%E2%82%ACt"]  # RFC 6749 2.3.1


async def test_a_token_is_fetched_anew_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("shared.clock.machine_s", lambda: now[0])
    async with provider() as own, aiohttp.ClientSession() as session:
        credentials = ClientCredentials(session, own.settings())

        first = await credentials.token()
        now[0] += own.lasts_s - 31
        kept = await credentials.token()
        now[0] += 2
        second = await credentials.token()

    assert (first, kept, second) == ("t1", "t1", "t2")


async def test_a_token_that_the_centre_refuses_is_fetched_anew_once() -> None:
    async with provider() as own:
        own.good = {"Bearer t2"}
        async with centre(complete(own.settings(), own.url), None) as peer:  # type: ignore[arg-type]
            with pytest.raises(Exception, match="http-401"):
                await recalls_of(peer, "tokyo")
            recalls = await recalls_of(peer, "tokyo")

    assert (recalls, own.issued) == ([{"token": "Bearer t2"}], 2)


async def test_a_provider_that_is_wrong_or_silent_is_an_outage_with_its_reason() -> None:
    async with provider() as own, aiohttp.ClientSession() as session:
        own.status = 401
        with pytest.raises(CredentialUnavailable, match="issuer-http-401"):
            await ClientCredentials(session, own.settings()).token()
        own.issuer = "https://other.example"
        with pytest.raises(CredentialUnavailable, match="issuer-wrong-metadata"):
            await ClientCredentials(session, own.settings()).token()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(CredentialUnavailable, match="issuer-unreachable"):
            await ClientCredentials(session, own.settings()).token()


def test_a_client_goes_with_its_secret_and_its_provider() -> None:
    with pytest.raises(SettingsError, match="JMID_LINKER_CENTRE_CLIENT_SECRET"):
        complete(LinkerSettings(centre_client_id="tokyo"), "http://localhost")
