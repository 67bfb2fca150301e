"""A day's signature: who holds the key of this place says that the chain was so, up to a record.

Source: RFC 8032 (Ed25519).
"""

from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.audit.record import AuditRecord, Tip
from shared.documents import Collection

LOG: Final = Collection("audit_log", AuditRecord, key="key", fields=("at", "outcome", "who", "objects"))


class Seal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The signature of the records from ``first`` to ``last``, which were written until the end of a day or later.

    day: UTC, of the last record.  digest: of the last record.  key_id: the first 16 digits of its public key's digest.
    """

    day: str
    first: int
    last: int
    digest: str
    sealed_at: str
    key_id: str
    signature: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What was found when the chain was looked at the last time. whole_until: time of the last record that is right.

    number: of that record.  fault: the first that was found, empty if the chain is whole.
    """

    id: str
    at: str
    number: int
    whole_until: str
    fault: str = ""


class Forwarded(msgspec.Struct, frozen=True, kw_only=True):
    """How far a receiver of syslog has the chain. id: its address."""

    id: str
    number: int


SEALS: Final = Collection("audit_seals", Seal, key="day", fields=("last",))
CHECKS: Final = Collection("audit_checks", Check, key="id")
FORWARDED: Final = Collection("audit_forwarded", Forwarded, key="id")
COLLECTIONS: Final = (LOG, SEALS, CHECKS, FORWARDED)
CHECK_ID: Final = "last"


def signed_bytes(seal: Seal) -> bytes:
    """Return what a signature is of."""
    return b"J-MID audit seal 1\n" + msgspec.json.encode(msgspec.structs.replace(seal, signature=""))


def signed(seal: Seal, key: Ed25519PrivateKey) -> Seal:
    """Return the seal with its signature."""
    return msgspec.structs.replace(seal, signature=key.sign(signed_bytes(seal)).hex())


def is_signed(seal: Seal, key: Ed25519PublicKey) -> bool:
    """Say whether a seal's signature is by this key."""
    try:
        key.verify(bytes.fromhex(seal.signature), signed_bytes(seal))
    except (InvalidSignature, ValueError):
        return False
    return True


def tip_of(seal: Seal | None) -> Tip:
    """Return where the chain ended when it was sealed."""
    return Tip(seal.last, seal.digest) if seal is not None else Tip()
