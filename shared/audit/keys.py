"""The keys of a place's audit trail, as files for their owner alone: one signs days, one names objects. It blocks.

The newest key signs; when a new one is made the private half of the old one is deleted, and its public half stays, so
that days signed before can be verified and nobody can sign them anew.
"""

import hashlib
import secrets
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from shared import clock
from shared.certificates import private_files
from shared.errors import SettingsError

NAMES: Final = "names.key"
KEY_BYTES: Final = 32


class AuditKeys:
    """The keys of a folder. most_age_s: after which a new one signs; None makes none and only reads."""

    def __init__(self, folder: Path, most_age_s: float | None = None) -> None:
        self._folder = folder
        self.made = ""
        if most_age_s is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            newest = self._newest()
            if newest is None or clock.now() - newest.stat().st_mtime >= most_age_s:
                self._make_signing()
            private_files.made_once(folder / NAMES, partial(secrets.token_bytes, KEY_BYTES))
        self.public = {path.stem: _public(path) for path in folder.glob("*.pub")}

    @property
    def signing(self) -> tuple[str, Ed25519PrivateKey] | None:
        """Return id and key of the one that signs; None where there is none."""
        newest = self._newest()
        if newest is None:
            return None
        key = load_pem_private_key(newest.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        return newest.stem, key

    @property
    def naming(self) -> bytes:
        """Return the key that names objects; raise SettingsError if it is not one."""
        try:
            key = (self._folder / NAMES).read_bytes()
        except FileNotFoundError:
            key = b""
        if len(key) != KEY_BYTES:
            raise SettingsError(f"{self._folder / NAMES} is no key of the audit trail")
        return key

    def renew(self) -> str:
        """Make a new key that signs, and return its id."""
        self._make_signing()
        self.public = {path.stem: _public(path) for path in self._folder.glob("*.pub")}
        return self.made

    def _make_signing(self) -> None:
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.made = key_id(key.public_key())
        private_files.made_once(self._folder / f"{self.made}.pub", lambda: public)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        private_files.made_once(self._folder / f"{self.made}.pem", lambda: private)
        for old in self._folder.glob("*.pem"):
            if old.stem != self.made:
                old.unlink()

    def _newest(self) -> Path | None:
        return max(self._folder.glob("*.pem"), key=lambda path: path.stat().st_mtime_ns, default=None)


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key: the first 16 digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _public(path: Path) -> Ed25519PublicKey:
    key = load_pem_public_key(path.read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    return key
