"""The issuer of ``jmid up``: OpenID Connect for people, with users, passwords and keys of its own.

Its routes are there only with JMID_ACCESS=embedded. What it owns: records.py.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from yarl import URL

from services.identity.account import PATH, AccountRoutes
from services.identity.authorize import AuthorizeRoutes
from services.identity.clients import Clients
from services.identity.deps import IdentityDeps
from services.identity.local import Note, write_note
from services.identity.passkeys import Passkeys, RelyingParty
from services.identity.passwords import Passwords
from services.identity.records import COLLECTIONS
from services.identity.settings import IdentitySettings
from services.identity.signing_keys import SigningKeys
from services.identity.tokens import TokenRoutes
from services.identity.users import first_users, write_credentials
from services.identity.users_page import PATH as USERS_PATH
from services.identity.users_page import UsersRoutes
from shared.service import Place, Role, Running, Service
from shared.settings import read
from shared.web.identity.embedded import AUDIENCE, CLIENT, issuer_of, pages_url_of, redirect_uris_of
from shared.web.identity.sessions import SESSIONS
from shared.web.identity.settings import Mode, access_settings
from shared.web.language import translatable


@asynccontextmanager
async def opens(place: Place) -> AsyncIterator[Running]:
    """Open the issuer; make the first users, if there are none."""
    settings, access = read(IdentitySettings, "IDENTITY", place.environ), access_settings(place.environ)
    await place.documents.declare(SESSIONS)  # which end with their user
    passwords = Passwords(place.documents, settings)
    if access.access is not Mode.EMBEDDED:
        yield Running()
        return
    pages_url = pages_url_of(access, place.base_url)
    issuer = issuer_of(access, place.base_url)
    folder = place.home / "identity"
    deps = IdentityDeps(
        documents=place.documents,
        settings=settings,
        keys=await asyncio.to_thread(SigningKeys, folder, settings.key_s),
        passwords=passwords,
        passkeys=Passkeys(place.documents, _party(pages_url), settings.request_s),
        clients=Clients(place.documents, frozenset({issuer, f"{issuer}/token"})),
        pages_url=pages_url,
        issuer=issuer,
        audience=AUDIENCE,
        client_id=CLIENT,
        redirect_uris=redirect_uris_of(access, place.base_url),
        site=place.site,
    )
    await asyncio.to_thread(write_note, folder, Note(deps.issuer, place.site))
    if made := await first_users(place.documents, passwords, place.site):
        await asyncio.to_thread(write_credentials, place.home.parent, made)
    yield Running(
        routes=[
            *AuthorizeRoutes(deps).routes(),
            *AccountRoutes(deps).routes(),
            *UsersRoutes(deps).routes(),
            *TokenRoutes(deps).routes(),
        ],
        templates=Path(__file__).parent / "templates",
        menu=[(translatable("Users"), USERS_PATH), (translatable("Your account"), PATH)],
    )


def _party(pages_url: str) -> RelyingParty | None:
    """Return as whom browsers know us; None under an IP address, where they allow no passkeys."""
    url = URL(pages_url)
    return RelyingParty(url.host, str(url.origin())) if url.host and not _is_ip(url.host) else None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


SERVICES = (
    Service(name="identity", role=Role.CENTRE, opens=opens, settings=IdentitySettings, collections=COLLECTIONS),
)
