"""What stands in a value behind what its VR and VM hold: padding, which readers do not show. Pure.

Source: PS3.5 6.2 (values, their lengths, padding by space and NUL), 6.4 (Value Multiplicity); PS3.6 section 6.
"""

from functools import cache
from typing import Final

from services.anonymizer.profile import tables
from shared.dicom.elements import ENDS_AT_NUL

_SIZES: Final = {b"AT": 4, b"FD": 8, b"FL": 4, b"SL": 4, b"SS": 2, b"UL": 4, b"US": 2}
_ONE: Final = frozenset({b"LT", b"ST", b"UR", b"UT"})  # a backslash is a character of theirs
_SEVERAL: Final = frozenset({b"AE", b"AS", b"CS", b"DA", b"DS", b"DT", b"IS", b"LO", b"PN", b"SH", b"TM", b"UC", b"UI"})
_TEXTS: Final = _ONE | _SEVERAL


def limit(tag: int, vr: bytes) -> int | None:
    """Return how many bytes a value has at most, ENDS_AT_NUL for texts, None where nothing tells."""
    if vr in _TEXTS:
        return ENDS_AT_NUL
    values = tables.most_values(tag)
    return _SIZES[vr] * values if vr in _SIZES and values else None


_limit = cache(limit)


def cleared(tag: int, vr: bytes, value: bytes) -> bytes:
    """Return the value without what stands behind a NUL in a text, or behind as many numbers as the Attribute has."""
    most = _limit(tag, vr)
    if most is None:
        return value
    if most != ENDS_AT_NUL:
        return value[:most]
    if b"\0" not in value[:-1]:
        return value
    if vr in _ONE:
        return value.partition(b"\0")[0]
    return b"\\".join(each.partition(b"\0")[0] for each in value.split(b"\\"))
