"""Decides what a start does with its key folder: read it, make the first keys, or refuse.

Keys are made by ``jmid keys new``, or on the first start of an empty home. Keys that were made by mistake would give
every patient a second pseudonym, unnoticed: a mount that failed, a misspelt path or a lost folder is an error.
"""

from pathlib import Path

from services.anonymizer.pseudonyms import keys
from services.anonymizer.pseudonyms.key_wrapping import Guard
from services.anonymizer.pseudonyms.keys import PLAIN, Keyring
from shared.errors import SettingsError


def open_named(folder: Path, guard: Guard = PLAIN) -> Keyring:
    """Return the keys of a folder that the settings name; raise SettingsError if it is not there or holds none."""
    if not any(folder.glob("k*.key")):
        problem = "holds no key" if folder.is_dir() else "is not there"
        raise SettingsError(
            f"JMID_ANONYMIZER_KEYS names {folder}, which {problem}; mount the site's keys there, "
            f"or make the first ones with: jmid keys new {folder}"
        )
    return keys.load(folder, guard)


def open_of_home(folder: Path, domain: str, guard: Guard = PLAIN, *, used: bool) -> Keyring:
    """Return the keys of a home, making the first ones if it is empty.

    used: whether something was de-identified here before; then keys that are missing are lost, not new, and that is a
    SettingsError.
    """
    if used and not any(folder.glob("k*.key")):
        raise SettingsError(
            f"{folder} holds no key, but Instances or reports were de-identified here: restore the folder from its "
            "backup, or let JMID_ANONYMIZER_KEYS name it; only if the keys are lost for good, for new pseudonyms that "
            "match none of the old ones: jmid keys lost"
        )
    return keys.load_or_create(folder, domain, guard)
