"""How each way to write a date is read: what it may mean, likeliest first. Pure."""

import re
from collections.abc import Iterator

from services.anonymizer.text.dates.calendar import MONTHS, Day, era_year, number


def plain(match: re.Match[str]) -> Iterator[Day]:
    """Read year, month and day, of which some may be missing."""
    parts = match.groupdict()
    year, month, day = (number(parts[name]) if parts.get(name) else None for name in ("y", "m", "d"))
    yield Day(year, month, day)


def japanese(match: re.Match[str]) -> Iterator[Day]:
    """Read the year of an era, or a western one that may have two digits."""
    parts = match.groupdict()
    month, day = (number(parts[name]) if parts.get(name) else None for name in ("m", "d"))
    if parts.get("era"):
        yield Day(era_year(parts["era"], number(parts["ey"])), month, day)
        return
    year = number(parts["y"].lstrip("'"))
    yield from (Day(candidate, month, day) for candidate in _centuries(year))


def in_any_order(match: re.Match[str]) -> Iterator[Day]:
    """Read three numbers, with month or day or a short year first."""
    a, b, c = (int(match[name]) for name in "abc")
    for year in _centuries(c):
        yield Day(year, a, b)
        yield Day(year, b, a)
    if c < 32:
        yield from (Day(year, b, c) for year in _centuries(a))


def short(match: re.Match[str]) -> Iterator[Day]:
    """Read a year of two digits, month and day."""
    year, month, day = (int(match[name]) for name in "ymd")
    yield from (Day(candidate, month, day) for candidate in _centuries(year))


def english(match: re.Match[str]) -> Iterator[Day]:
    """Read a month by its English name, with day or year or both."""
    parts = match.groupdict()
    month = MONTHS.index(parts["mon"][:3].title()) + 1
    day = int(parts["d"]) if parts.get("d") else None
    if parts.get("yy"):
        yield from (Day(year, month, day) for year in _centuries(int(parts["yy"])))
    else:
        yield Day(int(parts["y"]) if parts.get("y") else None, month, day)


def compact_english(match: re.Match[str]) -> Iterator[Day]:
    """Read 2024Apr01, 01APR2024 and Apr-01-24."""
    for end in ("", "2", "3"):
        if match[f"mon{end}"] and match[f"mon{end}"].title() in MONTHS:
            year = int(match[f"y{end}"])
            month = MONTHS.index(match[f"mon{end}"].title()) + 1
            yield from (Day(each, month, int(match[f"d{end}"])) for each in _centuries(year))


def dual(match: re.Match[str]) -> Iterator[Day]:
    """Read the western year of a date that has both calendars."""
    month, day = (number(match[name]) if match[name] else None for name in ("m", "d"))
    yield Day(int(match["y"] or match["y2"]), month, day)


def _centuries(year: int) -> tuple[int, ...]:
    return (year,) if year >= 100 else ((2000 + year, 1900 + year) if year < 50 else (1900 + year, 2000 + year))
