"""What a blob's key may be: at most 240 characters, segments of [A-Za-z0-9._-] separated by "/", none "." or ".."."""

import re

from shared.errors import Invalid

LONGEST = 240
"""So that a key, with its first "/" gone, is the name of a file."""
_SEGMENT = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]{1,255}"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_PREFIX = re.compile(r"[A-Za-z0-9._/-]*")


def checked(key: str) -> str:
    """Return the key, or raise Invalid; its text does not repeat the key."""
    if len(key) > LONGEST or not _KEY.fullmatch(key):
        raise Invalid("bad-blob-key", 'a key is made of segments of [A-Za-z0-9._-] separated by "/"')
    return key


def checked_prefix(prefix: str) -> str:
    """Return the prefix of keys, or raise Invalid."""
    if not _PREFIX.fullmatch(prefix):
        raise Invalid("bad-blob-key", 'a prefix is made of [A-Za-z0-9._-] and "/"')
    return prefix
