# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Find dates, times and ages in a folded text, and say what the policy makes of them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from services.anonymizer.text.dates.calendar import Day
from services.anonymizer.text.dates.forms import KINDS, Kind, read

_NUMERAL = re.compile(r"\d|[〇一二三四五六七八九十元]\s?[年月]")
_BIRTH_BEFORE = re.compile(
    r"(?:生年月日|誕生日|出生日?|生まれ|生年|(?<![A-Za-z0-9])DOB|D\.O\.B\.?|[Dd]ate of [Bb]irth|[Bb]irth\s?[Dd]ate|BIRTH\s?DATE|DATE OF BIRTH|[Bb]irthday|[Bb]orn(?: on| in)?|"
    r"(?<![A-Za-z0-9])b\.)[\s:=は(（・]*$"
)
_BIRTH_AFTER = re.compile(
    r"\s*[)）]?\s*(?:生まれ|うまれ|産まれ|出生|生(?![体検理食化存活命殖着後前])|\(?DOB(?![A-Za-z0-9])|\(?born)"
)
_MOST_PARTS = 12
_SLASH_BEFORE = re.compile(
    r"(?:前回|前々回|今回|同年|本年|昨年|検査日|撮影日|手術日|on|dated|since|from|CT|MRI?)[\s(:]*$", re.IGNORECASE
)
_EXAM = "CT|MR|XP|US|PET|検査|撮影|施行|単純|造影|画像|入院|退院|手術|受診|生検|治療|発症|来院|転院|外来|救急|健診|検診|と比|時点|頃|付"
_SLASH_AFTER = re.compile(
    rf"\s?\)?(?:\s?\([日月火水木金土]\)|(?:の|に|より|から|時)?\s?(?:{_EXAM})|\s(?:[01]?\d|2[0-3]):[0-5]\d|~|-\d)"
)
_PARTICLE_AFTER = re.compile("\\s?(?:の|に|より|から|まで|時|以降)")
_UNIT = re.compile(r"\s?(?:mm|cm|mL|ml|mg|HU|%|度|枚|回|Gy)(?![A-Za-z])")
TIME = re.compile(
    r"(?<!\d)(?<!\d:)(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?|\d:[0-5]\d:[0-5]\d|\d:[0-5]\d(?=\s?(?:[AaPp]\.?[Mm](?![A-Za-z0-9])|頃|に|ごろ)))(?![\d:])(?:\s?[AaPp]\.?[Mm](?![A-Za-z0-9])\.?)?"
    r"|(?:午前|午後)\s?\d{1,2}時(?:\s?\d{1,2}分|半)?(?!間)|(?<!\d)(?:[01]?\d|2[0-3])時(?:\s?[0-5]?\d分|半)(?!間)"
)
AGE = re.compile(
    r"(?<![\d.])(?P<n>\d{2,3}|[一二三四五六七八九]?[十百][〇一二三四五六七八九十]{0,3})\s?(?P<ja>歳|才)(?!児)"
    r"|(?<![\d.])(?P<e>\d{2,3})(?P<en>[\s-]?(?:years?|yrs?)[\s-]old|[\s-]?y[./]?o(?![A-Za-z0-9])\.?|[\s-]?years? of age|[\s-]?Y(?=[\s/,]*[MF](?![A-Za-z0-9]))|[\s-]?years?(?<![A-Za-z0-9])|[\s/]?[MF](?![A-Za-z0-9]))"
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
    for kind in KINDS:
        for match in _matches(kind, text):
            days = read(kind, match)
            clash = any(match.start() < other.end and other.start < match.end() for other in taken)
            if days and not clash and _believable(kind.name, match, text):
                taken.append(FoundDate(match.start(), match.end(), kind.name, days, match))
    return sorted(taken)


def _matches(kind: Kind, text: str) -> Iterator[re.Match[str]]:
    if not kind.before:
        if any(sign in text for sign in kind.signs):
            yield from kind.pattern.finditer(text)
        return
    for low, high in _windows(kind, text):
        yield from kind.pattern.finditer(text, low, high)


def _windows(kind: Kind, text: str) -> list[tuple[int, int]]:
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


def _believable(kind: str, match: re.Match[str], text: str) -> bool:
    """Keep liver segments, vertebrae, fractions and names of months apart from dates."""
    if kind == "era" and match["s"] == "/" and match["era"].upper() in ("S", "T", "M"):
        return int(match["ey"]) > 12 if match["ey"].isdecimal() else True
    if kind == "month_first":
        return bool(match["d"] or match["y"])
    if kind == "slash" and _PARTICLE_AFTER.match(text, match.end()) and not _is_fraction(match):
        return True
    if kind in ("slash", "six", "era_month"):
        return _in_context(match, text)
    if kind in ("numeric", "short") and _UNIT.match(text, match.end()):
        return False
    if kind in ("numeric", "short"):
        return match["s"] != "." or len(match[0]) >= 8 or _in_context(match, text)
    return True


def _is_fraction(match: re.Match[str]) -> bool:
    """Say whether it may be a part of something: 1/2に縮小, 5/8に腫瘍; 12/5に and 3/28より are not."""
    return int(match["m"]) < int(match["d"]) <= _MOST_PARTS


def _in_context(match: re.Match[str], text: str) -> bool:
    """Say whether the words around make a number a date."""
    low = max(0, match.start() - 20)
    return bool(
        _SLASH_BEFORE.search(text, max(0, match.start() - 8), match.start())
        or _SLASH_AFTER.match(text, match.end())
        or _BIRTH_BEFORE.search(text, low, match.start())
        or _BIRTH_AFTER.match(text, match.end())
    )
