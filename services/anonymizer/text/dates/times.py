"""Rules for what stands beside dates: times, days of a relative month, relative dates, ages. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from services.anonymizer.text.dates.calendar import number
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.rules import Hit, Place, Rule

TIMES: Final = (
    Rule(
        "time",
        re.compile(
            r"(?<!\d)(?<!\d:)(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?|\d:[0-5]\d:[0-5]\d|"
            r"\d:[0-5]\d(?=\s?(?:[AaPp]\.?[Mm](?![A-Za-z0-9])|頃|に|ごろ)))(?![\d:]|[ ]?(?:方向|の?位))"
            r"(?:\s?[AaPp]\.?[Mm](?![A-Za-z0-9])\.?)?"
            r"|(?:午前|午後)\s?\d{1,2}時(?:\s?\d{1,2}分|半)?(?!間)|(?<!\d)(?:[01]?\d|2[0-3])時(?:\s?[0-5]?\d分|半)(?!間)"
        ),
        "⟦10:23⟧撮影",
        "比1:2、3時方向",
    ),
)
# 先月3日 keeps its month, which is relative, and loses its day, which would tell by how much the other dates moved
DAYS_OF_RELATIVE_MONTHS: Final = (
    Rule(
        "date",
        re.compile(r"(?:先々月|先月|今月|来月|前月|翌月|当月|同月)(?P<v>の?\s?\d{1,2}日)(?![間目])"),
        "先月⟦3日⟧に受診",
        "先月3日間の入院",
    ),
)


def _age_alone(_: FoldedText, match: re.Match[str]) -> Iterator[Place]:
    """Yield an age, without the word age before it."""
    yield match.start("a") if match["a"] else match.start(), match.end()


AGES: Final = (
    Rule(
        "age",
        re.compile(
            r"(?<![\d.])(?P<n>\d{2,3}|[一二三四五六七八九]?[十百][〇一二三四五六七八九十]{0,3})\s?(?P<ja>歳|才)(?!児)"
            r"|(?<![\d.])(?P<e>\d{2,3})(?P<en>[\s-]?(?:years?|yrs?)[\s-]old|[\s-]?y[./]?o(?![A-Za-z0-9])\.?|"
            r"[\s-]?years? of age|[\s-]?Y(?=[\s/,]*[MF](?![A-Za-z0-9]))|[\s-]?years?(?<![A-Za-z0-9])|"
            r"[\s/]?[MF](?![A-Za-z0-9]))"
            r"|(?:[Aa]ged?|AGED?):?\s*(?P<a>\d{2,3})(?!\d)(?:\s?years?(?:\sold)?)?"
        ),
        "⟦92歳⟧男性", "12歳児、90 mm",
        place=_age_alone,
    ),
)  # fmt: skip


def age_of(hit: Hit) -> int | None:
    """Return the age in years; None if the signs are no number."""
    written = hit.match["n"] or hit.match["e"] or hit.match["a"]
    try:
        return number(written) if "百" not in written else 100
    except ValueError:
        return None


class RelativeForm(NamedTuple):
    """A way to write a relative date. coarse: what it becomes."""

    rule: Rule
    coarse: Callable[[re.Match[str]], str]


def _is_coarse(hit: Hit) -> bool:
    return hit.match["n"] == "数"


def _some_units(match: re.Match[str]) -> str:
    unit = {"週": "週間", "週間": "週間", "日": "日", "年": "年"}.get(match["u"], "か月")
    return f"数{unit}{match['side']}"


def _some_english_units(match: re.Match[str]) -> str:
    return f"some {match['eu'].rstrip('s')}s {match['ew']}"


def _some_time(match: re.Match[str]) -> str:
    if not match[0].isascii():
        return "以前"
    return "last year" if match[0] == "last year" else "recently"


RELATIVE: Final = (
    RelativeForm(
        Rule(
            "relative_date",
            re.compile(
                r"(?P<n>\d+|[一二三四五六七八九十半数]+)\s?(?P<u>日|週間?|[かヶヵケカ箇]月|年)(?:半)?(?P<side>前|後)"
            ),
            "⟦3日前⟧に発症", "数日前に発症、3日間",
            veto=_is_coarse,
        ),
        _some_units,
    ),
    RelativeForm(
        Rule(
            "relative_date",
            re.compile(
                r"(?:\d+|an?|one|two|three|four|five|six)\s(?P<eu>days?|weeks?|months?|years?)\s"
                r"(?P<ew>ago|later|earlier|prior)"
            ),
            "seen ⟦two weeks ago⟧", "for two weeks",
        ),
        _some_english_units,
    ),
    RelativeForm(
        Rule(
            "relative_date",
            re.compile(r"一昨日|昨日|一昨年|昨年|先月|先々月|先週|去年|yesterday|last (?:week|month|year)"),
            "⟦昨日⟧発症", "本日撮影",
        ),
        _some_time,
    ),
)  # fmt: skip
