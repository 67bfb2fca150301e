"""The rule of UIDs, in one place. Pure.

Two questions are asked of a value. ``is_uid``: is it a valid UID (PS3.5 9.1)? Whatever is stored, linked or delivered
under a UID must be. ``has_uid_characters``: does it hold nothing but UIDs' characters, at most 64 of them? Instances
in the field have UIDs with leading zeros; these are replaced, found and removed like others, but are never free text.
"""

import re
from typing import Final

KEY_OBJECT_SELECTION: Final = "1.2.840.10008.5.1.4.1.1.88.59"
"""SOP Class UID of Key Object Selection Document Storage."""
MAX_LENGTH = 64
_VALID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")
_CHARACTERS = re.compile(rb"[0-9.]{1,64}")


def is_uid(value: str) -> bool:
    """Say whether a text is a valid UID: components of ASCII digits without leading zeros (PS3.5 9.1)."""
    return 0 < len(value) <= MAX_LENGTH and _VALID.fullmatch(value) is not None


def has_uid_characters(value: str | bytes) -> bool:
    """Say whether a value is 1 to 64 digits and dots (PS3.5 6.2, VR UI), whether or not it is a valid UID."""
    raw = value.encode("utf-8", "replace") if isinstance(value, str) else value
    return _CHARACTERS.fullmatch(raw) is not None
