# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""The ways to write a date: patterns, and how each is read."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from services.anonymizer.text.dates.calendar import MONTHS, Day, era_year, number

_N = r"(?:\d{1,2}|[〇一二三四五六七八九十]{1,3})"
_YEAR = r"(?:(?:18|19|20|21)\d\d|[一二][〇九八一][〇一二三四五六七八九]{2})"
_ERA = r"(?:明治|大正|昭和|平成|令和|[昭平令大](?=\s?(?:\d|元))|[MTSHRmtshr](?<![A-Za-z][A-Za-z])(?=\s?(?:\d|元)))"
_WEEKDAY = r"(?:\s*\([日月火水木金土]\))?"
_MONTH_NAMES = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|"
    r"SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)(?![A-Za-z0-9])\.?"
)
_MONTH_SIGNS = tuple(MONTHS) + tuple(month.upper() for month in MONTHS)


class Kind(NamedTuple):
    """A way to write a date. signs: one must be in the text.  before, after: how far around a sign it reaches.

    With before = 0 the whole text is searched; such a pattern begins with few signs, to which the engine skips.
    """

    name: str
    signs: tuple[str, ...]
    before: int
    after: int
    pattern: re.Pattern[str]


def _kind(name: str, signs: tuple[str, ...], before: int, after: int, pattern: str) -> Kind:
    return Kind(name, signs, before, after, re.compile(pattern))


KINDS = (
    _kind(
        "dual", ("(",), 12, 26,
        rf"(?:(?P<y>(?:19|20)\d\d)年?\s?\((?:{_ERA})\s?(?:{_N}|元)年?\)|(?:{_ERA})\s?(?:{_N}|元)年?\s?\((?P<y2>(?:19|20)\d\d)年?\))\s?[年/.-]?"
        rf"(?:\s?(?P<m>{_N})\s?[月/.-](?:\s?(?P<d>{_N})日?)?)?",
    ),
    _kind(
        "kanji", ("年",), 12, 26,
        rf"(?:(?P<era>{_ERA})\s*(?P<ey>{_N}|元)|(?P<y>(?<!\d){_YEAR}|(?<!\d)'?\d\d(?=\s*年\s*{_N}\s*月)))\s*年度?"
        rf"(?:\s*(?P<m>{_N})\s*月(?:\s*(?P<d>{_N})\s*日)?)?{_WEEKDAY}",
    ),
    _kind("month_day", ("月",), 6, 16, rf"(?<![\d.])(?P<m>{_N})\s*月\s*(?P<d>{_N})\s*日(?!間){_WEEKDAY}"),
    _kind(
        "iso", ("-", "/", ".", "・"), 0, 0,
        r"(?P<y>[12](?<![\d.][12])[0189]\d\d)\s?(?P<s>[-/.・])\s?(?P<m>\d{1,2})\s?(?P=s)\s?(?P<d>\d{1,2})(?!\d)",
    ),
    _kind(
        "era", ("-", "/", "."), 0, 0,
        rf"(?P<era>{_ERA})\s?(?P<ey>\d{{1,2}}|元)\s?(?P<s>[-/.])\s?(?P<m>\d{{1,2}})\s?[-/.]\s?(?P<d>\d{{1,2}})(?!\d)",
    ),
    _kind(
        "compact", ("19", "20"), 0, 0,
        r"(?P<y>[12](?<![\d.A-Za-z][12])[09]\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?:(?![\d.]\d|\d)|(?=(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?(?!\d)))",
    ),
    _kind(
        "numeric", ("-", "/", "."), 0, 0,
        r"(?P<a>\d(?<![\dA-Za-z./#-]\d)\d?)(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<c>(?:19|20)\d\d|\d\d)(?![\d/]|[.-]\d)",
    ),
    _kind(
        "short", ("/", "."), 0, 0,
        r"(?P<y>\d(?<![\dA-Za-z./#-]\d)\d)(?P<s>[/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?![\d/]|[.]\d)",
    ),
    _kind(
        "day_month", _MONTH_SIGNS, 12, 24,
        rf"(?P<d>\d(?<![\d.]\d)\d?)(?:st|nd|rd|th)?[\s-]?(?:of\s)?(?P<mon>{_MONTH_NAMES})(?:[\s,-]*(?P<y>(?:19|20)\d\d)|[-\s']+(?P<yy>\d\d)(?![\d:/]|\s?(?:mm|cm|%|[A-Z])))?(?!\d)",
    ),
    _kind(
        "month_first", _MONTH_SIGNS, 1, 34,
        rf"(?<![A-Za-z0-9])(?P<mon>{_MONTH_NAMES})(?:\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d/]))?(?:[\s,]+(?:of\s)?(?P<y>(?:19|20)\d\d)(?!\d))?",
    ),
    _kind(
        "month_name", _MONTH_SIGNS, 7, 16,
        r"(?:(?P<y>(?:19|20)\d\d)[\s-]?(?P<mon>[A-Z][A-Za-z]{2})[\s.-]?(?P<d>\d{1,2})|(?<!\d)(?P<d2>\d{1,2})(?P<mon2>[A-Z][A-Za-z]{2})(?P<y2>(?:19|20)?\d\d)"
        r"|(?P<mon3>[A-Z][A-Za-z]{2})-(?P<d3>\d{1,2})-(?P<y3>(?:19|20)?\d\d))(?!\d)",
    ),
    _kind(
        "year_month", ("-", "/", "."), 0, 0,
        r"(?P<y>[12](?<![\d./-][12])[09]\d\d)(?P<s>[/.-])(?P<m>0?[1-9]|1[0-2])(?![\d./-]|\s?(?:mm|cm))",
    ),
    _kind("month_only", ("月",), 4, 12, r"(?<![\d.])(?P<m>\d{1,2})月(?!間|\d|[〇一二三四五六七八九十]+日)"),
    _kind(
        "slash", ("/",), 4, 8,
        r"(?<![\dA-Za-z./#-])(?P<m>1[0-2]|0?[1-9])/(?P<d>3[01]|[12]\d|0?[1-9])(?![\d/A-Za-z.%]|\s?(?:mm|cm|倍))",
    ),
    _kind("six", ("0", "1"), 0, 0, r"(?P<y>\d(?<![\d./#-]\d)\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"),
    _kind("era_month", ("/", "."), 0, 0, r"(?P<era>[HRhr](?<![A-Za-z][HRhr]))(?P<ey>\d{1,2})(?P<s>[/.])(?P<m>1[0-2]|0?[1-9])(?![\d/.])"),
    _kind("era_year", ("H", "h"), 0, 0, r"(?P<era>[Hh](?<![A-Za-z][Hh]))(?P<ey>[1-3]?\d)(?=頃|手術|施行|発症|受診|入院)"),
    _kind(
        "bare_year", ("19", "20"), 0, 0,
        r"(?P<y>[12](?<![\d.#/-][12])(?:9[2-9]|0[0-4])\d)(?=\s?(?:with|when|at|for|and|because|;|,|\.|\)|に|より|から|頃))",
    ),
)  # fmt: skip


