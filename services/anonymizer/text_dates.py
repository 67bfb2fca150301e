# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find dates, times and ages in a folded text, and say what the policy makes of them."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from services.anonymizer.text_calendar import MONTHS, Day, era_year, number

_N = r"(?:\d{1,2}|[〇一二三四五六七八九十]{1,3})"
_Y4 = r"(?:(?:18|19|20|21)\d\d|[一二][〇九八一][〇一二三四五六七八九]{2})"
_ERA = r"(?:明治|大正|昭和|平成|令和|(?<![A-Za-z])[MTSHRmtshr](?=\s?(?:\d|元)))"
_MON = r"(?:(?:Jan|JAN|Feb|FEB|Mar|MAR|Apr|APR|May|MAY|Jun|JUN|Jul|JUL|Aug|AUG|Sep|SEP|Oct|OCT|Nov|NOV|Dec|DEC)[A-Za-z]*\.?)"
_MONTH_NAMES = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|"
    r"SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)\b\.?"
)

_PATTERNS: dict[str, str] = {
    "kanji": rf"(?:(?P<era>{_ERA})\s*(?P<ey>{_N}|元)|(?P<y>(?<!\d){_Y4}|(?<!\d)'?\d\d(?=\s*年\s*{_N}\s*月)))\s*年度?"
    rf"(?:\s*(?P<m>{_N})\s*月(?:\s*(?P<d>{_N})\s*日)?)?(?:\s*\([日月火水木金土]\))?",
    "month_day": rf"(?<![\d.])(?P<m>{_N})\s*月\s*(?P<d>{_N})\s*日(?!間)(?:\s*\([日月火水木金土]\))?",
    "iso": rf"(?<![\d.])(?P<y>{_Y4})\s?(?P<s>[-/.])\s?(?P<m>\d{{1,2}})\s?(?P=s)\s?(?P<d>\d{{1,2}})(?!\d)",
    "era": rf"(?P<era>{_ERA})\s?(?P<ey>\d{{1,2}}|元)\s?(?P<s>[-/.])\s?(?P<m>\d{{1,2}})\s?(?P=s)\s?(?P<d>\d{{1,2}})(?!\d)",
    "compact": r"(?<![\d.A-Za-z])(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?![\d.]\d|\d)",
    "numeric": r"(?<![\dA-Za-z./#-])(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<c>(?:19|20)\d\d|\d\d)(?![\d/]|[.-]\d)",
    "short": r"(?<![\dA-Za-z./#-])(?P<y>\d\d)(?P<s>[/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?![\d/]|[.]\d)",
    "day_month": rf"(?<![\d.])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s-]?(?:of\s)?(?P<mon>{_MONTH_NAMES})(?:[\s,-]*(?P<y>(?:19|20)\d\d)|-(?P<yy>\d\d))?(?!\d)",
    "month_first": rf"\b(?P<mon>{_MONTH_NAMES})\s?(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d/]))?(?:[\s,]+(?:of\s)?(?P<y>(?:19|20)\d\d)(?!\d))?",
    "year_month": r"(?<![\d./-])(?P<y>(?:19|20)\d\d)(?P<s>[/.-])(?P<m>0?[1-9]|1[0-2])(?![\d./-]|\s?(?:mm|cm))",
    "month_only": r"(?<![\d.])(?P<m>\d{1,2})月(?!間|\d|[〇一二三四五六七八九十]+日)",
    "slash": r"(?<![\dA-Za-z./#~-])(?P<m>1[0-2]|0?[1-9])/(?P<d>3[01]|[12]\d|0?[1-9])(?![\d/A-Za-z.%]|\s?(?:mm|cm|倍))",
    "bare_year": r"(?<![\d.#/-])(?P<y>(?:19[2-9]|20[0-4])\d)(?=\s?(?:with|when|at|for|and|because|;|,|\.|\)|に|より|から|頃))",
}  # fmt: skip
_COMPILED = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}
_PREFILTER = {
    "kanji": "年", "month_day": "月", "month_only": "月", "slash": "/",
}  # fmt: skip
_BIRTH_BEFORE = re.compile(
    r"(?:生年月日|誕生日|出生日?|生まれ|生年|\bDOB|D\.O\.B\.?|[Dd]ate of [Bb]irth|[Bb]irth\s?[Dd]ate|BIRTH\s?DATE|DATE OF BIRTH|[Bb]irthday|[Bb]orn(?: on| in)?|"
    r"\bb\.)[\s:=は(（・]*$"
)
_BIRTH_AFTER = re.compile(
    r"\s*[)）]?\s*(?:生まれ|うまれ|産まれ|出生|生(?![体検理食化存活命殖着後前])|\(?DOB\b|\(?born)"
)
_SLASH_BEFORE = re.compile(
    r"(?:前回|前々回|今回|同年|本年|昨年|検査日|撮影日|手術日|on|dated|since|from|of|CT|MRI?)[\s(:]*$", re.IGNORECASE
)
_SLASH_AFTER = re.compile(
    r"\s?\)?(?:の|に|付|撮影|施行|検査|CT|MR|XP|US|PET|と比|より|から|時|頃|入院|退院|手術|受診|~|-\d)"
)
TIME = re.compile(
    r"(?<![\d:])(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?|\d:[0-5]\d:[0-5]\d|\d:[0-5]\d(?=\s?(?:[AaPp]\.?[Mm]\b|頃|に|ごろ)))(?![\d:])(?:\s?[AaPp]\.?[Mm]\b\.?)?"
    r"|(?:午前|午後)\s?\d{1,2}時(?:\s?\d{1,2}分|半)?(?!間)|(?<!\d)(?:[01]?\d|2[0-3])時(?:\s?[0-5]?\d分|半)(?!間)"
)
AGE = re.compile(
    r"(?<![\d.])(?P<n>\d{2,3}|[一二三四五六七八九]?[十百][〇一二三四五六七八九十]{0,3})\s?(?P<ja>歳|才)(?!児)"
    r"|(?<![\d.])(?P<e>\d{2,3})(?P<en>[\s-]?(?:years?|yrs?)[\s-]old|[\s-]?y[./]?o\b\.?|[\s-]?years? of age|[\s-]?Y(?=[\s/,]*[MF]\b))"
)
RELATIVE = re.compile(
    r"(?P<n>\d+|[一二三四五六七八九十半数]+)\s?(?P<u>日|週間?|[かヶヵケカ箇]月|年)(?:半)?(?P<w>前|後)"
    r"|(?P<en>\d+|an?|one|two|three|four|five|six)\s(?P<eu>days?|weeks?|months?|years?)\s(?P<ew>ago|later|earlier|prior)"
    r"|(?P<word>一昨日|昨日|本日|一昨年|昨年|先月|先々月|先週|去年|yesterday|last (?:week|month|year))"
)


