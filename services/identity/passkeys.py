"""Passkeys of users: made, shown, and taken away. A passkey here is kept by the device and asks for a PIN or a finger.

The signature and what the browser says of it are checked by the library webauthn; of a passkey we keep the public key.
Source: W3C Web Authentication Level 2, 7.1 (making one) and 7.2 (showing one); NIST SP 800-63B 5.1.8.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import orjson
import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers import structs as w3c
from webauthn.helpers.exceptions import WebAuthnException

from services.identity.records import PASSKEYS, REGISTRATIONS, USERS, Passkey, Registration, User
from shared import clock
from shared.documents import Documents, Eq
from shared.errors import Conflict, Invalid
from shared.web.language import translatable

MOST_CHARACTERS: Final = 1 << 16
MOST_LABEL: Final = 64
MOST_OF_A_USER: Final = 20
NOT_TAKEN: Final = translatable("This passkey was not taken.")
TOO_MANY: Final = translatable("There are too many passkeys; remove one first.")
_VERIFIED: Final = w3c.UserVerificationRequirement.REQUIRED


@dataclass(frozen=True)
class RelyingParty:
    """As whom browsers know us. id: the host's name.  origin: scheme, host and port of our pages."""

    id: str
    origin: str


def new_challenge() -> str:
    """Return 32 random bytes, base64url (Web Authentication 13.4.3)."""
    return bytes_to_base64url(secrets.token_bytes(32))


class Passkeys:
    """The passkeys of the users. party: None where browsers allow none, as under an IP address."""

    def __init__(self, documents: Documents, party: RelyingParty | None, lasts_s: float) -> None:
        self._documents, self._party, self._lasts_s = documents, party, lasts_s

    @property
    def is_offered(self) -> bool:
        """Whether browsers allow passkeys under our address."""
        return self._party is not None

    def asks(self, challenge: str, passkeys: Sequence[Passkey] = ()) -> str:
        """Return what a browser is asked to sign, as JSON. passkeys: of which it has to be one; none is any."""
        if self._party is None:
            return ""
        allowed = [w3c.PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.id)) for each in passkeys]
        return webauthn.options_to_json(
            webauthn.generate_authentication_options(
                rp_id=self._party.id,
                challenge=base64url_to_bytes(challenge),
                allow_credentials=allowed,
                user_verification=_VERIFIED,
            )
        )

    async def of(self, user: User) -> list[Passkey]:
        """Return a user's passkeys, the oldest first."""
        page = await self._documents.find(PASSKEYS, Eq("user", user.name), limit=MOST_OF_A_USER)
        return sorted(page.documents, key=lambda each: each.began)

    async def begin(self, user: User) -> str:
        """Return what a browser needs to make a passkey, as JSON; raise Invalid if there can be no more."""
        own = await self.of(user)
        if self._party is None or len(own) >= MOST_OF_A_USER:
            raise Invalid("new-passkey", TOO_MANY)
        begun = Registration(user=user.name, challenge=new_challenge(), began=clock.now())
        await self._documents.put(REGISTRATIONS, begun)
        return webauthn.options_to_json(
            webauthn.generate_registration_options(
                rp_id=self._party.id,
                rp_name="J-MID",
                user_name=user.name,
                user_id=user.subject.encode(),
                challenge=base64url_to_bytes(begun.challenge),
                authenticator_selection=w3c.AuthenticatorSelectionCriteria(
                    resident_key=w3c.ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
                ),
                exclude_credentials=[w3c.PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.id)) for each in own],
            )
        )

    async def finish(self, user: User, credential: str, label: str) -> None:
        """Keep the passkey that a browser made; raise Invalid if it is not one for what ``begin`` asked."""
        begun = await self._documents.get(REGISTRATIONS, user.name)
        await self._documents.delete(REGISTRATIONS, user.name)
        if self._party is None or begun is None or clock.now() - begun.began >= self._lasts_s:
            raise Invalid("new-passkey", NOT_TAKEN)
        try:
            made = webauthn.verify_registration_response(
                credential=_bounded(credential),
                expected_challenge=base64url_to_bytes(begun.challenge),
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise Invalid("new-passkey", NOT_TAKEN) from error
        kept = Passkey(
            id=bytes_to_base64url(made.credential_id),
            user=user.name,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            label=" ".join(label.split())[:MOST_LABEL],
            began=clock.now(),
        )
        try:
            await self._documents.put(PASSKEYS, kept, if_version=0)
        except Conflict as error:  # of another user, or sent twice
            raise Invalid("new-passkey", NOT_TAKEN) from error

    async def owner(self, credential: str, challenge: str) -> User | None:
        """Return whose passkey signed the challenge; None if nobody's did."""
        passkey, version = await self._documents.get_versioned(PASSKEYS, _id_of(credential)) or (None, 0)
        user = await self._documents.get(USERS, passkey.user) if passkey is not None else None
        if self._party is None or passkey is None or user is None or not challenge:
            return None
        try:
            shown = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self._party.id,
                expected_origin=self._party.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
            used = msgspec.structs.replace(passkey, sign_count=shown.new_sign_count, used=clock.now())
            await self._documents.put(PASSKEYS, used, if_version=version)
        except (WebAuthnException, ValueError, TypeError, KeyError, Conflict):
            return None
        return user

    async def remove(self, user: User, passkey_id: str) -> None:
        """Forget a passkey of a user; no error if there is none."""
        passkey = await self._documents.get(PASSKEYS, passkey_id)
        if passkey is not None and passkey.user == user.name:
            await self._documents.delete(PASSKEYS, passkey_id)


async def forget_passkeys(documents: Documents, name: str) -> None:
    """Forget all passkeys of a user name."""
    async for each in documents.every(PASSKEYS, Eq("user", name)):
        await documents.delete(PASSKEYS, each.id)


def _bounded(credential: str) -> str:
    if len(credential) > MOST_CHARACTERS:
        raise ValueError("too long")
    return credential


def _id_of(credential: str) -> str:
    """Return which passkey a browser says it shows; empty for what is none."""
    try:
        shown = orjson.loads(_bounded(credential))
    except ValueError:
        return ""
    passkey_id = shown.get("id") if isinstance(shown, dict) else None
    return passkey_id if isinstance(passkey_id, str) else ""
