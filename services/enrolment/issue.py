"""Which certificates of a site count: one record a site, so that a revocation and a renewal cannot miss each other."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from services.enrolment.invites import INVITES
from shared import clock
from shared.certificates.authority import Authority, fingerprint, pem_of
from shared.documents import Documents, Eq
from shared.documents.optimistic import change
from shared.errors import Invalid, Refused
from shared.logs import decided
from shared.web.identity.certificates import SITES, Site, SiteCertificate

MOST_REQUEST = 16 << 10


@dataclass(frozen=True)
class Issuer:
    """Issues certificates of gateways. days: how long they are good."""

    documents: Documents
    authority: Authority
    days: float

    async def issued(self, site: str, request: x509.CertificateSigningRequest, instead_of: str = "") -> str:
        """Return a certificate for a site, as PEM. instead_of: fingerprint of one that has to count, for a renewal.

        Raises Refused for a renewal with one that does not count any more.
        """
        certificate = self.authority.of_site(request, site, timedelta(days=self.days))
        await keep(self.documents, site, certificate, "renewed" if instead_of else "enrolled", instead_of)
        decided("certificate-renewed" if instead_of else "site-enrolled", peer=site)
        return pem_of(certificate)


async def keep(documents: Documents, site: str, certificate: x509.Certificate, how: str, instead_of: str = "") -> None:
    """Have a certificate count for a site, besides those that do. instead_of: as above."""
    now = clock.now()
    new = SiteCertificate(
        fingerprint=fingerprint(certificate), ends_at=certificate.not_valid_after_utc.timestamp(), how=how, began_at=now
    )

    async def step(old: Site | None) -> Site | None:
        old = old or Site(name=site)
        if instead_of and instead_of not in old.fingerprints:
            raise Refused("certificate-revoked", "this certificate does not count any more; ask for a code")
        return _with(old, [each for each in old.certificates if each.ends_at > now], new)

    await change(documents, SITES, site, step)


async def revoked(documents: Documents, site: str) -> bool:
    """Have no certificate and no open code of a site count any more; say whether there is such a site."""

    async def step(old: Site | None) -> Site | None:
        revoke: Callable[[SiteCertificate], SiteCertificate] = lambda each: msgspec.structs.replace(  # noqa: E731
            each, revoked_at=each.revoked_at or clock.now()
        )
        if old is None:
            return None
        return msgspec.structs.replace(old, fingerprints=(), certificates=tuple(map(revoke, old.certificates)))

    invites = await documents.find_all(INVITES, Eq("site", site))
    for invite in invites:
        await documents.delete(INVITES, invite.name)
    known = await change(documents, SITES, site, step)
    if known is not None or invites:
        decided("site-revoked", peer=site)
    return known is not None or bool(invites)


def read_request(pem: str) -> x509.CertificateSigningRequest:
    """Return a request for a certificate (PKCS #10, RFC 2986); raise Invalid if it is none."""
    try:
        return x509.load_pem_x509_csr(pem[:MOST_REQUEST].encode("ascii"))
    except ValueError as error:
        raise Invalid("not-a-request", "request is a PKCS #10 certification request as PEM") from error


def key_digest(request: x509.CertificateSigningRequest) -> str:
    """Return the SHA-256 of the public key of a request."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(request.public_key().public_bytes(serialization.Encoding.DER, form)).hexdigest()


def _with(site: Site, others: list[SiteCertificate], new: SiteCertificate) -> Site:
    others = [each for each in others if each.fingerprint != new.fingerprint]
    certificates = (*others, new)
    counting = tuple(each.fingerprint for each in certificates if not each.revoked_at)
    return msgspec.structs.replace(site, certificates=certificates, fingerprints=counting)
