"""The issuer's public keys: found by discovery, kept for a while, and read anew when a token names another.

One reading at a time, however many requests wait. A token with an unknown key makes us read at most once in UNKNOWN_S,
and after a reading that failed none is tried for RETRY_S: whoever sends nonsense does not make us flood the issuer.
While the issuer does not answer, keys are used for KEPT_S more, then nothing is believed.
Source: OpenID Connect Discovery 1.0, 4; RFC 7517 5.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from shared import clock
from shared.errors import Unavailable
from shared.logs import decided
from shared.web.identity.settings import AccessSettings, is_safe_url
from shared.web.identity.token import Header, TokenRefused, choose_key

UNKNOWN_S: Final = 10.0
RETRY_S: Final = 5.0
KEPT_S: Final = 3600.0
MOST_BYTES: Final = 1 << 20
MOST_KEYS: Final = 100
DISCOVERY: Final = "/.well-known/openid-configuration"


class Metadata(msgspec.Struct, frozen=True):
    """What we use of an issuer's metadata (OpenID Connect Discovery 1.0, 3). Of what it leaves out, empty."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    end_session_endpoint: str = ""


class Issuer:
    """An OpenID Provider, as far as its keys go."""

    def __init__(
        self, session: aiohttp.ClientSession, settings: AccessSettings, machine_s: Callable[[], float] = clock.machine_s
    ) -> None:
        self._session, self._settings, self._machine_s = session, settings, machine_s
        self._keys: list[Key] = []
        self._read_at = self._tried_at = -float("inf")
        self._failed, self._readings = False, 0
        self._reading = asyncio.Lock()

    async def key(self, header: Header) -> Key:
        """Return the key of a token; raise TokenRefused if there is none such, Unavailable if the issuer is silent."""
        if self._age_s(self._read_at) > self._settings.access_keys_s and not (self._keys and self._reading.locked()):
            await self._read(RETRY_S if self._failed else 0.0)
        if self._age_s(self._read_at) > self._settings.access_keys_s + KEPT_S:
            raise Unavailable("the issuer's keys cannot be read")
        key = choose_key(self._keys, header)
        if key is None:
            await self._read(UNKNOWN_S)
            key = choose_key(self._keys, header)
        if key is None:
            raise TokenRefused("unknown-key")
        return key

    async def metadata(self) -> Metadata:
        """Return where the issuer's endpoints are; raise Unavailable if it does not say so as it should."""
        issuer = self._settings.access_issuer
        data = await self._get(issuer.rstrip("/") + DISCOVERY)
        try:
            metadata = msgspec.json.decode(data, type=Metadata)
        except msgspec.MsgspecError as error:
            raise Unavailable("the issuer's metadata are not in the form of OpenID Connect Discovery") from error
        if metadata.issuer != issuer or not is_safe_url(metadata.jwks_uri):
            raise Unavailable("the issuer's metadata are of another issuer, or lead to where nothing is checked")
        return metadata

    async def _read(self, pause_s: float) -> None:
        """Read the keys, unless somebody does while we wait, or did less than a pause ago."""
        readings = self._readings
        async with self._reading:
            if self._readings != readings or self._age_s(self._tried_at) < pause_s:
                return
            self._tried_at = self._machine_s()
            try:
                self._keys = _keys(await self._get((await self.metadata()).jwks_uri))
                self._read_at, self._failed = self._machine_s(), False
            except Unavailable:
                self._failed = True
                decided("issuer-not-read", level="warning")
            finally:
                self._readings += 1

    async def _get(self, url: str) -> bytes:
        timeout = aiohttp.ClientTimeout(total=self._settings.access_timeout_s)
        try:
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise Unavailable(f"the issuer answered {answer.status}")
                data = await answer.content.read(MOST_BYTES)
                if not answer.content.at_eof():
                    raise Unavailable("the issuer's answer is too long")
                return data
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable(f"the issuer gave no good answer ({type(error).__name__})") from error

    def _age_s(self, at: float) -> float:
        return self._machine_s() - at


def _keys(data: bytes) -> list[Key]:
    """Return the keys of a JWK Set; those that cannot be read are left out (RFC 7517 5)."""
    try:
        given: Any = msgspec.json.decode(data)
        listed = given["keys"][:MOST_KEYS]
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise Unavailable("the issuer's keys are not in the form of RFC 7517") from error
    return [key for each in listed for key in _read_key(each)]


def _read_key(given: Any) -> list[Key]:
    try:
        return [key for key in KeySet.import_key_set({"keys": [given]}) if key.key_type != "oct"]
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        decided("issuer-key-not-read", level="warning")
        return []
