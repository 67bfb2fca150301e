"""Keep liver segments, vertebrae, fractions and names of months apart from dates. Pure."""

import re
from typing import Final

from services.anonymizer.text.rules import Hit

BIRTH_BEFORE: Final = re.compile(
    r"(?:生年月日|誕生日|出生日?|生まれ|生年|(?<![A-Za-z0-9])DOB|D\.O\.B\.?|[Dd]ate of [Bb]irth|[Bb]irth\s?[Dd]ate|"
    r"BIRTH\s?DATE|DATE OF BIRTH|[Bb]irthday|[Bb]orn(?: on| in)?|(?<![A-Za-z0-9])b\.)[\s:=は(（・]*$"
)
BIRTH_AFTER: Final = re.compile(
    r"\s*[)）]?\s*(?:生まれ|うまれ|産まれ|出生|生(?![体検理食化存活命殖着後前])|\(?DOB(?![A-Za-z0-9])|\(?born)"
)
_MOST_PARTS: Final = 12
_SHORTEST_WITH_POINTS: Final = 8  # signs: 24.04.01
_SLASH_BEFORE: Final = re.compile(
    r"(?:前回|前々回|今回|同年|本年|昨年|検査日|撮影日|手術日|on|dated|since|from|CT|MRI?)[\s(:]*$", re.IGNORECASE
)
_EXAM = (  # fmt: skip
    "CT|MR|XP|US|PET|検査|撮影|施行|単純|造影|画像|入院|退院|"
    "手術|受診|生検|治療|発症|来院|転院|外来|救急|健診|検診|と比|時点|頃|付"
)
_SLASH_AFTER: Final = re.compile(
    rf"\s?\)?(?:\s?\([日月火水木金土]\)|(?:の|に|より|から|時)?\s?(?:{_EXAM})|\s(?:[01]?\d|2[0-3]):[0-5]\d|~|-\d)"
)
_PARTICLE_AFTER: Final = re.compile("\\s?(?:の|に|より|から|まで|時|以降)")
_UNIT: Final = re.compile(r"\s?(?:mm|cm|mL|ml|mg|HU|%|度|枚|回|Gy)(?![A-Za-z])")
_STAGE_LETTERS: Final = ("S", "T", "M")


def is_stage(hit: Hit) -> bool:
    """Say whether S4/5/8 is rather segments: an era with slashes and a small year."""
    year = hit.match["ey"]
    is_letter = hit.match["s"] == "/" and hit.match["era"].upper() in _STAGE_LETTERS
    return is_letter and year.isdecimal() and int(year) <= 12


def is_month_alone(hit: Hit) -> bool:
    """Say whether it is the name of a month without day or year: May."""
    return not (hit.match["d"] or hit.match["y"])


def is_fraction(hit: Hit) -> bool:
    """Say whether it may be a part of something: 1/2に縮小, 5/8に腫瘍; 12/5に and 3/28より are not."""
    is_part = int(hit.match["m"]) < int(hit.match["d"]) <= _MOST_PARTS
    return (is_part or not _PARTICLE_AFTER.match(hit.folded.text, hit.end)) and is_out_of_context(hit)


def is_measured(hit: Hit) -> bool:
    """Say whether three numbers are a measurement, or a number of a version or a section."""
    if _UNIT.match(hit.folded.text, hit.end):
        return True
    return hit.match["s"] == "." and len(hit.match[0]) < _SHORTEST_WITH_POINTS and is_out_of_context(hit)


def is_out_of_context(hit: Hit) -> bool:
    """Say whether no word around makes a number a date."""
    text, start = hit.folded.text, hit.start
    return not (
        _SLASH_BEFORE.search(text, max(0, start - 8), start)
        or _SLASH_AFTER.match(text, hit.end)
        or BIRTH_BEFORE.search(text, max(0, start - 20), start)
        or BIRTH_AFTER.match(text, hit.end)
    )
