"""How a day is written in the form of another that stood in a text. Pure."""

import re

from services.anonymizer.text.dates.calendar import FULL_MONTHS, MONTHS, Day, era_of

_PADDED = re.compile(r"(?<!\d)0\d")


def kanji(_: re.Match[str], day: Day) -> str:
    """Write 2024年3月18日."""
    parts = zip((day.year, day.month, day.day), "年月日", strict=True)
    return "".join(f"{value}{unit}" for value, unit in parts if value is not None)


def japanese(match: re.Match[str], day: Day) -> str:
    """Write 令和6年3月18日, or 2024年3月18日 if no era was written."""
    return era(match, day) if match["era"] else kanji(match, day)


def era(match: re.Match[str], day: Day) -> str:
    """Write the year in its era, with its name, its sign or its letter, as it was: 令和6年3月18日, R6.3.18."""
    name, letter, year = era_of(day.year or 2000, day.month or 7, day.day or 15)
    written, separator = match["era"], match.groupdict().get("s")
    label = name if len(written) > 1 else (letter if written.isascii() else name[0])
    if separator:
        label += match.groupdict().get("dot") or ""
        return separator.join([f"{label}{year}", *(str(part) for part in day[1:] if part is not None)])
    parts = zip((day.month, day.day), "月日", strict=True)
    return f"{label}{year}年" + "".join(f"{value}{unit}" for value, unit in parts if value is not None)


def numbers(match: re.Match[str], day: Day) -> str:
    """Write what is known of 2024/3/18 with the separator and the zeros that were there."""
    return _joined(match, [value for value in day if value is not None])


def month_or_day_first(match: re.Match[str], day: Day) -> str:
    """Write 3/18/2024, or 18/3/2024 where the first number could be no month."""
    year, month, of_month = day.year or 1, day.month or 1, day.day or 1
    return _joined(match, [month, of_month, year] if int(match["a"]) <= 12 else [of_month, month, year])


def _joined(match: re.Match[str], values: list[int]) -> str:
    is_padded = _PADDED.search(match[0]) is not None
    separator = match.groupdict().get("s") or "/"
    return separator.join(f"{value:02d}" if is_padded else str(value) for value in values)


def six_digits(_: re.Match[str], day: Day) -> str:
    """Write 240318."""
    return f"{(day.year or 0) % 100:02d}{day.month:02d}{day.day:02d}"


def eight_digits(_: re.Match[str], day: Day) -> str:
    """Write 20240318."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def day_first(match: re.Match[str], day: Day) -> str:
    """Write 18 Mar 2024."""
    return " ".join(str(part) for part in (day.day, _month(match, day), day.year) if part is not None)


def month_first(match: re.Match[str], day: Day) -> str:
    """Write March 18, 2024."""
    tail = f", {day.year}" if day.year and day.day else (f" {day.year}" if day.year else "")
    return _month(match, day) + (f" {day.day}" if day.day else "") + tail


def compact_english(match: re.Match[str], day: Day) -> str:
    """Write Mar 18, 2024 if the month stood in the middle, else 18 Mar 2024."""
    return month_first(match, day) if match["mon"] else f"{day.day} {MONTHS[(day.month or 1) - 1]} {day.year}"


def _month(match: re.Match[str], day: Day) -> str:
    names = FULL_MONTHS if len(match["mon"].rstrip(".")) > 4 else MONTHS
    return names[(day.month or 1) - 1]
