"""Sign-in by the issuer: authorization code with PKCE, a state that is bound to the browser, and a nonce.

Source: OpenID Connect Core 1.0, 3.1; RFC 6749 4.1; RFC 7636 (PKCE); RFC 9207 (iss); RFC 9700 2.1.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus

import aiohttp
import msgspec
from yarl import URL

from shared import clock
from shared.documents import Collection, Documents, Range
from shared.errors import Refused, Unavailable
from shared.web.identity.actor import Actor
from shared.web.identity.claims import ClaimReader
from shared.web.identity.issuer import Issuer
from shared.web.identity.sessions import digest
from shared.web.identity.settings import AccessSettings, is_safe_url
from shared.web.identity.token import Expected, TokenRefused, checked_claims, read_header

LASTS_S: Final = 600.0
MOST_BYTES: Final = 1 << 20
SWEPT: Final = 100
BACK: Final = "/-/sign-in/back"


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in that has begun. id: the SHA-256 of the browser's value.  to: the path that was asked for."""

    id: str
    state: str
    nonce: str
    verifier: str
    to: str
    began: float


class Tokens(msgspec.Struct, frozen=True):
    """What the token endpoint answers, as far as we use it."""

    id_token: str


@dataclass(frozen=True)
class Answer:
    """What the issuer sent the browser back with; empty is missing."""

    state: str
    code: str
    issuer: str


@dataclass(frozen=True)
class SignedIn:
    """Who signed in. to: the path that they asked for.  issuer_session: the issuer's name of it, empty if none."""

    actor: Actor
    to: str
    issuer_session: str


PENDING: Final = Collection("web_sign_ins", Pending, key="id", fields=("began",))


def own_path(to: str) -> str:
    """Return a path of this host that was asked for; / for anything else. Pure."""
    try:
        target = URL(to)
    except ValueError:
        return "/"
    is_own = not target.absolute and to.startswith("/") and not to.startswith(("//", "/\\"))
    return to if is_own and not any(ord(each) < 32 for each in to) else "/"


def code_challenge(verifier: str) -> str:
    """Return what the issuer is told of the verifier (RFC 7636 4.2, S256). Pure."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


class SignIn:
    """Our side of the flow. documents: where sign-ins that have begun are kept."""

    def __init__(
        self, settings: AccessSettings, issuer: Issuer, session: aiohttp.ClientSession, documents: Documents
    ) -> None:
        self._settings, self._issuer, self._session, self._documents = settings, issuer, session, documents
        self._claims = ClaimReader(settings)

    async def begin(self, to: str, redirect_uri: str) -> tuple[URL, str]:
        """Return where the browser goes, and the value that it keeps until it is back."""
        endpoint = _endpoint((await self._issuer.metadata()).authorization_endpoint)
        value, now = secrets.token_urlsafe(32), clock.now()
        pending = Pending(
            id=digest(value),
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            to=own_path(to),
            began=now,
        )
        await self._sweep(now)
        await self._documents.put(PENDING, pending)
        query = {
            "response_type": "code",
            "client_id": self._settings.access_client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._settings.access_scopes),
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": code_challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        return endpoint.update_query(query), value

    async def finish(self, value: str, answer: Answer, redirect_uri: str) -> SignedIn:
        """Return who signed in; raise Refused for what does not belong together."""
        pending = await self._documents.get(PENDING, digest(value))
        await self._documents.delete(PENDING, digest(value))
        if pending is None or clock.now() - pending.began > LASTS_S:
            raise Refused("sign-in-not-begun", "this sign-in took too long, or was not begun in this browser")
        if not hmac.compare_digest(answer.state.encode(), pending.state.encode()):
            raise Refused("sign-in-not-begun", "this sign-in was not begun in this browser")
        if not answer.code or answer.issuer not in ("", self._settings.access_issuer):
            raise Refused("sign-in-refused", "the issuer did not let you in")
        claims = await self._exchange(answer.code, pending, redirect_uri)
        issuer_session = claims.get("sid", "")
        is_text = isinstance(issuer_session, str)
        return SignedIn(self._claims.actor(claims), pending.to, issuer_session if is_text else "")

    async def leave_url(self, back: str) -> str:
        """Return where a browser signs out of the issuer as well; ``back`` if the issuer has no such page."""
        try:
            endpoint = _endpoint((await self._issuer.metadata()).end_session_endpoint)
        except Unavailable:
            return back
        query = {"client_id": self._settings.access_client_id, "post_logout_redirect_uri": back}
        return str(endpoint.update_query(query))

    async def _exchange(self, code: str, pending: Pending, redirect_uri: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": pending.verifier,
            "client_id": self._settings.access_client_id,
        }
        tokens = await self._post(_endpoint((await self._issuer.metadata()).token_endpoint), form)
        try:
            return await self._checked(tokens.id_token, pending.nonce)
        except TokenRefused as error:
            raise Refused("sign-in-refused", "the issuer's answer is not one for this sign-in") from error

    async def _checked(self, token: str, nonce: str) -> Mapping[str, Any]:
        """Return the claims of an ID Token (OpenID Connect Core 1.0, 3.1.3.7)."""
        settings, client = self._settings, self._settings.access_client_id
        algorithms = tuple(settings.access_algorithms)
        expected = Expected(settings.access_issuer, frozenset({client}), algorithms, settings.access_clock_skew_s)
        header = read_header(token, expected)
        claims = checked_claims(token, await self._issuer.key(header), expected, clock.now())
        if claims.get("nonce") != nonce or claims.get("azp", client) != client:
            raise TokenRefused("other-sign-in")
        return claims

    async def _post(self, url: URL, form: Mapping[str, str]) -> Tokens:
        settings = self._settings
        secret = settings.access_client_secret
        named = quote_plus(settings.access_client_id), quote_plus(secret)  # RFC 6749 2.3.1
        auth = aiohttp.encode_basic_auth(*named) if secret else ""
        headers = {"Accept": "application/json", **({"Authorization": auth} if auth else {})}
        timeout = aiohttp.ClientTimeout(total=settings.access_timeout_s)
        try:
            async with self._session.post(
                url, data=form, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                data = await answer.content.read(MOST_BYTES)
                if 400 <= answer.status < 500:
                    raise Refused("sign-in-refused", "the issuer did not take the code")
                if answer.status != 200:
                    raise Unavailable(f"the issuer answered {answer.status}")
                return msgspec.json.decode(data, type=Tokens)
        except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError) as error:
            raise Unavailable(f"the issuer gave no good answer ({type(error).__name__})") from error

    async def _sweep(self, now: float) -> None:
        old = await self._documents.find(PENDING, Range("began", high=now - LASTS_S), limit=SWEPT)
        for each in old.documents:
            await self._documents.delete(PENDING, each.id)


def _endpoint(url: str) -> URL:
    if not is_safe_url(url):
        raise Unavailable("the issuer names no such endpoint, or one where nothing is checked")
    return URL(url)
