"""Dates and times as tables and messages write them, as FHIR writes them. Pure.

Source: FHIR R4 2.24.0.1 (date, instant); HL7 v2.5 2.A.77 (TS), which CDA R2 and DICOM DA, TM follow.
"""

import re
import unicodedata

from shared.errors import Invalid
from shared.fhir.instants import JAPAN

_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERAS |= {"M": 1867, "T": 1911, "S": 1925, "H": 1988, "R": 2018}
_DATE = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})日?")
_ERA_DATE = re.compile(
    r"(明治|大正|昭和|平成|令和|[MTSHR])\s*\.?(元|\d{1,2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_TS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?(?:\.\d+)?)?([+-]\d{4})?")


def iso_date(text: str, name: str) -> str:
    """Return YYYY-MM-DD of a date in Western or Japanese years; raise Invalid that names the field."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return ""
    era = _ERA_DATE.fullmatch(text)
    if era:
        year = _ERAS[era[1]] + (1 if era[2] == "元" else int(era[2]))
        return f"{year:04d}-{int(era[3]):02d}-{int(era[4]):02d}"
    plain = _DATE.match(text)
    if plain is None or not (1 <= int(plain[2]) <= 12 and 1 <= int(plain[3]) <= 31):
        raise Invalid("bad-date", f"{name} is no date such as 2024-05-31, 20240531 or 令和6年5月31日")
    return f"{plain[1]}-{int(plain[2]):02d}-{int(plain[3]):02d}"


def instant(text: str, name: str) -> str:
    """Return a FHIR instant of a date with or without a time; raise Invalid that names the field."""
    text = text.strip()
    if not text:
        return ""
    if _INSTANT.fullmatch(text):
        return text if text[-6] in "+-" or text.endswith("Z") else f"{text}{JAPAN}"
    day, clock = iso_date(text, name), _CLOCK.search(text)
    hour, minute, second = (clock[1], clock[2], clock[3] or "00") if clock else ("0", "00", "00")
    return f"{day}T{int(hour):02d}:{minute}:{second}{JAPAN}"


def hl7_time(text: str) -> str:
    """Return a TS as FHIR instant, or as FHIR date if it has no time; empty if it is no TS."""
    match = _TS.fullmatch(text)
    if match is None:
        return ""
    zone = f"{match[7][:3]}:{match[7][3:]}" if match[7] else JAPAN
    day = f"{match[1]}-{match[2]}-{match[3]}"
    return f"{day}T{match[4]}:{match[5]}:{match[6] or '00'}{zone}" if match[4] else day
