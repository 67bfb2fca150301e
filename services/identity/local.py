"""Tokens for whoever owns the home: made beside the running issuer, with the keys that are files for that owner alone.

A start notes under which identifier the issuer answers and of which site it is; a command reads it there. It blocks.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from services.identity.issued import access_claims
from services.identity.signing_keys import SigningKeys
from shared import clock
from shared.errors import NotFound
from shared.runtime.audit.trail import account_name
from shared.web.identity.embedded import AUDIENCE

FILE: Final = "issuer.json"
CLIENT: Final = "jmid-token"


class Note(msgspec.Struct, frozen=True):
    """What a start notes. issuer: the identifier.  site: the hospital's short name."""

    issuer: str
    site: str


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who runs a command on the machine of the home. subject, name: of the account; roles, sites: as asked for."""

    subject: str
    name: str
    roles: tuple[str, ...]
    sites: tuple[str, ...]
    projects: tuple[str, ...] = ()


def write_note(folder: Path, note: Note) -> None:
    """Write the note beside the keys."""
    draft = folder / f"{FILE}.{secrets.token_hex(4)}"
    draft.write_bytes(msgspec.json.encode(note))
    draft.replace(folder / FILE)


def local_token(folder: Path, roles: tuple[str, ...], sites: tuple[str, ...], lasts_s: int) -> str:
    """Return an access token; raise NotFound where no issuer has run.

    folder: of the keys.  sites: empty is that of the running issuer.
    """
    try:
        note = msgspec.json.decode((folder / FILE).read_bytes(), type=Note)
    except FileNotFoundError as error:
        raise NotFound("no-issuer", "no issuer has run in this home; start jmid up without --insecure") from error
    keys = SigningKeys(folder, float("inf"))  # never a new one, which the running issuer would not know
    account = account_name()
    who = Owner(subject=f"account:{account}", name=account, roles=roles, sites=sites or (note.site,))
    return keys.signed(access_claims(note.issuer, AUDIENCE, CLIENT, who, int(clock.now()), lasts_s), "at+jwt")
