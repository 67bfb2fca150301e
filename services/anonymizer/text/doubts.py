"""Say what a person should look at: what may still identify somebody, but is not certain enough to be cut."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from services.anonymizer.text import recogniser
from services.anonymizer.text.folding.folded_text import Reading
from services.anonymizer.text.folding.lexicon import clinical_words, names, terms_with
from services.anonymizer.text.suspects import suspects

_LONG_NUMBER = re.compile(
    r"\d(?<![\d.,:/-]\d)(?:[\d]|-(?=\d)){6,}(?![\d.,:/]|-\d|\s?(?:mm|cm|mGy|mSv|HU|ml|mL|Bq|MBq|kBq))"
)
_KANJI_RUN = re.compile("(?<![一-鿿々])[一-鿿々]{2,5}(?![一-鿿々])")


class Doubt(NamedTuple):
    """A place, (start, end), and why it should be read, as a word without any value."""

    start: int
    end: int
    reason: str


def doubts(reading: Reading, kept: list[tuple[int, int]]) -> set[str]:
    """Return reasons, as words without any value, why what is left should be read. kept: spans of markers."""
    return {doubt.reason for doubt in _found(reading, kept)}


def doubtful(text: str, *, recognise: bool) -> list[Doubt]:
    """Return every doubtful place of a cleaned text, in order. recognise: whether the recogniser of names looks too."""
    reading = Reading(text)
    found = set(_found(reading, reading.markers))
    if recognise:
        found |= {Doubt(*place, recogniser.REASON) for place in recogniser.people(text)}
    return sorted({Doubt(*reading.folded.original(start, end), reason) for start, end, reason in found})


def _found(reading: Reading, kept: list[tuple[int, int]]) -> Iterator[Doubt]:
    text = reading.text
    days = [(date.start, date.end) for date in reading.dates] + kept
    for match in _LONG_NUMBER.finditer(text):
        if not any(low < match.end() and match.start() < high for low, high in days):
            yield Doubt(*match.span(), "long-number")
    for match in _KANJI_RUN.finditer(text):
        if not _looks_like_a_name(reading.view[match.start() : match.end()]):
            continue
        if not any(low <= match.start() < high for low, high in kept):
            yield Doubt(*match.span(), "surname-in-text")
    for start, end in suspects(reading):
        yield Doubt(start, end, "name-like-words")


def _looks_like_a_name(run: str) -> bool:
    """Say whether a run of kanji is a known surname, or one with a known given name, and no clinical term."""
    surnames, words, given = names().surnames, names().words, names().given
    sizes = [size for size in (2, 3, 4, 5) if run[:size] in surnames and size <= len(run) and run[:size] not in words]
    if not any(size == len(run) or (run[size:] in given and len(run) - size > 1) for size in sizes):
        return False
    return run not in clinical_words() and not terms_with(run)