def read(kind: Kind, match: re.Match[str]) -> tuple[Day, ...]:
    """Return what a date may mean, likeliest first; only days that there can be."""
    return tuple(day for day in _READ.get(kind.name, _plain)(match) if day.valid())


def _plain(match: re.Match[str]) -> Iterator[Day]:
    parts = match.groupdict()
    year, month, day = (number(parts[name]) if parts.get(name) else None for name in ("y", "m", "d"))
    yield Day(year, month, day)


def _japanese(match: re.Match[str]) -> Iterator[Day]:
    parts = match.groupdict()
    month, day = (number(parts[name]) if parts.get(name) else None for name in ("m", "d"))
    if parts.get("era"):
        yield Day(era_year(parts["era"], number(parts["ey"])), month, day)
        return
    year = number(parts["y"].lstrip("'"))
    yield from (Day(candidate, month, day) for candidate in _centuries(year))


def _numeric(match: re.Match[str]) -> Iterator[Day]:
    a, b, c = (int(match[name]) for name in "abc")
    for year in _centuries(c):
        yield Day(year, a, b)
        yield Day(year, b, a)
    if c < 32:
        yield from (Day(year, b, c) for year in _centuries(a))


def _short(match: re.Match[str]) -> Iterator[Day]:
    year, month, day = (int(match[name]) for name in "ymd")
    yield from (Day(candidate, month, day) for candidate in _centuries(year))


def _english(match: re.Match[str]) -> Iterator[Day]:
    parts = match.groupdict()
    month = MONTHS.index(parts["mon"][:3].title()) + 1
    day = int(parts["d"]) if parts.get("d") else None
    if parts.get("yy"):
        yield from (Day(year, month, day) for year in _centuries(int(parts["yy"])))
    else:
        yield Day(int(parts["y"]) if parts.get("y") else None, month, day)


def _month_name(match: re.Match[str]) -> Iterator[Day]:
    for end in ("", "2", "3"):
        if match[f"mon{end}"] and match[f"mon{end}"].title() in MONTHS:
            year = int(match[f"y{end}"])
            month = MONTHS.index(match[f"mon{end}"].title()) + 1
            yield from (Day(each, month, int(match[f"d{end}"])) for each in _centuries(year))


def _dual(match: re.Match[str]) -> Iterator[Day]:
    month, day = (number(match[name]) if match[name] else None for name in ("m", "d"))
    yield Day(int(match["y"] or match["y2"]), month, day)


def _centuries(year: int) -> tuple[int, ...]:
    return (year,) if year >= 100 else ((2000 + year, 1900 + year) if year < 50 else (1900 + year, 2000 + year))


_READ: dict[str, Callable[[re.Match[str]], Iterator[Day]]] = {
    "kanji": _japanese,
    "era": _japanese,
    "numeric": _numeric,
    "short": _short,
    "day_month": _english,
    "month_first": _english,
    "month_name": _month_name,
    "dual": _dual,
    "six": _short,
    "era_month": _japanese,
    "era_year": _japanese,
}
