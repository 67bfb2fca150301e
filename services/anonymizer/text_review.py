"""Say what a person should look at: what may still identify somebody, but is not certain enough to be cut."""

import re

from services.anonymizer.lexicon import clinical_words, names, terms_with
from services.anonymizer.text_reading import Reading

_LONG_NUMBER = re.compile(
    r"\d(?<![\d.,:/-]\d)(?:[\d]|-(?=\d)){6,}(?![\d.,:/]|-\d|\s?(?:mm|cm|mGy|mSv|HU|ml|mL|Bq|MBq|kBq))"
)
_KANJI_RUN = re.compile("(?<![一-鿿々])[一-鿿々]{2,5}(?![一-鿿々])")


def doubts(reading: Reading, kept: list[tuple[int, int]]) -> set[str]:
    """Return reasons, as words without any value, why what is left should be read. kept: spans of markers."""
    text = reading.text
    found: set[str] = set()
    days = [(date.start, date.end) for date in reading.dates] + kept
    for match in _LONG_NUMBER.finditer(text):
        if not any(low < match.end() and match.start() < high for low, high in days):
            found.add("long-number")
    for match in _KANJI_RUN.finditer(text):
        if not _looks_like_a_name(reading.view[match.start() : match.end()]):
            continue
        if not any(low <= match.start() < high for low, high in kept):
            found.add("surname-in-text")
    return found


def _looks_like_a_name(run: str) -> bool:
    """Say whether a run of kanji is a known surname, or one with a known given name, and no clinical term."""
    surnames, words, given = names().surnames, names().words, names().given
    sizes = [size for size in (2, 3, 4, 5) if run[:size] in surnames and size <= len(run) and run[:size] not in words]
    if not any(size == len(run) or (run[size:] in given and len(run) - size > 1) for size in sizes):
        return False
    return run not in clinical_words() and not terms_with(run)
