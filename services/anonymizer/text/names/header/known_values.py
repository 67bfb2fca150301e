"""Where the header's IDs, phones, institutions and addresses stand in a text. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.scripts import script
from services.anonymizer.text.rules import Place

_UNIT: Final = re.compile(
    r"\s*(?:mm|cm|mGy|Gy|mSv|HU|ml|mL|cc|kg|mg|g(?![A-Za-z0-9])|%|ms|msec|sec|kV|mA|枚|回|個|歳|才|年|月|日|時|分|秒|例|度|"
    r"mmHg|bpm|SUV|U/|x\d|×)",
    re.IGNORECASE,
)
_UNMISTAKABLE: Final = 8  # signs; so long an ID stands nowhere by chance, even inside a longer word or number
_ID_BEFORE: Final = re.compile(r"(?:ID|番号|No|NO|MRN|#)[.:=\s]*$")
_SHORTEST_NUMBER: Final = 4
_SHORTEST_PLACE, _SHORTEST_ASCII_PLACE = 3, 6


def numbers(folded: FoldedText, value: str) -> Iterator[Place]:
    """Yield where an ID stands: whole, with any separators and leading zeros, and not as a measurement."""
    if len(value) < _SHORTEST_NUMBER:
        return
    for _, first, end in folded.occurrences(value):
        start = first
        while value[0].isdigit() and folded.before(start) == "0":
            start -= 1
        touches = _touches(folded.before(start), value[0]) or _touches(folded.after(end), value[-1])
        if touches and len(value) < _UNMISTAKABLE:
            continue
        if not _is_measurement(folded, value, start, end):
            yield start, end


def _is_measurement(folded: FoldedText, value: str, start: int, end: int) -> bool:
    """Say whether it is a count, a decimal, or digits of several numbers that only follow each other."""
    if folded.before(start) in ".,/" and script(folded.before(start - 1)) == "digit":
        return True
    if re.match(r"[.]\d", folded.text[end : end + 2]):
        return True
    if not value.isdigit():
        return False
    is_loose = any(sign in folded.text[start:end] for sign in " \n.,/")
    if is_loose and len(value) < 7 and not _ID_BEFORE.search(folded.text, max(0, start - 12), start):
        return True
    return len(value) < 6 and _UNIT.match(folded.text, end) is not None


def _touches(neighbour: str, sign: str) -> bool:
    if sign.isdecimal():
        return neighbour.isdecimal()
    return neighbour.isascii() and neighbour.isalnum()


def places(folded: FoldedText, value: str) -> Iterator[Place]:
    """Yield where an institution or an address stands, and not as a part of a longer word."""
    if len(value) < (_SHORTEST_ASCII_PLACE if value.isascii() else _SHORTEST_PLACE):
        return
    yield from words(folded, value)


def words(folded: FoldedText, value: str) -> Iterator[Place]:
    """Yield where a name of a place stands, and not as a part of a longer word."""
    for _, start, end in folded.occurrences(value):
        if value[0].isascii() and folded.before(start).isascii() and folded.before(start).isalnum():
            continue
        if value[-1].isascii() and folded.after(end).isascii() and folded.after(end).isalpha():
            continue
        yield start, end
