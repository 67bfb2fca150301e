"""Gateways that show a certificate: shown in the TLS handshake, or told by a proxy that is trusted.

That the caller has the key is proven by the handshake. Whose certificate it is, and that it still counts, is a record
of the centre, found by the SHA-256 of the certificate at each request: so a revocation holds from the next one.
Source: RFC 8446 4.4.2; RFC 9440 (Client-Cert, of a proxy that ends TLS).
"""

import base64
import binascii
from typing import Final
from urllib.parse import unquote

import msgspec
from aiohttp import web
from cryptography import x509

from shared import clock
from shared.certificates.authority import fingerprint
from shared.documents import Collection, Documents, Eq
from shared.web.identity.actor import SHOWN_BY_CERTIFICATE, Actor, gateway_actor
from shared.web.identity.proxies import Proxies
from shared.web.identity.token import TokenRefused


class SiteCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate of a gateway. fingerprint: SHA-256, hexadecimal.  how: enrolled, renewed or accepted.

    began_at, ends_at, revoked_at: seconds since 1970; 0 is not revoked.
    """

    fingerprint: str
    how: str
    began_at: float
    ends_at: float
    revoked_at: float = 0.0


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A site that has or had a gateway. fingerprints: of the certificates that count."""

    name: str
    fingerprints: tuple[str, ...] = ()
    certificates: tuple[SiteCertificate, ...] = ()


SITES: Final = Collection("site_certificates", Site, key="name", fields=("fingerprints",))


class Certificates:
    """Finds out whose certificate a request shows.

    header: in which a trusted proxy tells the certificate; empty is none.  proxies: those that are trusted.
    """

    def __init__(self, documents: Documents, header: str = "", proxies: Proxies | None = None) -> None:
        self._documents, self._header, self._proxies = documents, header, proxies or Proxies()

    async def actor(self, request: web.Request) -> Actor | None:
        """Return who shows a certificate, None if none is shown; raise TokenRefused for one that does not count."""
        shown = self._shown(request)
        if shown is None:
            return None
        now = clock.now()
        if not shown.not_valid_before_utc.timestamp() <= now < shown.not_valid_after_utc.timestamp():
            raise TokenRefused("certificate-expired")
        found = (await self._documents.find(SITES, Eq("fingerprints", fingerprint(shown)), limit=1)).documents
        if not found:
            raise TokenRefused("certificate-unknown")
        return gateway_of(found[0].name, fingerprint(shown))

    def _shown(self, request: web.Request) -> x509.Certificate | None:
        """Return the certificate of a request; raise TokenRefused for what a proxy tells and cannot be read."""
        tls = request.transport.get_extra_info("ssl_object") if request.transport is not None else None
        data = tls.getpeercert(True) if tls is not None else None
        if data is not None:
            return x509.load_der_x509_certificate(data)
        told = request.headers.get(self._header, "") if self._header and self._proxies.trusts(request.remote) else ""
        return read_told(told) if told else None


def gateway_of(site: str, certificate: str) -> Actor:
    """Return the gateway of a site. certificate: its fingerprint."""
    return gateway_actor(f"site:{site}", site, SHOWN_BY_CERTIFICATE, certificate)


def read_told(told: str) -> x509.Certificate:
    """Return the certificate that a proxy tells: base64 in colons (RFC 9440 2.2), or PEM in percent-encoding. Pure."""
    try:
        if told.startswith(":"):
            return x509.load_der_x509_certificate(base64.b64decode(told.strip(":"), validate=True))
        return x509.load_pem_x509_certificate(unquote(told).encode("ascii"))
    except (ValueError, binascii.Error) as error:
        raise TokenRefused("certificate-not-read") from error
