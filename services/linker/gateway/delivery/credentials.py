"""The token that the gateway shows at the centre: a set one, or one of the centre's OpenID Provider, fetched by itself.

A fetched token is kept until shortly before its end; however many requests wait for a new one, one is fetched. Where
the provider does not answer, deliveries wait as in any outage.
Source: RFC 6749 4.4 (client credentials), 2.3.1 (client_secret_basic); OpenID Connect Discovery 1.0, 4.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar
from urllib.parse import quote_plus

import aiohttp
import msgspec

from services.linker.settings import LinkerSettings
from shared import clock
from shared.web.identity.issuer import DISCOVERY
from shared.web.identity.settings import is_safe_url

T = TypeVar("T", bound=msgspec.Struct)
MARGIN_S: Final = 30.0
LEAST_S: Final = 5.0
"""A token is used for this long at least, whatever its end: else each request would fetch one."""
MOST_BYTES: Final = 1 << 20
_USUAL_S: Final = 300.0
"""How long a token is good whose end the provider does not say (RFC 6749 5.1)."""


class CredentialUnavailable(Exception):
    """There is no token now. reason: a word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Credential(Protocol):
    """What gives the token of a request."""

    async def token(self) -> str:
        """Return the token, empty for none; raise CredentialUnavailable if there should be one."""

    def refused(self, token: str) -> None:
        """Note that the centre did not take a token."""


class FixedCredential:
    """A token that is known. read: returns it, empty for none."""

    def __init__(self, read: Callable[[], str] = lambda: "") -> None:
        self._read = read

    async def token(self) -> str:
        return self._read()

    def refused(self, token: str) -> None:
        """Keep it: there is no other."""


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    token_endpoint: str


class _Answer(msgspec.Struct, frozen=True):
    access_token: str
    token_type: str
    expires_in: float = _USUAL_S


class ClientCredentials:
    """A token of the provider of JMID_LINKER_CENTRE_ISSUER. session: for requests to it."""

    def __init__(self, session: aiohttp.ClientSession, settings: LinkerSettings) -> None:
        self._session, self._settings = session, settings
        self._token, self._until = "", 0.0
        self._fetching = asyncio.Lock()

    async def token(self) -> str:
        async with self._fetching:
            if not self._token or clock.machine_s() >= self._until:
                answer = await self._fetch()
                lasts_s = max(answer.expires_in - MARGIN_S, LEAST_S)
                self._token, self._until = answer.access_token, clock.machine_s() + lasts_s
            return self._token

    def refused(self, token: str) -> None:
        """Fetch another with the next request, unless that was done meanwhile."""
        if token == self._token:
            self._token = ""

    async def _fetch(self) -> _Answer:
        issuer = self._settings.centre_issuer
        found = await self._decoded(self._get(issuer.rstrip("/") + DISCOVERY), _Metadata)
        if found.issuer != issuer or not is_safe_url(found.token_endpoint):
            raise CredentialUnavailable("issuer-wrong-metadata")
        answer = await self._decoded(self._post(found.token_endpoint), _Answer)
        if answer.token_type.lower() != "bearer" or not answer.access_token:
            raise CredentialUnavailable("issuer-wrong-answer")
        return answer

    async def _get(self, url: str) -> bytes:
        async with self._session.get(url, allow_redirects=False) as answer:
            return await _body(answer)

    async def _post(self, url: str) -> bytes:
        settings = self._settings
        form = {"grant_type": "client_credentials"}
        form |= {"scope": " ".join(settings.centre_scopes)} if settings.centre_scopes else {}
        own = f"{quote_plus(settings.centre_client_id)}:{quote_plus(settings.centre_client_secret)}"
        headers = {"Authorization": f"Basic {base64.b64encode(own.encode('ascii')).decode('ascii')}"}
        async with self._session.post(url, data=form, headers=headers, allow_redirects=False) as answer:
            return await _body(answer)

    async def _decoded(self, asked: Awaitable[bytes], kind: type[T]) -> T:
        try:
            return msgspec.json.decode(await asked, type=kind)
        except msgspec.MsgspecError as error:
            raise CredentialUnavailable("issuer-wrong-answer") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CredentialUnavailable("issuer-unreachable") from error


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    if answer.status != 200:
        raise CredentialUnavailable(f"issuer-http-{answer.status}")
    data = await answer.content.read(MOST_BYTES)
    if not answer.content.at_eof():
        raise CredentialUnavailable("issuer-wrong-answer")
    return data
