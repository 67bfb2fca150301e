"""How a record names an object: by its id where that is pseudonymous, else by a keyed hash. Pure.

Whoever asks may write anything into a path: a patient's name, or a UID of the hospital. So an id stands in a record
only if it has the form of one and was found; anything else is named by HMAC-SHA-256 with a key of the place, so that
the same is seen to be the same, and is found by whoever knows it.
"""

import hashlib
import hmac
import re
from typing import Final

_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_UID: Final = re.compile(r"[0-9.]{1,64}")
_MADE: Final = re.compile(r"2\.25\.[0-9]{30,39}")
KEYED: Final = "hmac-"
MOST: Final = 8
"""Objects of one record; of more the last says how many others there are."""
UIDS: Final = frozenset({"study", "series", "instance"})


def named(kind: str, value: str) -> str:
    """Return the name of an object that is there; empty if the value has no form of an id."""
    form = _UID if kind in UIDS else _ID
    return f"{kind}:{value}" if form.fullmatch(value) else ""


def is_pseudonymous(uid: str) -> bool:
    """Say whether a UID has the form of those that are made here, which nobody writes by mistake (PS3.5 B.2)."""
    return _MADE.fullmatch(uid) is not None


def keyed(kind: str, value: str, key: bytes) -> str:
    """Return the name of an object that was not found, or is the hospital's own. key: 32 secret bytes."""
    digest = hmac.new(key, f"{kind}:{value}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
    return f"{kind}:{KEYED}{digest[:32]}"
