"""Whether a signed token is good: made by the issuer, for us, and valid now. Pure.

Source: RFC 7515 5.2 (signature), RFC 7519 4.1 (claims), RFC 8725 3 (algorithms, keys, issuer, audience).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.util import urlsafe_b64decode

from shared.errors import Permanent

MOST_CHARACTERS: Final = 16_384
MOST_KEY_ID: Final = 256
LEAST_RSA_BITS: Final = 2048
TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
ACCESS_TOKEN_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
"""Which only an access token has (RFC 9068 2.1)."""
ID_TOKEN_CLAIMS: Final = frozenset({"at_hash", "c_hash", "s_hash"})
"""Which only an ID Token has (OpenID Connect Core 1.0, 3.1.3.6 and 3.3.2.11; FAPI 1.0 Part 2, 5.1)."""
KEYCLOAK_ACCESS: Final = "Bearer"
"""What Keycloak writes into the claim typ of an access token; ID, Refresh, Offline, Logout into others."""
_KEY_TYPES: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


class TokenRefused(Permanent):
    """A token is not good; reason says in which way, without anything that it holds."""


@dataclass(frozen=True)
class Expected:
    """What a good token has. algorithms: that may have signed it.  skew_s: by how much the clocks may differ.

    kinds: its typ, in small letters; empty is none.  has_subject: it says of whom it is.
    """

    issuer: str
    audience: frozenset[str]
    algorithms: tuple[str, ...]
    skew_s: float
    kinds: frozenset[str] = TYPES
    has_subject: bool = True


@dataclass(frozen=True)
class Header:
    """What a token says before it is believed. key_id: empty if it names no key.  kind: typ, in small letters."""

    algorithm: str
    key_id: str
    kind: str = ""


def read_header(token: str, expected: Expected) -> Header:
    """Return what is needed to look for the key; raise TokenRefused for what no key could make good."""
    parts = token.split(".")
    if len(token) > MOST_CHARACTERS or len(parts) != 3 or not token.isascii():
        raise TokenRefused("not-a-signed-token")
    try:
        header = orjson.loads(urlsafe_b64decode(parts[0].encode("ascii")))
    except ValueError as error:
        raise TokenRefused("not-a-signed-token") from error
    if not isinstance(header, dict):
        raise TokenRefused("not-a-signed-token")
    algorithm, kind, key_id = header.get("alg"), header.get("typ", ""), header.get("kid", "")
    if algorithm not in expected.algorithms:
        raise TokenRefused("algorithm-not-taken")
    if not isinstance(kind, str) or kind.lower() not in expected.kinds or "crit" in header:
        raise TokenRefused("kind-not-taken")
    if not isinstance(key_id, str) or len(key_id) > MOST_KEY_ID:
        raise TokenRefused("unknown-key")
    return Header(algorithm, key_id, kind.lower())


def choose_key(keys: Sequence[Key], header: Header) -> Key | None:
    """Return the key that can have signed a token; None if there is none, or several and the token names none."""
    fitting = [key for key in keys if _fits(key, header.algorithm) and header.key_id in ("", key.kid or "")]
    return fitting[0] if len(fitting) == 1 else None


def checked_claims(token: str, key: Key, expected: Expected, now: float) -> Mapping[str, Any]:
    """Return the claims of a good token; raise TokenRefused. now: seconds since 1970."""
    try:
        registry = jws.JWSRegistry(algorithms=list(expected.algorithms))
        claims = jwt.decode(token, key, algorithms=list(expected.algorithms), registry=registry).claims
    except (JoseError, ValueError) as error:
        raise TokenRefused("signature-wrong") from error
    _check(claims, expected, now)
    return claims


def check_access_token(header: Header, claims: Mapping[str, Any], client_id: str = "") -> None:
    """Raise TokenRefused for a good token of another kind, as an ID Token: it asks us for nothing.

    What neither its header nor Keycloak's claim typ calls an access token is one only if nothing in it could be of an
    ID Token: a nonce, or client_id among its audiences. client_id: of the sign-in here; empty does not look at that.
    Source: RFC 9068 5; RFC 8725 3.11 and 3.12; OpenID Connect Core 1.0, 2.
    """
    kind = claims.get("typ")
    if ID_TOKEN_CLAIMS & claims.keys() or kind not in (None, KEYCLOAK_ACCESS):
        raise TokenRefused("kind-not-taken")
    if header.kind in ACCESS_TOKEN_TYPES or kind == KEYCLOAK_ACCESS:
        return
    if "nonce" in claims or (client_id and client_id in _texts(claims.get("aud"))):
        raise TokenRefused("kind-not-taken")


def _check(claims: Mapping[str, Any], expected: Expected, now: float) -> None:
    if claims.get("iss") != expected.issuer:
        raise TokenRefused("other-issuer")
    if not expected.audience & _texts(claims.get("aud")):
        raise TokenRefused("other-audience")
    if expected.has_subject and not (isinstance(claims.get("sub"), str) and claims["sub"]):
        raise TokenRefused("no-subject")
    if now >= _time(claims, "exp", required=True) + expected.skew_s:
        raise TokenRefused("expired")
    if max(_time(claims, "nbf"), _time(claims, "iat")) > now + expected.skew_s:
        raise TokenRefused("not-yet-valid")


def _time(claims: Mapping[str, Any], name: str, *, required: bool = False) -> float:
    value = claims.get(name, None if required else 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise TokenRefused("no-time" if value is None else "time-wrong")
    return float(value)


def _texts(value: object) -> frozenset[str]:
    values = [value] if isinstance(value, str) else value
    return frozenset(each for each in values if isinstance(each, str)) if isinstance(values, list) else frozenset()


def _fits(key: Key, algorithm: str) -> bool:
    """Say whether a key is of the algorithm's kind, for signatures, and long enough (RFC 7518 3.3)."""
    if key.key_type != _KEY_TYPES[algorithm[:2]] or key.get("use") not in (None, "sig"):
        return False
    if key.alg not in (None, algorithm):
        return False
    return key.key_type != "RSA" or getattr(key.public_key, "key_size", 0) >= LEAST_RSA_BITS
