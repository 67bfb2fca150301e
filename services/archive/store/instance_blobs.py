"""The keys of Instances' bytes: which Instance, and when the key was made. Pure.

``instances/<Study>/<Series>/<SOP Instance>.<token>.dcm``; every attempt to store has a token of its own. The token is
``t``, the seconds since 1970 in hexadecimal, ``-`` and 8 random digits; code before wrote 16 random digits.
"""

import re
import secrets
from typing import Final, NamedTuple

PREFIX: Final = "instances/"
_UID = r"([0-9.]{1,64})"
_KEY = re.compile(rf"instances/{_UID}/{_UID}/{_UID}\.(?:t([0-9a-f]{{1,12}})-[0-9a-f]{{8}}|[0-9a-f]{{16}})\.dcm")


class Place(NamedTuple):
    """What a key says. made_at: seconds since 1970; None if the key does not say."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    made_at: float | None


def new_key(study: str, series: str, instance: str, at: float) -> str:
    """Return a key that nobody has yet. at: seconds since 1970."""
    return f"{PREFIX}{study}/{series}/{instance}.t{max(0, int(at)):x}-{secrets.token_hex(4)}.dcm"


def place_of(key: str) -> Place | None:
    """Return what a key says; None if it is no key of an Instance."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    study, series, instance, made_at = match.groups()
    return Place(study, series, instance, float(int(made_at, 16)) if made_at else None)
