"""What a gateway has after it enrolled at a centre: its key and certificate, and how it knows the centre again.

Files of <home>/gateway/enrolment, each for its owner alone: identity.pem has the key and its certificate, so that both
change at one instant; authority.pem has whom the centre's certificate is checked with; enrolment.json names the centre.
Everything here blocks.
"""

from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.certificates import private_files
from shared.certificates.authority import new_key, private_pem, site_of
from shared.errors import SettingsError

FOLDER: Final = "enrolment"
IDENTITY, AUTHORITY, ENROLMENT, NEXT_KEY = "identity.pem", "authority.pem", "enrolment.json", "next-key.pem"


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """Where a gateway delivers. centre: its address.  site: whose gateway the centre takes this for.

    is_own: whether the centre's certificate is of the authority in authority.pem; else of those of this machine.
    """

    centre: str
    site: str
    is_own: bool = True


class SiteIdentity:
    """The files of a gateway's home. home: of the role, <home>/gateway."""

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER
        self.identity, self.authority = self.folder / IDENTITY, self.folder / AUTHORITY

    @property
    def enrolment(self) -> Enrolment | None:
        """Where it is enrolled, None if it is not."""
        try:
            return msgspec.json.decode((self.folder / ENROLMENT).read_bytes(), type=Enrolment)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise SettingsError(f"{self.folder / ENROLMENT} cannot be read; enrol anew (jmid enrol)") from error

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate that it shows."""
        return x509.load_pem_x509_certificate(self.identity.read_bytes())

    def request_pem(self) -> str:
        """Return a request (PKCS #10) for a certificate of the next key, which is made once and stays here."""
        key = self._next_key()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "J-MID gateway")])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def take(self, certificate: x509.Certificate) -> str:
        """Keep a certificate for the next key, which is the key from now on; return the site that it names.

        Raises SettingsError for a certificate of another key.
        """
        key = self._next_key()
        if certificate.public_key() != key.public_key():
            raise SettingsError("the centre's certificate is for another key than this gateway's")
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        private_files.replaced(self.identity, private_pem(key) + pem)
        (self.folder / NEXT_KEY).unlink()
        return site_of(certificate)

    def keep(self, enrolment: Enrolment, authority: str) -> None:
        """Keep where it is enrolled. authority: PEM of whom the centre's certificate is checked with."""
        private_files.replaced(self.authority, authority.encode("ascii"))
        private_files.replaced(self.folder / ENROLMENT, msgspec.json.encode(enrolment))

    def _next_key(self) -> ec.EllipticCurvePrivateKey:
        pem = private_files.made_once(self.folder / NEXT_KEY, lambda: private_pem(new_key()))
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key
