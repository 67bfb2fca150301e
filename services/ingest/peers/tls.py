"""The TLS context of DIMSE and MLLP: TLS 1.2 with the cipher suites of BCP 195, or 1.3; never less.

Source: BCP 195 (RFC 8996; RFC 9325 4.2); PS3.15 Annex B, the BCP 195 secure transport connection profiles; IHE ATNA
for MLLP. Both profiles forbid to go down to an earlier version.
"""

import ssl
from pathlib import Path
from typing import Final

from services.ingest.settings import IngestSettings
from shared.errors import SettingsError

CIPHER_SUITES: Final = (  # of TLS 1.2, as OpenSSL names them (RFC 9325 4.2)
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
)


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
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(CIPHER_SUITES))
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    _load(context, settings)
    if settings.tls_client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED if is_required else ssl.CERT_OPTIONAL
    return context


def client_context(settings: IngestSettings, ca: str) -> ssl.SSLContext:
    """Return the context to call others with, showing our certificate if there is one. Raises SettingsError.

    ca: PEM file of the authority of the other's certificate; empty is those that this machine trusts.
    """
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except (OSError, ValueError) as error:
        raise SettingsError(f"the authority of a source is no PEM file ({type(error).__name__})") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(CIPHER_SUITES))
    if settings.tls_certificate is not None:
        _load_certificate(context, settings)
    return context


def _load(context: ssl.SSLContext, settings: IngestSettings) -> None:
    _load_certificate(context, settings)
    if settings.tls_client_ca is None:
        return
    try:
        context.load_verify_locations(str(settings.tls_client_ca))
    except (OSError, ValueError) as error:
        raise SettingsError(f"JMID_INGEST_TLS_CLIENT_CA holds no PEM certificate ({type(error).__name__})") from error


def _load_certificate(context: ssl.SSLContext, settings: IngestSettings) -> None:
    try:
        context.load_cert_chain(str(settings.tls_certificate), settings.tls_key and str(settings.tls_key))
    except (OSError, ValueError) as error:
        raise SettingsError(
            "JMID_INGEST_TLS_CERTIFICATE and JMID_INGEST_TLS_KEY are no PEM certificate with its private key "
            f"({type(error).__name__})"
        ) from error
