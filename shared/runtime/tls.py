"""HTTP by TLS: which certificate this process shows, and whose it believes; loaded anew when the files change.

A caller need not show a certificate; one that is shown has to be of an authority that is believed, else the handshake
fails. Whose it is, and whether it still counts, the gate asks at each request.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from yarl import URL

from shared import clock
from shared.certificates import contexts, private_files
from shared.certificates.authority import FOLDER, Authority, authority_of
from shared.certificates.settings import TlsSettings
from shared.errors import SettingsError
from shared.logs import decided

FILE: Final = "server.pem"
LASTS: Final = timedelta(days=90)
RENEWED: Final = timedelta(days=30)
LOOK_S: Final = 60.0
HANDSHAKE_S: Final = 10.0
_VARIABLES: Final = "JMID_TLS_CERTIFICATE and JMID_TLS_KEY"


@dataclass
class ServerTls:
    """The context of a process' listener. folder: with the small authority.  names: that its certificate is for."""

    settings: TlsSettings
    authority: Authority
    folder: Path
    names: frozenset[str]
    context: ssl.SSLContext
    _seen: tuple[float, ...] = ()

    @property
    def trust(self) -> ssl.SSLContext:
        """What this process reaches its own public address with, besides others."""
        context = contexts.client_context()
        context.load_verify_locations(cadata=self.authority.pem)
        return context

    def load(self) -> None:
        """Load what is new in the files, with a new certificate of the small authority if ours is near its end."""
        certificate, key = self.settings.certificate, self.settings.key
        if certificate is None:
            certificate = self.folder / FILE
            if _is_due(certificate, self.names, self.authority):
                private_files.replaced(certificate, self.authority.of_server(self.names, LASTS))
        seen = tuple(path.stat().st_mtime for path in (certificate, key) if path is not None and path.exists())
        if seen != self._seen or not seen:
            contexts.load_pair(self.context, certificate, key, _VARIABLES)
            self._seen = seen

    async def keep_forever(self) -> None:
        """Load what changes, until cancelled; connections that are open stay as they are."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await asyncio.to_thread(self.load)
            except (SettingsError, OSError) as error:
                decided("certificate-not-loaded", level="error", error=type(error).__name__)


def open_tls(settings: TlsSettings, home: Path, names: Iterable[str]) -> ServerTls:
    """Return what a listener needs; raise SettingsError for a file that is missing or wrong. It blocks.

    home: of the role.  names: host names and addresses under which this process is reached.
    """
    folder = home / FOLDER
    authority, context = authority_of(settings, folder), contexts.server_context()
    context.load_verify_locations(cadata=authority.pem)
    if settings.client_ca is not None:
        contexts.load_authorities(context, settings.client_ca, "JMID_TLS_CLIENT_CA")
    context.verify_mode = ssl.CERT_OPTIONAL
    every = {*names, *settings.names, "localhost", "127.0.0.1", "::1", socket.gethostname()}
    tls = ServerTls(settings, authority, folder, frozenset(every), context)
    tls.load()
    return tls


def names_of(bind: str, public_url: str) -> set[str]:
    """Return what the bound address and the public one are called. Pure."""
    host = URL(public_url).host if public_url else None
    return {each for each in (bind, host) if each and each not in ("0.0.0.0", "::")}  # noqa: S104 - names none


def _is_due(path: Path, names: frozenset[str], authority: Authority) -> bool:
    """Say whether a certificate of the small authority is missing, another's, for other names, or near its end."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        given = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return True
    known = {*given.get_values_for_type(x509.DNSName), *map(str, given.get_values_for_type(x509.IPAddress))}
    is_ours = certificate.issuer == authority.certificate.subject
    left = certificate.not_valid_after_utc - clock.utc_now()
    return not is_ours or not names <= known or left < RENEWED


@asynccontextmanager
async def kept(tls: ServerTls | None) -> AsyncIterator[None]:
    """Keep the certificates of a listener new until the context ends; None needs nothing."""
    task = asyncio.create_task(tls.keep_forever()) if tls is not None else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
