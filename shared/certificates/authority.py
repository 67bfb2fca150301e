"""A small certificate authority: one key, which signs for servers of this home and for gateways of sites.

ECDSA on P-256. The key and the certificate are one file for its owner alone; JMID_TLS_AUTHORITY_… name other files. It
issues nothing below itself (path length 0). Source: RFC 5280 4.2.1 (extensions); RFC 8141 (urn: names).
"""

import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared import clock
from shared.certificates import private_files
from shared.certificates.settings import TlsSettings
from shared.errors import Invalid, SettingsError

FOLDER: Final = "authority"
FILE: Final = "authority.pem"
LASTS: Final = timedelta(days=3653)
SKEW: Final = timedelta(minutes=5)
"""By how much a new certificate is good before now, for clocks that are behind."""
SITE_PREFIX: Final = "urn:jmid:site:"
LEAST_CURVE_BITS: Final = 256


@dataclass(frozen=True)
class Authority:
    """An authority with its key."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def pem(self) -> str:
        """The certificate."""
        return pem_of(self.certificate)

    def of_server(self, names: Iterable[str], lasts: timedelta) -> bytes:
        """Return a new key and its certificate for these host names and addresses, as one PEM file."""
        key = new_key()
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in sorted(set(names))])
        builder = self._builder("J-MID", key.public_key(), lasts)
        builder = builder.add_extension(alternatives, critical=False)
        certificate = self._signed(builder, ExtendedKeyUsageOID.SERVER_AUTH)
        return private_pem(key) + pem_of(certificate).encode("ascii")

    def of_site(self, request: x509.CertificateSigningRequest, site: str, lasts: timedelta) -> x509.Certificate:
        """Return the certificate of a gateway: for the key of its request, and for the site that we say.

        Raises Invalid for a request that its key did not sign, or a key that is none for us.
        """
        _check_request(request)
        alternatives = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(site_urn(site))])
        builder = self._builder("J-MID gateway", request.public_key(), lasts)  # type: ignore[arg-type]
        builder = builder.add_extension(alternatives, critical=False)
        return self._signed(builder, ExtendedKeyUsageOID.CLIENT_AUTH)

    def _builder(self, name: str, key: ec.EllipticCurvePublicKey, lasts: timedelta) -> x509.CertificateBuilder:
        now = clock.utc_now()
        return (
            _blank(name, self.certificate.subject, key, now)
            .not_valid_after(min(now + lasts, self.certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
        )

    def _signed(self, builder: x509.CertificateBuilder, purpose: x509.ObjectIdentifier) -> x509.Certificate:
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate.public_key())  # type: ignore[arg-type]
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        return builder.add_extension(own, critical=False).sign(self.key, hashes.SHA256())


def authority_of(settings: TlsSettings, folder: Path) -> Authority:
    """Return the authority that the settings name, else that of the folder, made if it is not there. It blocks."""
    if settings.authority_certificate is None or settings.authority_key is None:
        whole = private_files.made_once(folder / FILE, _new_authority)
        return _read(whole, whole, f"{folder / FILE} is no authority of this system")
    try:
        certificate, key = settings.authority_certificate.read_bytes(), settings.authority_key.read_bytes()
    except OSError as error:
        raise SettingsError(f"JMID_TLS_AUTHORITY_CERTIFICATE or _KEY cannot be read ({error.strerror})") from error
    return _read(certificate, key, "JMID_TLS_AUTHORITY_CERTIFICATE and _KEY are no PEM certificate and its private key")


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new private key."""
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """Return a private key as PEM, which nothing protects but the file that it is in."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pem_of(certificate: x509.Certificate) -> str:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate, hexadecimal: what tells it from every other."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def site_urn(site: str) -> str:
    """Return how a certificate names a site."""
    return SITE_PREFIX + quote(site, safe="")


def site_of(certificate: x509.Certificate) -> str:
    """Return the site that a certificate names, empty if it names none."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return next((unquote(uri.removeprefix(SITE_PREFIX)) for uri in uris if uri.startswith(SITE_PREFIX)), "")


def _new_authority() -> bytes:
    key, now = new_key(), clock.utc_now()
    name = f"J-MID authority {secrets.token_hex(4)}"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        _blank(name, subject, key.public_key(), now)
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return private_pem(key) + pem_of(certificate).encode("ascii")


def _blank(name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode("ascii"))


def _check_request(request: x509.CertificateSigningRequest) -> None:
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.key_size < LEAST_CURVE_BITS:
        raise Invalid("wrong-key", f"the key of a request is of an elliptic curve of {LEAST_CURVE_BITS} bits or more")
    try:
        is_signed = request.is_signature_valid
    except (InvalidSignature, UnsupportedAlgorithm):
        is_signed = False
    if not is_signed:
        raise Invalid("wrong-signature", "a request is signed with its own key")


def _read(certificate: bytes, key: bytes, problem: str) -> Authority:
    try:
        authority = Authority(
            x509.load_pem_x509_certificate(certificate),
            serialization.load_pem_private_key(key, None),  # type: ignore[arg-type]
        )
        constraints = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        is_pair = authority.certificate.public_key() == authority.key.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound) as error:
        raise SettingsError(f"{problem} ({type(error).__name__})") from error
    if not constraints.ca or not is_pair:
        raise SettingsError(problem)
    return authority
