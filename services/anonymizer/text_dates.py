# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find dates, times and ages in a folded text, and say what the policy makes of them."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from services.anonymizer.text_calendar import MONTHS, Day, era_year, number

_N = r"(?:\d{1,2}|[〇一二三四五六七八九十]{1,3})"
_YEAR = r"(?:(?:18|19|20|21)\d\d|[一二][〇九八一][〇一二三四五六七八九]{2})"
_ERA = r"(?:明治|大正|昭和|平成|令和|[MTSHRmtshr](?<![A-Za-z][A-Za-z])(?=\s?(?:\d|元)))"
_WEEKDAY = r"(?:\s*\([日月火水木金土]\))?"
_MONTH_NAMES = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|"
    r"SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)\b\.?"
)
_NUMERAL = re.compile(r"\d|[〇一二三四五六七八九十元]\s?[年月]")
_MONTH_SIGNS = tuple(MONTHS) + tuple(month.upper() for month in MONTHS)


class _Kind(NamedTuple):
    """A way to write a date. signs: one must be in the text.  before, after: how far around a sign it reaches.

    With before = 0 the whole text is searched; such a pattern begins with few signs, to which the engine skips.
    """

    name: str
    signs: tuple[str, ...]
    before: int
    after: int
    pattern: re.Pattern[str]


def _kind(name: str, signs: tuple[str, ...], before: int, after: int, pattern: str) -> _Kind:
    return _Kind(name, signs, before, after, re.compile(pattern))


_KINDS = (
    _kind(
        "kanji", ("年",), 12, 26,
        rf"(?:(?P<era>{_ERA})\s*(?P<ey>{_N}|元)|(?P<y>(?<!\d){_YEAR}|(?<!\d)'?\d\d(?=\s*年\s*{_N}\s*月)))\s*年度?"
        rf"(?:\s*(?P<m>{_N})\s*月(?:\s*(?P<d>{_N})\s*日)?)?{_WEEKDAY}",
    ),
    _kind("month_day", ("月",), 6, 16, rf"(?<![\d.])(?P<m>{_N})\s*月\s*(?P<d>{_N})\s*日(?!間){_WEEKDAY}"),
    _kind(
        "iso", ("-", "/", "."), 0, 0,
        r"(?P<y>[12](?<![\d.][12])[0189]\d\d)\s?(?P<s>[-/.])\s?(?P<m>\d{1,2})\s?(?P=s)\s?(?P<d>\d{1,2})(?!\d)",
    ),
    _kind(
        "era", ("-", "/", "."), 0, 0,
        rf"(?P<era>{_ERA})\s?(?P<ey>\d{{1,2}}|元)\s?(?P<s>[-/.])\s?(?P<m>\d{{1,2}})\s?[-/.]\s?(?P<d>\d{{1,2}})(?!\d)",
    ),
    _kind(
        "compact", ("19", "20"), 0, 0,
        r"(?P<y>[12](?<![\d.A-Za-z][12])[09]\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?![\d.]\d|\d)",
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
        rf"\b(?P<mon>{_MONTH_NAMES})(?:\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d/]))?(?:[\s,]+(?:of\s)?(?P<y>(?:19|20)\d\d)(?!\d))?",
    ),
    _kind(
        "year_month", ("-", "/", "."), 0, 0,
        r"(?P<y>[12](?<![\d./-][12])[09]\d\d)(?P<s>[/.-])(?P<m>0?[1-9]|1[0-2])(?![\d./-]|\s?(?:mm|cm))",
    ),
    _kind("month_only", ("月",), 4, 12, r"(?<![\d.])(?P<m>\d{1,2})月(?!間|\d|[〇一二三四五六七八九十]+日)"),
    _kind(
        "slash", ("/",), 4, 8,
        r"(?<![\dA-Za-z./#~-])(?P<m>1[0-2]|0?[1-9])/(?P<d>3[01]|[12]\d|0?[1-9])(?![\d/A-Za-z.%]|\s?(?:mm|cm|倍))",
    ),
    _kind(
        "bare_year", ("19", "20"), 0, 0,
        r"(?P<y>[12](?<![\d.#/-][12])(?:9[2-9]|0[0-4])\d)(?=\s?(?:with|when|at|for|and|because|;|,|\.|\)|に|より|から|頃))",
    ),
)  # fmt: skip
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
    r"|(?<![\d.])(?P<e>\d{2,3})(?P<en>[\s-]?(?:years?|yrs?)[\s-]old|[\s-]?y[./]?o\b\.?|[\s-]?years? of age|[\s-]?Y(?=[\s/,]*[MF]\b)|[\s-]?years?\b|[\s/]?[MF]\b)"
    r"|(?:[Aa]ged?|AGED?):?\s*(?P<a>\d{2,3})(?!\d)(?:\s?years?(?:\sold)?)?"
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
    if not _NUMERAL.search(text):
        return taken
    for kind in _KINDS:
        for match in _matches(kind, text):
            days = tuple(day for day in _READ.get(kind.name, _plain)(match) if day.valid())
            clash = any(match.start() < other.end and other.start < match.end() for other in taken)
            if days and not clash and _believable(kind.name, match, text):
                taken.append(FoundDate(match.start(), match.end(), kind.name, days, match))
    return sorted(taken)


def _matches(kind: _Kind, text: str) -> Iterator[re.Match[str]]:
    if not kind.before:
        if any(sign in text for sign in kind.signs):
            yield from kind.pattern.finditer(text)
        return
    for low, high in _windows(kind, text):
        yield from kind.pattern.finditer(text, low, high)


def _windows(kind: _Kind, text: str) -> list[tuple[int, int]]:
    """Return the parts of the text that a date around a sign can reach, joined where they touch."""
    found: list[tuple[int, int]] = []
    for sign in kind.signs:
        at = text.find(sign)
        while at >= 0:
            found.append((max(0, at - kind.before), at + kind.after))
            at = text.find(sign, at + 1)
    if len(found) < 2:
        return found
    joined: list[tuple[int, int]] = []
    for low, high in sorted(found):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


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
