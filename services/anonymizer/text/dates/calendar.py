"""Days as reports write them: western and Japanese eras, Arabic and kanji numerals."""

import re
from datetime import date, timedelta
from typing import NamedTuple

_DIGITS = "〇一二三四五六七八九"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FULL_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
# First day of each era (元号): the law of 1979 and the ordinances before it.
ERAS = (
    ("令和", "R", date(2019, 5, 1)),
    ("平成", "H", date(1989, 1, 8)),
    ("昭和", "S", date(1926, 12, 25)),
    ("大正", "T", date(1912, 7, 30)),
    ("明治", "M", date(1868, 1, 25)),
)
_ERA_START = {name: start.year for era, letter, start in ERAS for name in (era, letter, era[0])}


class Day(NamedTuple):
    """A day, or what is known of it."""

    year: int | None
    month: int | None = None
    day: int | None = None

    def valid(self) -> bool:
        """Say whether it can be a day in somebody's lifetime."""
        if self.year is not None and not 1850 <= self.year <= 2150:
            return False
        if self.month is not None and not 1 <= self.month <= 12:
            return False
        if self.day is None:
            return True
        try:
            date(self.year or 2000, self.month or 1, self.day)
        except ValueError:
            return False
        return True

    def shifted(self, days: int, near: date | None) -> "Day | None":
        """Return it moved by whole days, as exact as it was; None if its year cannot be guessed.

        near: a known day of the same patient, which gives a day without year its year.
        """
        year = self.year
        if year is None:
            if near is None:
                return None
            year = min((near.year - 1, near.year, near.year + 1), key=lambda y: abs((_safe(y, self) - near).days))
        try:
            moved = _safe(year, self) + timedelta(days=days)
        except OverflowError:
            return None
        return Day(
            None if self.year is None else moved.year,
            None if self.month is None else moved.month,
            None if self.day is None else moved.day,
        )


def _safe(year: int, day: Day) -> date:
    """Return the day, or the middle of the month or year that it stands for; what no calendar has counts as unknown."""
    year = min(max(year, date.min.year), date.max.year)
    month = day.month if day.month and 1 <= day.month <= 12 else 7
    try:
        return date(year, month, day.day or 15)
    except ValueError:
        return date(year, month, 28)


def number(text: str) -> int:
    """Return what Arabic or kanji numerals say: 24, 二十四, 二四, 二〇二四, 元."""
    text = text.strip()
    if text == "元":
        return 1
    if text.isdecimal():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (_DIGITS.index(tens) if tens else 1) * 10 + (_DIGITS.index(ones) if ones else 0)
    return int("".join(str(_DIGITS.index(sign)) for sign in re.sub("[零○]", "〇", text)))


def era_year(era: str, year: int) -> int:
    """Return the western year of an era's year."""
    return _ERA_START[era.upper() if era.isascii() else era] + year - 1


def era_of(year: int, month: int, day: int) -> tuple[str, str, int]:
    """Return era name, letter and year in it."""
    when = _safe(year, Day(year, month, day))
    for name, letter, start in ERAS:
        if when >= start:
            return name, letter, when.year - start.year + 1
    return ERAS[-1][0], ERAS[-1][1], max(1, when.year - ERAS[-1][2].year + 1)
