"""What an action makes of one value, as bytes in a file: dummies, shifted dates, pseudonymous UIDs."""

import calendar
import re
from datetime import date, timedelta

from pydicom._uid_dict import UID_dictionary

from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.pseudonyms import uid_pseudonym

DUMMY_TEXT = b"ANONYMIZED"
_DUMMIES = {
    b"AE": DUMMY_TEXT, b"CS": DUMMY_TEXT, b"LO": DUMMY_TEXT, b"LT": DUMMY_TEXT, b"PN": DUMMY_TEXT, b"SH": DUMMY_TEXT,
    b"ST": DUMMY_TEXT, b"UC": DUMMY_TEXT, b"UT": DUMMY_TEXT, b"UR": b"urn:anonymized", b"AS": b"000Y", b"DS": b"0",
    b"IS": b"0", b"DA": b"19000101", b"TM": b"000000", b"DT": b"19000101000000",
}  # fmt: skip
_DA = re.compile(rb"^(\d{4})\.?(\d{2})\.?(\d{2})$")  # with the points of ACR-NEMA, PS3.5 6.2
_DT = re.compile(rb"^(\d{4})(\d{2})?(\d{2})?(\d{0,6}(?:\.\d{1,6})?(?:[+-]\d{4})?)$")
_TM = re.compile(rb"^\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?$")
_AS = re.compile(rb"^(\d{3})([DWMY])$")
# Roots of registered coding schemes, context groups and mapping resources: PS3.6 Annex A, PS3.16 Table 8-1, HL7
# (2.16.840.1.113883: vocabulary, external code systems) and MEDIS-DC (JJ1017, JLAC10). Arcs are short: a longer one may
# be an ID or a date.
_REGISTERED = re.compile(
    r"(?:1\.2\.840\.10008|2\.16\.840\.1\.113883\.(?:3\.26\.1|5|6|12)|1\.2\.392\.200119\.4)(?:\.\d{1,4}){1,4}"
)
_NUMBER = re.compile(rb"^[0-9+\-.eE \\]*[DWMY]?$")
MAX_AGE_YEARS = 89


def dummy(vr: bytes, value: bytes) -> bytes:
    """Return a value of the VR that says nothing, never empty (PS3.15 E.1.1, D); binary ones keep their length."""
    known = _DUMMIES.get(vr)
    return known if known is not None else b"\0" * max(2, len(value))


def uids(keys: KeySet, value: bytes) -> bytes:
    """Return each UID's replacement; those that PS3.6 Annex A registers stay, for they name no Instance."""
    texts = _texts(value)
    replaced = [text if text.strip(" \0") in UID_dictionary else uid_pseudonym(keys, text) for text in texts]
    return "\\".join(replaced).encode("ascii")


def names_no_instance(value: bytes) -> bool:
    """Say whether each UID is registered, or under the root of registered coding schemes and context groups."""
    return all(
        not text or text in UID_dictionary or _REGISTERED.fullmatch(text) for text in map(str.strip, _texts(value))
    )


def kept_uids(keys: KeySet, value: bytes) -> bytes:
    """Return UIDs of Attributes that name a class or a coding scheme; what is not registered is replaced."""
    texts = [text if names_no_instance(text.encode()) else uid_pseudonym(keys, text) for text in _texts(value)]
    return "\\".join(texts).encode("ascii")


def _texts(value: bytes) -> list[str]:
    return value.decode("ascii", "replace").rstrip(" \0").split("\\")


def shifted(vr: bytes, value: bytes, days: int) -> bytes | None:
    """Return DA or DT values moved by whole days, TM as it is; None if what stands there is no such value.

    Whole days keep dates, times and datetimes of one moment consistent. A year or month alone moves as its first day
    does and keeps its precision.
    """
    parts = [_shifted_one(vr, part.strip(b" \0"), days) for part in value.split(b"\\")]
    return None if any(part is None for part in parts) else b"\\".join(part for part in parts if part is not None)


def _shifted_one(vr: bytes, text: bytes, days: int) -> bytes | None:
    if not text:
        return b""
    if vr == b"TM":
        return text if _TM.match(text) else None
    if vr == b"DA":
        match = _DA.match(text)
        return _moved(match[1], match[2], match[3], days) if match else None
    match = _DT.match(text) if vr == b"DT" else None
    if match is None:
        return None
    year, month, day, rest = match.groups()
    moved = _moved(year, month or b"01", day or b"01", days)
    if moved is None:
        return None
    return moved[: 8 if day else 6 if month else 4] + rest


def _moved(year: bytes, month: bytes, day: bytes, days: int) -> bytes | None:
    """Return the date moved; 31 February counts as the month's last day; None if it is beyond repair."""
    y, m, d = int(year), int(month), int(day)
    if not (1 <= y <= 9999 and 1 <= m <= 12 and 1 <= d <= 31):
        return None
    try:
        moved = date(y, m, min(d, calendar.monthrange(y, m)[1])) + timedelta(days=days)
    except OverflowError:
        return None
    return moved.strftime("%Y%m%d").rjust(8, "0").encode("ascii")


def is_date_or_time(vr: bytes, value: bytes) -> bool:
    """Return whether every value has the form of its VR: what has not may hold anything, and is not kept."""
    form = {b"DA": _DA, b"DT": _DT, b"TM": _TM}[vr]
    return all(not part.strip(b" \0") or form.match(part.strip(b" \0")) for part in value.split(b"\\"))


def is_number(value: bytes) -> bool:
    """Return whether the value has the characters of DS, IS or AS (PS3.5 6.2)."""
    return bool(_NUMBER.match(value.rstrip(b" \0")))


def is_icc_profile(value: bytes) -> bool:
    """Return whether the bytes are an ICC profile by size and signature. Source: ISO 15076-1, 7.2."""
    return value[36:40] == b"acsp" and int.from_bytes(value[:4], "big") in (len(value), len(value) - 1)


def capped_age(value: bytes) -> bytes:
    """Return the age, 090Y for whoever is older than 89; empty if it is no age."""
    match = _AS.match(value.strip(b" \0"))
    if match is None:
        return b""
    years = int(match[1]) / {b"D": 365.25, b"W": 52.18, b"M": 12, b"Y": 1}[match[2]]
    return b"090Y" if years > MAX_AGE_YEARS else match[0]
