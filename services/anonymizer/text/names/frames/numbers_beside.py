"""Numbers right beside a person: an ID, if they are long enough and no date, phone or measure. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.spans import Span

_NUMBER: Final = r"[A-Z]{0,2}-?\d(?:[ -]?\d){4,12}"
_BEHIND: Final = re.compile(
    rf"[ ]{{0,3}}(?:様|さん|殿|氏|君|くん|ちゃん)?[ ]{{0,3}}(?:[男女FM]性?[ ]{{0,2}})?[(\[|/,、:;\t│]?[ ]{{0,3}}(?:ID|"
    rf"No\.?)?[ :]{{0,2}}(?P<v>{_NUMBER})"
    r"(?![\d.:年月/]|-\d|[ ]?(?:mm|cm|歳|才|y|mL|ml|MBq|HU))"
)
_BEFORE: Final = re.compile(rf"(?<![\d./A-Za-z-])(?<!\d:)(?P<v>{_NUMBER})[ ]{{0,3}}[)\]|/,、:;\t│^]?[ ]{{0,3}}$")
_DAY: Final = re.compile(
    r"(?:19|20)\d\d[ -]?(?:0?[1-9]|1[0-2])[ -]?(?:0?[1-9]|[12]\d|3[01])|0\d{1,4}-\d{1,4}-\d{3,4}|"
    r"\d{1,4}-\d{1,2}-\d{1,2}"
)
_REACH: Final = 26


def numbers_beside(folded: FoldedText, people: Iterable[Span]) -> Iterator[Span]:
    """Yield numbers before and behind people that can be their IDs."""
    for person in people:
        behind = _BEHIND.match(folded.text, person.end)
        before = _BEFORE.search(folded.text, max(0, person.start - _REACH), person.start)
        for match in (behind, before):
            if match and not _DAY.fullmatch(match["v"]):
                yield Span(*match.span("v"), "patient_id")
