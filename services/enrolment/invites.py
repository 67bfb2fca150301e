"""Codes that were given out: for which site, until when, and which key they were used for.

A code is used once. If the answer is lost, whoever has the same key may ask again until the code ends.
"""

from typing import Final

import msgspec

from services.enrolment import codes
from shared.documents import Collection, Documents
from shared.documents.optimistic import change
from shared.errors import Refused


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """A code that was given out. digest: of its secret.  expires_at: seconds since 1970.

    attempts: wrong secrets that were shown for it.  key: SHA-256 of the public key that it was used for, else empty.
    """

    name: str
    site: str
    digest: str
    expires_at: float
    attempts: int = 0
    key: str = ""


INVITES: Final = Collection("enrolment_invites", Invite, key="name", fields=("site", "expires_at"))


async def invited(documents: Documents, site: str, fingerprint: str, expires_at: float) -> codes.Code:
    """Return a new code for a site. fingerprint: of the authority."""
    code = codes.new_code(fingerprint)
    kept = Invite(name=code.name, site=site, digest=codes.digest_of(code.secret), expires_at=expires_at)
    await documents.put(INVITES, kept)
    return code


async def redeemed(documents: Documents, name: str, secret: str, key: str, now: float, most_attempts: int) -> Invite:
    """Use a code for a key, and return it; raise Refused that says why not, to whoever has the secret.

    A wrong secret counts before anything is answered, so that many at once are no way round the bound.
    """
    problem = "code-unknown"

    async def step(old: Invite | None) -> Invite | None:
        nonlocal problem
        if old is None or old.attempts >= most_attempts:
            return None
        if not codes.is_of(secret, old.digest):
            return msgspec.structs.replace(old, attempts=old.attempts + 1)
        problem = _problem(old, key, now)
        return old if problem else msgspec.structs.replace(old, key=key)

    invite = await change(documents, INVITES, name, step)
    if problem or invite is None:
        raise Refused(problem or "code-unknown", _DETAILS[problem or "code-unknown"])
    return invite


def _problem(invite: Invite, key: str, now: float) -> str:
    if now >= invite.expires_at:
        return "code-expired"
    return "code-used" if invite.key not in ("", key) else ""


_DETAILS: Final = {
    "code-unknown": "the centre does not know this code, or it was tried too often; ask for another",
    "code-expired": "the code has ended; ask for another",
    "code-used": "the code was used for another key; ask for another, and ask who used it",
}
