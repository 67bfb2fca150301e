"""Decodes the values of elements into what the DICOM JSON Model holds (PS3.18 Annex F), straight from their bytes."""

import math
import struct
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pydicom.charset import convert_encodings, decode_bytes

Json = dict[str, Any]
TEXT = frozenset(["LO", "LT", "PN", "SH", "ST", "UC", "UT"])  # Specific Character Set applies (PS3.5 6.1.2.3)
SINGLE = frozenset(["LT", "ST", "UT", "UR"])  # a backslash is text in them (PS3.5 6.2)
BINARY = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "UN"])
_NUMBERS = {"FL": "f", "FD": "d", "SL": "i", "SS": "h", "SV": "q", "UL": "I", "US": "H", "UV": "Q"}
_LINE_ENDS = {0x0A, 0x0C, 0x0D}  # they reset code extensions (PS3.5 6.1.2.5.3)
_DELIMITERS = _LINE_ENDS | {0x09, 0x5C}
_PN_DELIMITERS = _DELIMITERS | {0x5E, 0x3D}


def decode(raw: bytes, vr: str, little: bool, character_set: tuple[str, ...]) -> list[Any]:
    """Return the values as the JSON Model has them; None stands for an empty one of several."""
    if vr in _NUMBERS:
        return _numbers(raw, _NUMBERS[vr], little)
    if vr == "AT":
        pairs = _numbers(raw, "H", little)
        return [f"{pairs[i]:04X}{pairs[i + 1]:04X}" for i in range(0, len(pairs) - 1, 2)]
    text = text_of(raw, vr, character_set)
    if not text:
        return []
    parts = [text] if vr in SINGLE else text.split("\\")
    return [_convert(vr, part) for part in parts]


def text_of(raw: bytes, vr: str, character_set: tuple[str, ...]) -> str:
    """Return the characters of a value, without its padding."""
    raw = raw.rstrip(b"\0 ")
    if vr not in TEXT or (raw.isascii() and b"\x1b" not in raw and not _swaps_ascii(character_set)):
        return raw.decode("latin-1")
    encodings = encodings_of(character_set)
    delimiters = _PN_DELIMITERS if vr == "PN" else _DELIMITERS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return decode_bytes(raw, list(encodings), delimiters)
        except (LookupError, UnicodeError):
            return raw.decode("latin-1")


@lru_cache(256)
def encodings_of(character_set: tuple[str, ...]) -> tuple[str, ...]:
    """Return Python's codecs for the values of (0008,0005) (PS3.3 C.12.1.1.2)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tuple(convert_encodings(list(character_set) or [""]))
        except (LookupError, ValueError):
            return ("latin-1",)


def _swaps_ascii(character_set: tuple[str, ...]) -> bool:
    """ISO IR 13 has a yen sign and an overline where ASCII has a backslash and a tilde (PS3.3 C.12.1.1.2)."""
    return bool(character_set) and character_set[0] in ("ISO_IR 13", "ISO 2022 IR 13")


def _convert(vr: str, part: str) -> Any:
    if vr == "PN":
        return _person(part)
    part = part.strip(" ") if vr not in ("LT", "ST", "UT", "UC", "UR") else part.rstrip(" ")
    if not part:
        return None
    if vr in ("DS", "IS"):
        return _number(part, vr)
    return part


def _number(part: str, vr: str) -> Any:
    """JSON numbers where the text is one; else the text itself, so that nothing is lost (PS3.18 F.2.3.1)."""
    try:
        value = int(part) if vr == "IS" else float(part)
    except ValueError:
        return part
    return value if math.isfinite(value) else part


def _person(part: str) -> Json | None:
    groups = part.split("=")
    named = zip(("Alphabetic", "Ideographic", "Phonetic"), groups, strict=False)
    return {name: group.rstrip(" ") for name, group in named if group.strip(" ^")} or None


def _numbers(raw: bytes, code: str, little: bool) -> list[Any]:
    reader = _reader(code, little)
    found = [item[0] for item in reader(raw[: len(raw) - len(raw) % struct.calcsize(code)])]
    if code in "fd":
        return [value if math.isfinite(value) else str(value) for value in found]  # NaN and Inf as text: CP-1876
    return found


@lru_cache(32)
def _reader(code: str, little: bool) -> Callable[[bytes], Any]:
    return struct.Struct(("<" if little else ">") + code).iter_unpack
