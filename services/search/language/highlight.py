"""Marks in the original text what was found in its folded form."""

from collections.abc import Iterable

import msgspec

from services.search.language.folding import fold
from shared.intervals import joined

CONTEXT = 40


class Segment(msgspec.Struct, frozen=True):
    """A run of text. hit: whether a search term stands there."""

    text: str
    hit: bool


def segments(text: str, terms: Iterable[str]) -> list[Segment]:
    """Split the whole text into runs that are hits and runs that are not."""
    return _cut(text, 0, len(text), _spans(text, terms))


def excerpt(text: str, terms: Iterable[str], most: int = 3) -> list[list[Segment]]:
    """Return up to ``most`` pieces of the text around hits; the beginning of the text if there is none."""
    spans = _spans(text, terms)
    if not spans:
        return [_cut(text, 0, min(len(text), 3 * CONTEXT), [])] if text else []
    windows = joined((max(0, start - CONTEXT), min(len(text), end + CONTEXT)) for start, end in spans)
    return [_cut(text, low, high, spans) for low, high in windows[:most]]


def _spans(text: str, terms: Iterable[str]) -> list[tuple[int, int]]:
    """Return where terms stand in the original, in order, merged where they touch."""
    folded = fold(text)
    places: list[tuple[int, int]] = []
    for term in {term for each in terms if (term := each.strip())}:
        at = folded.text.find(term)
        while at >= 0:
            places.append((folded.origins[at][0], folded.origins[at + len(term) - 1][1]))
            at = folded.text.find(term, at + 1)
    return joined(places)


def _cut(text: str, low: int, high: int, spans: list[tuple[int, int]]) -> list[Segment]:
    pieces: list[Segment] = []
    at = low
    for start, end in spans:
        if start < low or end > high:
            continue
        if start > at:
            pieces.append(Segment(text[at:start], False))
        pieces.append(Segment(text[start:end], True))
        at = end
    if at < high:
        pieces.append(Segment(text[at:high], False))
    return pieces
