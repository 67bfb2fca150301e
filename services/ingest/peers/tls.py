"""The TLS contexts of DIMSE and MLLP, made of JMID_INGEST_TLS_….

Source: PS3.15 Annex B, the BCP 195 secure transport connection profiles; IHE ATNA for MLLP. Both profiles forbid to go
down to an earlier version.
"""

import ssl
from pathlib import Path

from services.ingest.settings import IngestSettings
from shared.certificates import contexts
from shared.errors import SettingsError


def is_on(settings: IngestSettings) -> bool:
    """Say whether anything listens by TLS."""
    return settings.dimse_tls_port >= 0 or settings.mllp_tls_port >= 0


def files_of(settings: IngestSettings) -> list[Path]:
    """Return the files that the context is made from."""
    return [each for each in (settings.tls_certificate, settings.tls_key, settings.tls_client_ca) if each is not None]


def server_context(settings: IngestSettings) -> ssl.SSLContext:
    """Return the context; raise SettingsError that names the variable whose file is missing or wrong."""
    if settings.tls_certificate is None:
        raise SettingsError("JMID_INGEST_TLS_CERTIFICATE is not set, and a port listens by TLS; it takes a PEM file")
    is_required = settings.tls_client_certificate == "required"
    if is_required and settings.tls_client_ca is None:
        raise SettingsError(
            "JMID_INGEST_TLS_CLIENT_CA is not set, and nothing else says which client certificates are right; it takes "
            "a PEM file (or JMID_INGEST_TLS_CLIENT_CERTIFICATE=optional: callers then need none)"
        )
    context = contexts.server_context()
    _load_certificate(context, settings)
    if settings.tls_client_ca is not None:
        contexts.load_authorities(context, settings.tls_client_ca, "JMID_INGEST_TLS_CLIENT_CA")
        context.verify_mode = ssl.CERT_REQUIRED if is_required else ssl.CERT_OPTIONAL
    return context


def client_context(settings: IngestSettings, ca: str) -> ssl.SSLContext:
    """Return the context to call others with, showing our certificate if there is one. Raises SettingsError.

    ca: PEM file of the authority of the other's certificate; empty is those that this machine trusts.
    """
    try:
        context = contexts.client_context(ca)
    except (OSError, ValueError) as error:
        raise SettingsError(f"the authority of a source is no PEM file ({type(error).__name__})") from error
    if settings.tls_certificate is not None:
        _load_certificate(context, settings)
    return context


def _load_certificate(context: ssl.SSLContext, settings: IngestSettings) -> None:
    assert settings.tls_certificate is not None
    variables = "JMID_INGEST_TLS_CERTIFICATE and JMID_INGEST_TLS_KEY"
    contexts.load_pair(context, settings.tls_certificate, settings.tls_key, variables)
