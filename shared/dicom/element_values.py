"""Decode the values of elements from their bytes into those of the DICOM JSON Model (PS3.18 Annex F). Pure."""

import math
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from shared.dicom.character_sets import declared_text
from shared.dicom.json_values import PERSON_GROUPS, Json

SINGLE = frozenset(["LT", "ST", "UT", "UR"])  # a backslash is text in them (PS3.5 6.2)
LEAST, MOST = -(2**63), 2**64 - 1  # whole numbers that writers of JSON take; an IS has 12 characters (PS3.5 6.2)
BINARY = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "UN"])
_NUMBERS = {"FL": "f", "FD": "d", "SL": "i", "SS": "h", "SV": "q", "UL": "I", "US": "H", "UV": "Q"}


def decode(raw: bytes, vr: str, little: bool, character_set: tuple[str, ...]) -> list[Any]:
    """Return the values as the JSON Model has them; None stands for an empty one of several."""
    if vr in _NUMBERS:
        return _numbers(raw, _NUMBERS[vr], little)
    if vr == "AT":
        pairs = _numbers(raw, "H", little)
        return [f"{pairs[i]:04X}{pairs[i + 1]:04X}" for i in range(0, len(pairs) - 1, 2)]
    text = declared_text(raw, vr, character_set)
    if not text:
        return []
    parts = [text] if vr in SINGLE else text.split("\\")
    return [_convert(vr, part) for part in parts]


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
    if isinstance(value, int):
        return value if LEAST <= value <= MOST else part
    return value if math.isfinite(value) else part


def _person(part: str) -> Json | None:
    groups = part.split("=")
    named = zip(PERSON_GROUPS, groups, strict=False)
    return {name: group.rstrip(" ") for name, group in named if group.strip(" ^")} or None


def _numbers(raw: bytes, code: str, little: bool) -> list[Any]:
    reader = _reader(code, little)
    numbers = [item[0] for item in reader(raw[: len(raw) - len(raw) % struct.calcsize(code)])]
    if code in "fd":
        return [value if math.isfinite(value) else str(value) for value in numbers]  # NaN and Inf as text: CP-1876
    return numbers


@lru_cache(32)
def _reader(code: str, little: bool) -> Callable[[bytes], Any]:
    return struct.Struct(("<" if little else ">") + code).iter_unpack
