"""What the process asks of whoever calls: the gate of its settings, and the token that its own services show."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from shared.documents import Documents
from shared.runtime.state import Host
from shared.service import Role
from shared.web import bearer, gateway_token
from shared.web.access.words import AccessRole
from shared.web.identity.actor import Actor, Credential
from shared.web.identity.certificates import SITES, Certificates
from shared.web.identity.gate import Gate, Verifier
from shared.web.identity.issuer import Issuer
from shared.web.identity.logout import BackChannelLogout
from shared.web.identity.pages import SignInPages
from shared.web.identity.rate import Rates
from shared.web.identity.sessions import SESSIONS, Sessions
from shared.web.identity.settings import AccessSettings, access_settings
from shared.web.identity.sign_in import PENDING, SignIn

FILE: Final = "service.token"


async def service_token(settings: AccessSettings, home: Path) -> str:
    """Return the token that our services show each other; empty where nobody is asked."""
    if not settings.is_asked:
        return ""
    return settings.access_service_token or await asyncio.to_thread(gateway_token.made, home / FILE)


def headers_of(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return what a command of this home shows the processes of it; nothing if none of them asked yet.

    Where JMID_ACCESS is not set the home tells: jmid up asks without it, and keeps a token as soon as it does.
    """
    settings = access_settings(environ)
    if environ.get("JMID_ACCESS") and not settings.is_asked:
        return {}
    return bearer.header(settings.access_service_token or gateway_token.known(home / FILE))


@asynccontextmanager
async def asking(settings: AccessSettings, host: Host, site: str, token: str) -> AsyncIterator[None]:
    """Give the host its gate and its routes of signing in and out. token: of our own services.

    The services' own credentials are taken with it, so that it is opened after them.
    """
    trust = host.tls.trust if host.tls is not None else True  # our own issuer's address shows our own certificate
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as session:
        is_asked = settings.is_asked
        issuer = Issuer(session, settings)
        documents = _documents(host) if is_asked and settings.access_client_id else None
        sessions = sign_in = logout = None
        if documents is not None:
            await documents.declare(SESSIONS, PENDING)
            sessions = Sessions(documents, settings.access_session_idle_s, settings.access_session_s)
            sign_in = SignIn(settings, issuer, session, documents)
            logout = BackChannelLogout(settings, issuer, sessions)
        pages = SignInPages(sign_in, sessions, settings.access_public_url, settings.access_session_s, logout)
        host.sign_in, host.targets = pages.routes(), [settings.access_issuer]
        if is_asked:
            verifier = Verifier(settings, issuer, _credentials(host, site, token))
            rates = Rates(settings.access_rate, settings.access_burst)
            unknown = Rates(settings.access_unknown_rate, settings.access_unknown_burst)
            certificates = await _certificates(host, settings)
            host.gate = Gate(host.access, site, verifier, rates, sessions, pages.cookies.session, certificates, unknown)
        yield


def _credentials(host: Host, site: str, token: str) -> list[Credential]:
    ours = frozenset({AccessRole.SERVICE, AccessRole.OPERATOR})
    own = Actor(subject="service", name="service", roles=ours, sites=frozenset({site}), shown="service-token")
    return [Credential(token, own), *(each for _, running in host.open for each in running.credentials)]


async def _certificates(host: Host, settings: AccessSettings) -> Certificates | None:
    """Return what knows the gateways' certificates: the centre does."""
    if Role.CENTRE not in host.ports:
        return None
    documents = host.ports[Role.CENTRE].documents
    await documents.declare(SITES)
    return Certificates(documents, settings.access_certificate_header, host.proxies)


def _documents(host: Host) -> Documents:
    """Return where sessions are kept: the centre's documents where this process has them."""
    return host.ports[Role.CENTRE if Role.CENTRE in host.ports else Role.GATEWAY].documents
