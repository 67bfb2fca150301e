"""What the issuer keeps: users, their passkeys, pages of signing in that are open, and codes, these by digest."""

from typing import Any, Final

import msgspec

from shared.documents import Collection
from shared.web.identity.sessions import SESSIONS


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person. password: argon2id, in the form of PHC.  is_one_time: a new one has to be chosen with it.

    attempts: since the last good password.  locked_until: seconds since 1970.  is_disabled: nothing lets them in.
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
    is_disabled: bool = False


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asked for (OpenID Connect Core 1.0, 3.1.2.1). began: seconds since 1970.

    challenge: of PKCE, S256.  user: who gave their password, where that was not enough; empty before.
    passkey_challenge: what a passkey has to sign, base64url.
    """

    id: str
    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    began: float
    user: str = ""
    passkey_challenge: str = ""
    scope: str = ""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was given out. id: its SHA-256.  is_used: it was shown."""

    id: str
    request: AuthorizationRequest
    user: str
    began: float
    is_used: bool = False


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key credential (Web Authentication Level 2, 4). id: base64url.  public_key: COSE.

    label: the owner's name for the device.  began, used: seconds since 1970.
    """

    id: str
    user: str
    public_key: bytes
    sign_count: int
    label: str = ""
    began: float
    used: float = 0.0


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey that a user's browser is asked to make. challenge: base64url.  began: seconds since 1970."""

    user: str
    challenge: str
    began: float


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A program. secret: the SHA-256 of it.  key: a public JWK as JSON, in place of a secret; one of both is empty.

    roles, sites, projects: its own.  redirect_uris: where people are sent back to who sign in to it.
    """

    name: str
    roles: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    secret: str = ""
    key: str = ""
    began: float

    @property
    def subject(self) -> str:
        """Its name among the subjects of tokens."""
        return f"client:{self.name}"


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """An assertion of a client that was shown. id: a digest of its name.  until: seconds since 1970."""

    id: str
    until: float


class RefreshToken(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh token. id: its SHA-256.  family: of the sign-in.  is_used: it was shown, and another given for it.

    expires: when it is too late to show it.  until: the end of the family; seconds since 1970.
    """

    id: str
    family: str
    user: str
    subject: str
    client_id: str
    auth_time: int
    expires: float
    until: float
    is_used: bool = False


USERS: Final = Collection("identity_users", User, key="name", fields=("subject",))
REQUESTS: Final = Collection("identity_requests", AuthorizationRequest, key="id", fields=("began",))
CODES: Final = Collection("identity_codes", Code, key="id", fields=("began",))
PASSKEYS: Final = Collection("identity_passkeys", Passkey, key="id", fields=("user",))
REGISTRATIONS: Final = Collection("identity_registrations", Registration, key="user")
CLIENTS: Final = Collection("identity_clients", Client, key="name")
ASSERTIONS: Final = Collection("identity_assertions", Assertion, key="id", fields=("until",))
REFRESH: Final = Collection("identity_refresh_tokens", RefreshToken, key="id", fields=("family", "user", "until"))
COLLECTIONS: Final[tuple[Collection[Any], ...]] = (
    USERS,
    REQUESTS,
    CODES,
    PASSKEYS,
    REGISTRATIONS,
    CLIENTS,
    ASSERTIONS,
    REFRESH,
)
DECLARED: Final[tuple[Collection[Any], ...]] = (*COLLECTIONS, SESSIONS)
"""What its work needs: sessions are the gate's, and end with their user."""
