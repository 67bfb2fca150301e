"""Settings of HTTP by TLS, read as JMID_TLS_<FIELD>."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from shared import settings as settings_reader
from shared.errors import SettingsError


class TlsSettings(msgspec.Struct, frozen=True):
    """Which certificates a process shows and believes where it serves HTTP by TLS (--tls)."""

    certificate: Annotated[
        Path | None,
        Meta(
            description="PEM file of this process' certificate, with those that lead to its authority; empty is one of "
            "the small authority of the home, made anew before it ends."
        ),
    ] = None
    key: Annotated[Path | None, Meta(description="PEM file of its private key; empty is in the same file.")] = None
    names: Annotated[
        tuple[str, ...],
        Meta(
            description="Names and addresses that the small authority's certificate is for, besides this machine's, "
            "the bound one and JMID_ACCESS_PUBLIC_URL's."
        ),
    ] = ()
    client_ca: Annotated[
        Path | None,
        Meta(
            description="PEM file of other authorities whose client certificates may be shown; jmid sites accept says "
            "whose each is."
        ),
    ] = None
    authority_certificate: Annotated[
        Path | None,
        Meta(description="PEM file of an authority of one's own, in place of the small one; goes with its key."),
    ] = None
    authority_key: Annotated[Path | None, Meta(description="PEM file of that authority's private key.")] = None


def tls_settings(environ: Mapping[str, str]) -> TlsSettings:
    """Read the settings; raise SettingsError for a part of a pair."""
    settings = settings_reader.read(TlsSettings, "TLS", environ)
    if (settings.authority_certificate is None) != (settings.authority_key is None):
        raise SettingsError("JMID_TLS_AUTHORITY_CERTIFICATE and JMID_TLS_AUTHORITY_KEY go together; both are PEM files")
    return settings
