"""The register of key versions: which secrets this site's pseudonyms were made with, by fingerprint.

It lies with the documents, not with the keys: whoever opens the site's documents with other keys under a known name is
refused before the first pseudonym is made. The register is written under a guard, so of two processes that make k1 at
the same moment in two folders one is the first, and the other does not start.
"""

from collections.abc import Iterable, Sequence

import msgspec

from services.anonymizer.pseudonyms.keys import Keyring, KeySet
from services.anonymizer.pseudonyms.vault import VAULT, Sealed, unseal
from shared import clock
from shared.documents import Collection, Documents
from shared.errors import Conflict, Invalid, SettingsError

SAMPLE = 200
"""Entries of the vault that an unregistered version is tried on."""


class KeyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of this site. seen_at: RFC 3339, when it was first used.  lost_at: when it was given up, or empty."""

    version: str
    fingerprint: str
    domain: str
    seen_at: str
    lost_at: str = ""


KEY_VERSIONS = Collection("deid_key_versions", KeyVersion, key="version")


async def registered(documents: Documents) -> dict[str, KeyVersion]:
    """Return the register: a version's name → its entry."""
    page = await documents.find(KEY_VERSIONS, limit=1000)
    return {each.version: each for each in page.documents}


async def confirm(documents: Documents, ring: Keyring) -> None:
    """Enter versions that are new; raise SettingsError if the folder lacks a version, or has other secrets under it."""
    known = await registered(documents)
    present = {each.version: each for each in ring.versions}
    missing = sorted(name for name, entry in known.items() if name not in present and not entry.lost_at)
    if missing:
        raise SettingsError(
            f"the key folder lacks {', '.join(missing)}, by which this site made pseudonyms: restore the folder from "
            "its backup, or let JMID_ANONYMIZER_KEYS name it; if the keys are lost for good: jmid keys lost"
        )
    fresh = [keys for name, keys in present.items() if name not in known]
    if fresh:
        _check_vault(ring, known.keys(), (await documents.find(VAULT, limit=SAMPLE)).documents)
    for keys in ring.versions:
        _compare(keys, known.get(keys.version) or await _entered(documents, keys))


async def give_up(documents: Documents, present: Sequence[str]) -> list[str]:
    """Mark the registered versions that are not present as lost for good; return the names of all registered ones."""
    known = await registered(documents)
    now = clock.utc_now().isoformat(timespec="seconds")
    for name, entry in known.items():
        if name not in present and not entry.lost_at:
            await documents.put(KEY_VERSIONS, msgspec.structs.replace(entry, lost_at=now))
    return sorted(known)


async def _entered(documents: Documents, keys: KeySet) -> KeyVersion:
    """Enter a version, or return the entry of whoever was faster."""
    now = clock.utc_now().isoformat(timespec="seconds")
    entry = KeyVersion(version=keys.version, fingerprint=keys.fingerprint, domain=keys.domain, seen_at=now)
    try:
        await documents.put(KEY_VERSIONS, entry, if_version=0)
    except Conflict:
        return await documents.get(KEY_VERSIONS, keys.version) or entry
    return entry


def _compare(keys: KeySet, entry: KeyVersion) -> None:
    if entry.fingerprint != keys.fingerprint:
        raise SettingsError(
            f"the key folder holds other secrets under {keys.version} than this site's ({keys.fingerprint}, not "
            f"{entry.fingerprint}; see: jmid keys list): restore the folder from its backup; processes of one site are "
            "given one key folder by JMID_ANONYMIZER_KEYS"
        )


def _check_vault(ring: Keyring, registered: Iterable[str], entries: Sequence[Sealed]) -> None:
    """Try keys that are not registered yet on what the vault holds: an entry opens with its own key only."""
    names = {each.version for each in ring.versions}
    lacking = sorted({entry.keys_version for entry in entries} - names - set(registered))
    if lacking:
        raise SettingsError(f"the key folder lacks {', '.join(lacking)}, by which the vault's entries are sealed")
    try:
        for entry in {entry.keys_version: entry for entry in entries}.values():
            if entry.keys_version in names:
                unseal(ring, entry)
    except Invalid as error:
        raise SettingsError(
            "the key folder holds other secrets than those that the vault is sealed with: restore it from its backup"
        ) from error
