"""Marks in the original text what was found in its folded form."""

from collections.abc import Iterable

import msgspec

from services.search.folding import fold

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
    windows: list[tuple[int, int]] = []
    for start, end in spans:
        low, high = max(0, start - CONTEXT), min(len(text), end + CONTEXT)
        if windows and low <= windows[-1][1]:
            windows[-1] = (windows[-1][0], high)
        else:
            windows.append((low, high))
    return [_cut(text, low, high, spans) for low, high in windows[:most]]


def _spans(text: str, terms: Iterable[str]) -> list[tuple[int, int]]:
    """Return where terms stand in the original, in order, merged where they touch."""
    folded = fold(text)
    places: list[tuple[int, int]] = []
    for term in set(terms):
        at = folded.text.find(term)
        while at >= 0:
            places.append((folded.origins[at][0], folded.origins[at + len(term) - 1][1]))
            at = folded.text.find(term, at + 1)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


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
