"""TLS contexts: TLS 1.2 with the cipher suites of BCP 195, or 1.3; never less.

Source: BCP 195 (RFC 8996; RFC 9325 3.1, 4.2); PS3.15 Annex B, the BCP 195 secure transport connection profiles.
"""

import ssl
from pathlib import Path
from typing import Final

from shared.errors import SettingsError

CIPHER_SUITES: Final = (  # of TLS 1.2, as OpenSSL names them (RFC 9325 4.2)
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
)


def server_context() -> ssl.SSLContext:
    """Return a context of a server, without a certificate yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    return restricted(context)


def client_context(ca: str | None = None, ca_text: str | None = None) -> ssl.SSLContext:
    """Return a context of a client that checks names; raise OSError, ssl.SSLError or ValueError for a wrong file.

    ca: PEM file of the authorities that are believed; ca_text: PEM of some; with neither, those of this machine.
    """
    return restricted(ssl.create_default_context(cafile=ca or None, cadata=ca_text or None))


def restricted(context: ssl.SSLContext) -> ssl.SSLContext:
    """Have a context take nothing less than BCP 195."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(CIPHER_SUITES))
    return context


def load_pair(context: ssl.SSLContext, certificate: Path, key: Path | None, variables: str) -> None:
    """Load a certificate with its key; raise SettingsError that names the variables of the files."""
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:
        problem = f"{variables}: no PEM certificate with its private key ({type(error).__name__})"
        raise SettingsError(problem) from error


def load_authorities(context: ssl.SSLContext, path: Path, variable: str) -> None:
    """Have a context believe the authorities of a file; raise SettingsError that names its variable."""
    try:
        context.load_verify_locations(path)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{variable} holds no PEM certificate ({type(error).__name__})") from error
