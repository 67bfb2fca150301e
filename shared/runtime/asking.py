"""What the process asks of whoever calls: the gate of its settings, and the token that its own services show."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from shared.runtime.state import Host
from shared.web import bearer, gateway_token
from shared.web.access.words import AccessRole
from shared.web.identity.actor import Actor, Credential
from shared.web.identity.gate import Gate, Verifier
from shared.web.identity.issuer import Issuer
from shared.web.identity.settings import AccessSettings, Mode, access_settings

FILE: Final = "service.token"


async def service_token(settings: AccessSettings, home: Path) -> str:
    """Return the token that our services show each other; empty where nobody is asked."""
    if settings.access is not Mode.OIDC:
        return ""
    return settings.access_service_token or await asyncio.to_thread(gateway_token.made, home / FILE)


def headers_of(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return what a command of this home shows the processes of it; nothing where nobody is asked, or none ran yet."""
    settings = access_settings(environ)
    if settings.access is not Mode.OIDC:
        return {}
    return bearer.header(settings.access_service_token or gateway_token.known(home / FILE))


@asynccontextmanager
async def open_gate(settings: AccessSettings, host: Host, site: str, token: str) -> AsyncIterator[Gate | None]:
    """Yield the gate, None where nobody is asked. token: of our own services.

    The services' own credentials are taken with it, so that it is opened after them.
    """
    if settings.access is not Mode.OIDC:
        yield None
        return
    ours = frozenset({AccessRole.SERVICE, AccessRole.OPERATOR})
    own = Actor(subject="service", name="service", roles=ours, sites=frozenset({site}), shown="service-token")
    credentials = [Credential(token, own), *(each for _, running in host.open for each in running.credentials)]
    async with aiohttp.ClientSession() as session:
        yield Gate(host.access, site, Verifier(settings, Issuer(session, settings), credentials))
