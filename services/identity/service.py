"""The issuer of ``jmid up``: OpenID Connect for people, with users, passwords and keys of its own.

Its routes are there only with JMID_ACCESS=embedded. Owns identity_users, identity_requests and
identity_codes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.identity.authorize import AuthorizeRoutes
from services.identity.deps import IdentityDeps
from services.identity.local import Note, write_note
from services.identity.passwords import Passwords
from services.identity.records import COLLECTIONS
from services.identity.settings import IdentitySettings
from services.identity.signing_keys import SigningKeys
from services.identity.tokens import TokenRoutes
from services.identity.users import first_users, write_credentials
from shared.service import Place, Role, Running, Service
from shared.settings import read
from shared.web.identity.embedded import AUDIENCE, CLIENT, issuer_of, redirect_uris_of
from shared.web.identity.settings import Mode, access_settings


@asynccontextmanager
async def opens(place: Place) -> AsyncIterator[Running]:
    """Open the issuer; make the first users, if there are none."""
    settings, access = read(IdentitySettings, "IDENTITY", place.environ), access_settings(place.environ)
    passwords = Passwords(place.documents, settings)
    if access.access is not Mode.EMBEDDED:
        yield Running()
        return
    folder = place.home / "identity"
    deps = IdentityDeps(
        documents=place.documents,
        settings=settings,
        keys=await asyncio.to_thread(SigningKeys, folder, settings.key_s),
        passwords=passwords,
        issuer=issuer_of(access, place.base_url),
        audience=AUDIENCE,
        client_id=CLIENT,
        redirect_uris=redirect_uris_of(access, place.base_url),
    )
    await asyncio.to_thread(write_note, folder, Note(deps.issuer, place.site))
    if made := await first_users(place.documents, passwords, place.site):
        await asyncio.to_thread(write_credentials, place.home.parent, made)
    yield Running(
        routes=[*AuthorizeRoutes(deps).routes(), *TokenRoutes(deps).routes()],
        templates=Path(__file__).parent / "templates",
    )


SERVICES = (
    Service(name="identity", role=Role.CENTRE, opens=opens, settings=IdentitySettings, collections=COLLECTIONS),
)
