"""What the issuer's tokens say. Pure but for the random name of an access token.

Source: OpenID Connect Core 1.0, 2; RFC 9068 2.2.
"""

import secrets
from typing import Any, Protocol


class Holder(Protocol):
    """Of whom a token is."""

    @property
    def subject(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def roles(self) -> tuple[str, ...]: ...

    @property
    def sites(self) -> tuple[str, ...]: ...

    @property
    def projects(self) -> tuple[str, ...]: ...


def access_claims(issuer: str, audience: str, client_id: str, holder: Holder, now: int, lasts_s: int) -> dict[str, Any]:
    """Return the claims of an access token. now: seconds since 1970."""
    own = {"aud": audience, "client_id": client_id, "jti": secrets.token_urlsafe(16)}
    return _common(issuer, holder, now, lasts_s) | own


def identity_claims(
    issuer: str, client_id: str, holder: Holder, now: int, lasts_s: int, *, nonce: str, auth_time: int
) -> dict[str, Any]:
    """Return the claims of an ID Token. nonce: as the client sent it.  auth_time: of the sign-in."""
    own = {"aud": client_id, "nonce": nonce, "auth_time": auth_time}
    return _common(issuer, holder, now, lasts_s) | own


def _common(issuer: str, holder: Holder, now: int, lasts_s: int) -> dict[str, Any]:
    return {
        "iss": issuer,
        "sub": holder.subject,
        "iat": now,
        "exp": now + lasts_s,
        "preferred_username": holder.name,
        "roles": list(holder.roles),
        "sites": list(holder.sites),
        "projects": list(holder.projects),
    }
