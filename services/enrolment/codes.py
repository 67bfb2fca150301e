"""The text of a one-time code: which one, its secret, and the authority's fingerprint. Pure but for the randomness.

40 bits of name, 128 bits of secret, the first 128 bits of the SHA-256 of the authority's certificate: in base32
(RFC 4648 6), in groups, with what is mistaken for letters taken as letters.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from shared.errors import Invalid

NAME_BYTES, SECRET_BYTES, FINGERPRINT_BYTES = 5, 16, 16
GROUP: Final = 6
_MISTAKEN: Final = str.maketrans({"0": "O", "1": "I", "8": "B", "-": None, " ": None, "\t": None, "\n": None})


@dataclass(frozen=True)
class Code:
    """A code. name: of its record.  fingerprint: the beginning of the authority's, hexadecimal."""

    name: str
    secret: str
    fingerprint: str

    @property
    def text(self) -> str:
        """The text that a person is given."""
        whole = bytes.fromhex(self.name + self.secret + self.fingerprint)
        letters = base64.b32encode(whole).decode("ascii").rstrip("=")
        return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def new_code(fingerprint: str) -> Code:
    """Return a new code. fingerprint: of the authority, hexadecimal SHA-256."""
    name, secret = secrets.token_hex(NAME_BYTES), secrets.token_hex(SECRET_BYTES)
    return Code(name, secret, fingerprint[: FINGERPRINT_BYTES * 2])


def read_code(text: str) -> Code:
    """Return the code of a text; raise Invalid if it is none."""
    letters = text.upper().translate(_MISTAKEN)
    try:
        whole = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError):
        whole = b""
    if len(whole) != NAME_BYTES + SECRET_BYTES + FINGERPRINT_BYTES:
        raise Invalid("not-a-code", "this is no code of jmid sites invite; copy all of it")
    behind = NAME_BYTES + SECRET_BYTES
    return Code(whole[:NAME_BYTES].hex(), whole[NAME_BYTES:behind].hex(), whole[behind:].hex())


def digest_of(secret: str) -> str:
    """Return what is kept of a secret: it is random, so that one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


def is_of(secret: str, kept: str) -> bool:
    """Say whether a secret is the one that a digest is kept of."""
    return hmac.compare_digest(digest_of(secret), kept)
