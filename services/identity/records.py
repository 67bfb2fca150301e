"""What the issuer keeps: users, pages of signing in that are open, and codes. Of codes only digests."""

from typing import Any, Final

import msgspec

from shared.documents import Collection


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person. password: argon2id, in the form of PHC.  is_one_time: a new one has to be chosen with it.

    attempts: since the last good password.  locked_until: seconds since 1970.
    """

    name: str
    subject: str
    roles: tuple[str, ...]
    sites: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    password: str
    is_one_time: bool = True
    attempts: int = 0
    locked_until: float = 0.0


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asked for (OpenID Connect Core 1.0, 3.1.2.1). began: seconds since 1970.

    challenge: of PKCE, S256.  user: who gave the one-time password; empty before.
    """

    id: str
    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    began: float
    user: str = ""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was given out. id: its SHA-256.  is_used: it was shown."""

    id: str
    request: AuthorizationRequest
    user: str
    began: float
    is_used: bool = False


USERS: Final = Collection("identity_users", User, key="name", fields=("subject",))
REQUESTS: Final = Collection("identity_requests", AuthorizationRequest, key="id", fields=("began",))
CODES: Final = Collection("identity_codes", Code, key="id", fields=("began",))
COLLECTIONS: Final[tuple[Collection[Any], ...]] = (USERS, REQUESTS, CODES)
