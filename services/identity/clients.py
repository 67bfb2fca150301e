"""Programs that the issuer knows, and how they show who they are: by a secret, or by a signed assertion.

Of a secret, which is 256 random bits, only the digest is kept; of a key only the public part.
Source: RFC 6749 2.3.1 (secrets); RFC 7521 4.2, RFC 7523 3 (assertions); OpenID Connect Core 1.0, 9 (private_key_jwt).
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from joserfc.util import urlsafe_b64decode

from services.identity.records import ASSERTIONS, CLIENTS, Assertion, Client
from shared import clock
from shared.documents import Documents, Range
from shared.errors import Conflict, Invalid
from shared.web.identity.embedded import CLIENT as PORTAL
from shared.web.identity.sessions import digest
from shared.web.identity.token import Expected, Header, TokenRefused, checked_claims, choose_key, read_header

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "Ed25519")
METHODS: Final = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
SKEW_S: Final = 30.0
MOST_AHEAD_S: Final = 600.0
"""By how much the end of an assertion may lie ahead: as long as its name has to be remembered."""
SWEPT: Final = 100
RESERVED: Final = frozenset({PORTAL, "jmid-token"})


class ClientRefused(Exception):
    """Nobody's client, or not shown to be it (invalid_client, RFC 6749 5.2)."""


async def put_client(documents: Documents, client: Client, *, has_secret: bool) -> str:
    """Keep a program, in place of one of the same name, and return its new secret; empty if it has a key."""
    if client.name in RESERVED:
        raise Invalid("client-name", "this name is one of our own")
    secret = secrets.token_urlsafe(32) if has_secret else ""
    await documents.put(CLIENTS, msgspec.structs.replace(client, secret=digest(secret) if secret else ""))
    return secret


def public_key_of(pem: bytes) -> str:
    """Return a public key as JSON (RFC 7517); raise Invalid for what is none, or none that we take."""
    for kind in ("RSA", "EC", "OKP"):
        try:
            key = import_key(pem, kind)
        except (JoseError, ValueError, TypeError):
            continue
        if any(choose_key([key], Header(algorithm, "")) for algorithm in ALGORITHMS):
            return orjson.dumps(key.as_dict(private=False)).decode()
    raise Invalid("client-key", "not a public key in PEM: RSA of 2048 bits or more, P-256 or Ed25519")


class Clients:
    """The programs. audience: whom an assertion has to be for: the issuer and its token endpoint."""

    def __init__(self, documents: Documents, audience: frozenset[str]) -> None:
        self._documents, self._audience = documents, audience

    async def redirect_uris(self, name: str) -> frozenset[str]:
        """Return where people may be sent back to for a program; nowhere for one that is not known."""
        client = await self._documents.get(CLIENTS, name) if name else None
        return frozenset(client.redirect_uris) if client is not None else frozenset()

    async def shown(self, authorization: str, form: Mapping[str, str]) -> Client | None:
        """Return which program asks; None for the portal, which is public. Raise ClientRefused for nobody."""
        if form.get("client_assertion"):
            return await self._by_assertion(form)
        basic = _basic(authorization)
        name, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        if name == PORTAL and not secret:
            return None
        client = await self._documents.get(CLIENTS, name) if name else None
        kept = client.secret if client is not None else ""
        if client is None or not kept or not hmac.compare_digest(digest(secret), kept):
            raise ClientRefused
        return client

    async def _by_assertion(self, form: Mapping[str, str]) -> Client:
        token = form["client_assertion"]
        client = await self._documents.get(CLIENTS, _claimed_subject(token))
        if client is None or not client.key or form.get("client_assertion_type") != ASSERTION_TYPE:
            raise ClientRefused
        if form.get("client_id", client.name) != client.name:
            raise ClientRefused
        try:
            claims = _checked(token, client, self._audience)
        except TokenRefused as error:
            raise ClientRefused from error
        await self._once(client, claims)
        return client

    async def _once(self, client: Client, claims: Mapping[str, Any]) -> None:
        """Remember an assertion; raise ClientRefused if it was shown before (RFC 7523 3, jti)."""
        now = clock.now()
        used = Assertion(id=digest(f"{client.name} {claims['jti']}"), until=float(claims["exp"]) + SKEW_S)
        try:
            await self._documents.put(ASSERTIONS, used, if_version=0)
        except Conflict as error:
            raise ClientRefused from error
        old = await self._documents.find(ASSERTIONS, Range("until", high=now), limit=SWEPT)
        for each in old.documents:
            await self._documents.delete(ASSERTIONS, each.id)


def _checked(token: str, client: Client, audience: frozenset[str]) -> Mapping[str, Any]:
    """Return the claims of a good assertion; raise TokenRefused."""
    expected, now = Expected(client.name, audience, ALGORITHMS, SKEW_S), clock.now()
    key: Key | None = choose_key(
        [import_key(orjson.loads(client.key))], Header(read_header(token, expected).algorithm, "")
    )
    if key is None:
        raise TokenRefused("unknown-key")
    claims = checked_claims(token, key, expected, now)
    if claims["sub"] != client.name or not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise TokenRefused("other-subject")
    if float(claims["exp"]) > now + MOST_AHEAD_S:
        raise TokenRefused("time-wrong")
    return claims


def _basic(authorization: str) -> tuple[str, str] | None:
    """Return the name and secret of a Basic header, None if there is none; raise ClientRefused for a broken one."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(value, validate=True).decode("ascii").partition(":")
    except ValueError as error:
        raise ClientRefused from error
    if not colon or not name:
        raise ClientRefused
    return unquote_plus(name), unquote_plus(secret)


def _claimed_subject(token: str) -> str:
    """Return whose assertion it says it is, before it is believed."""
    try:
        claims = orjson.loads(urlsafe_b64decode(token.split(".")[1].encode("ascii")))
        subject = claims["sub"]
    except (ValueError, IndexError, KeyError, TypeError):
        return ""
    return subject if isinstance(subject, str) else ""