class FoundDate(NamedTuple):
    """One date in the text. days: what it may mean, likeliest first; kind: the name of its pattern."""

    start: int
    end: int
    kind: str
    days: tuple[Day, ...]
    match: re.Match[str]


def find_dates(text: str) -> list[FoundDate]:
    """Return the dates of a folded text, longest reading first, none overlapping."""
    taken: list[FoundDate] = []
    for kind, pattern in _COMPILED.items():
        if (sign := _PREFILTER.get(kind)) and sign not in text:
            continue
        for match in pattern.finditer(text):
            days = tuple(day for day in _READ.get(kind, _plain)(match) if day.valid())
            clash = any(match.start() < other.end and other.start < match.end() for other in taken)
            if days and not clash and _believable(kind, match, text):
                taken.append(FoundDate(match.start(), match.end(), kind, days, match))
    return sorted(taken)


def is_birth(found: FoundDate, text: str, birth: Day | None) -> bool:
    """Say whether a date is the patient's birth date, by the header or by the words around it."""
    if birth is not None:
        for day in found.days:
            if day == birth or (day.year is None and day[1:] == birth[1:] and found.kind != "slash"):
                return True
    before = _BIRTH_BEFORE.search(text, max(0, found.start - 20), found.start)
    return before is not None or _BIRTH_AFTER.match(text, found.end) is not None


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


def _centuries(year: int) -> tuple[int, ...]:
    return (year,) if year >= 100 else ((2000 + year, 1900 + year) if year < 50 else (1900 + year, 2000 + year))


def _believable(kind: str, match: re.Match[str], text: str) -> bool:
    """Keep liver segments, vertebrae, fractions and names of months apart from dates."""
    if kind == "era" and match["s"] == "/" and match["era"].upper() in ("S", "T", "M"):
        return int(match["ey"]) > 12 if match["ey"].isdecimal() else True
    if kind == "month_first":
        return bool(match["d"] or match["y"])
    if kind == "slash":
        return bool(
            _SLASH_BEFORE.search(text, max(0, match.start() - 8), match.start())
            or _SLASH_AFTER.match(text, match.end())
        )
    if kind in ("numeric", "short"):
        return match["s"] != "." or len(match[0]) >= 8
    return True


_READ: dict[str, Callable[[re.Match[str]], Iterator[Day]]] = {
    "kanji": _japanese,
    "era": _japanese,
    "numeric": _numeric,
    "short": _short,
    "day_month": _english,
    "month_first": _english,
}
