"""How a connection to the centre is made: TLS of BCP 195, and the certificate that this gateway shows, as it is now.

A renewed certificate is shown from the next request on, without a restart: it is in a new context, and connections of
the context before, which showed the old one, are not used for it.
"""

import ssl
from pathlib import Path

from services.linker.settings import LinkerSettings
from shared.certificates import contexts
from shared.errors import SettingsError

_VARIABLES = "JMID_LINKER_CLIENT_CERTIFICATE and JMID_LINKER_CLIENT_KEY"


class CentreTls:
    """The TLS context for requests to the centre. Raises SettingsError for a file that is missing or wrong."""

    def __init__(self, settings: LinkerSettings) -> None:
        certificate = settings.client_certificate
        self._ca = settings.centre_ca
        self._pair = (certificate, settings.client_key) if certificate is not None else None
        self._seen = self._modified()
        self.context = self._made()

    @property
    def shows_certificate(self) -> bool:
        """Whether this gateway shows a certificate."""
        return self._pair is not None

    def refresh(self) -> None:
        """Load the certificate if its file has changed; one that cannot be read leaves the one before."""
        seen = self._modified()
        if seen == self._seen:
            return
        try:
            self.context = self._made()
        except SettingsError:
            return
        self._seen = seen

    def _made(self) -> ssl.SSLContext:
        context = contexts.client_context() if self._ca is None else _believing(self._ca)
        if self._pair is not None:
            contexts.load_pair(context, *self._pair, _VARIABLES)
        return context

    def _modified(self) -> tuple[int, ...]:
        files: tuple[Path | None, ...] = self._pair or ()
        return tuple(path.stat().st_mtime_ns for path in files if path is not None and path.exists())


def provider_context(settings: LinkerSettings) -> ssl.SSLContext:
    """Return the context for the centre's OpenID Provider: the authorities of this machine, and the centre's."""
    context = contexts.client_context()
    if settings.centre_ca is not None:
        contexts.load_authorities(context, settings.centre_ca, "JMID_LINKER_CENTRE_CA")
    return context


def _believing(ca: Path) -> ssl.SSLContext:
    try:
        return contexts.client_context(str(ca))
    except (OSError, ValueError) as error:
        raise SettingsError(
            "JMID_LINKER_CENTRE_CA cannot be read; it takes the path of a PEM file, for example /etc/jmid/centre-ca.pem"
        ) from error
