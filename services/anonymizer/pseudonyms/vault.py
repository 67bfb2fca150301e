"""The re-identification vault: which pseudonym stands for which original, sealed, at the gateway only.

A recall and a patient's own request need the way back. Values are sealed in the worker process with AES-SIV (RFC 5297):
deterministic, so that a replay writes the same bytes, and bound to the pseudonym, so that no entry stands for another.
Every reading is recorded before it is answered; a site can ask for two persons.
"""

import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from services.anonymizer.pseudonyms.keys import Keyring, KeySet
from shared.documents import Collection, Documents, Put
from shared.errors import Invalid, NotFound, Refused


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """One entry. kind: patient, study, order, uid (of anything else), device or report.  box: the original, sealed."""

    pseudonym: str
    kind: str
    keys_version: str
    box: bytes


class Original(NamedTuple):
    """What an entry says, opened. text: of a patient ``issuer|ID``; of a report what its pseudonym was made from."""

    kind: str
    text: str
    keys_version: str


class VaultRead(msgspec.Struct, frozen=True):
    """That somebody read an entry. second: who agreed.  at: RFC 3339."""

    id: str
    pseudonym: str
    by: str
    second: str
    reason: str
    at: str


VAULT = Collection("deid_vault", Sealed, key="pseudonym")
VAULT_READS = Collection(
    "deid_vault_reads",
    VaultRead,
    key="id",
    fields=("pseudonym", "by", "at"),
    indexes=(("pseudonym", "at"), ("by", "at")),
)


def seal(keys: KeySet, kind: str, pseudonym: str, original: str) -> Sealed:
    """Return the entry of one pseudonym."""
    return Sealed(pseudonym, kind, keys.version, _sealed(keys.vault, f"{kind}|{pseudonym}", original))


def unseal(ring: Keyring, entry: Sealed) -> str:
    """Return the original; raise Invalid if the entry is not what was sealed."""
    try:
        bound = f"{entry.kind}|{entry.pseudonym}".encode()
        return _cipher(ring.get(entry.keys_version).vault).decrypt(entry.box, [bound]).decode("utf-8")
    except InvalidTag as error:
        raise Invalid("vault-entry-damaged", "the entry was sealed with another key, or changed") from error


async def reidentify(documents: Documents, ring: Keyring, read: VaultRead, *, two_persons: bool) -> str:
    """Record who asks, and return the original. Raises Refused if two persons are asked for and there is one."""
    originals = await reidentify_all(documents, ring, [read], two_persons=two_persons)
    if read.pseudonym not in originals:
        raise NotFound("unknown-pseudonym", "the vault holds no such pseudonym")
    return originals[read.pseudonym].text


async def reidentify_all(
    documents: Documents, ring: Keyring, reads: Sequence[VaultRead], *, two_persons: bool
) -> dict[str, Original]:
    """Record each reading, and return by pseudonym what the vault holds. Raises Refused as ``reidentify`` does."""
    for read in reads:
        if not read.by.strip() or not read.reason.strip():
            raise Refused("vault-needs-reason", "who reads and why are both needed")
        if two_persons and read.second.strip() in ("", read.by.strip()):
            raise Refused("vault-needs-two", "this site asks for a second person")
    entries = await documents.get_many(VAULT, [read.pseudonym for read in reads])
    await documents.write(*(Put(VAULT_READS, read) for read in reads))
    return {key: Original(each.kind, unseal(ring, each), each.keys_version) for key, each in entries.items()}


@lru_cache(4096)
def _sealed(secret: bytes, bound: str, original: str) -> bytes:
    return _cipher(secret).encrypt(original.encode("utf-8"), [bound.encode()])


@lru_cache(8)
def _cipher(secret: bytes) -> AESSIV:
    return AESSIV(hmac.digest(secret, b"J-MID vault", hashlib.sha512))  # 512 bits: AES-256-SIV, RFC 5297 section 2.2
