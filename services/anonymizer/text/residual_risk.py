"""Residual risks: what may still identify somebody in a cleaned text, but is not certain enough to be cut.

Each is a place and a reason, a word without any value. It flags the text for a person. Pure.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.anonymizer.text import recogniser
from services.anonymizer.text.dates.find import WrittenDate
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.spans import ResidualRisk, Span
from services.anonymizer.text.names import titled, uncertain, unfamiliar
from services.anonymizer.text.names.frames import extensions
from services.anonymizer.text.names.frames.nobody import is_nobody
from services.anonymizer.text.places import long_numbers
from services.anonymizer.text.policy import MOST_NAMED
from services.anonymizer.text.rules import find

_COUNTED: Final = {
    **dict.fromkeys(("physician", "institution", "accession"), 1),  # which every report names
    **dict.fromkeys("name patient_id phone address department login insurance other_id email".split(), 2),
}
"""How much each kind counts."""


def people_in(texts: Sequence[str]) -> list[list[ResidualRisk]]:
    """Return, for each cleaned text, where the recogniser sees people. In one look: a short one costs as much."""
    joined = "\n".join(texts)
    folded = FoldedText(joined)
    places = [folded.original(start, end) for start, end in recogniser.people(joined)]
    found: list[list[ResidualRisk]] = []
    begin = 0
    for text in texts:
        inside = [(max(0, low - begin), min(len(text), high - begin)) for low, high in places]
        found.append([ResidualRisk(low, high, recogniser.REASON) for low, high in inside if low < high])
        begin += len(text) + 1
    return found


def found_without_help(
    spans: Sequence[Span], text: str, told: Iterable[Span], most: int = MOST_NAMED
) -> list[tuple[int, int]]:
    """Return the places of people, places and numbers that rules alone found, if there are more than most; else none.

    Of so many one may have been missed, and the layout is no plain report. told: what the header found.  All places are
    of the original text.
    """
    known = {(span.start, span.end) for span in told}
    found = [span for span in spans if span.category in _COUNTED and (span.start, span.end) not in known]
    weights = {text[span.start : span.end]: _COUNTED[span.category] for span in found}
    return [(span.start, span.end) for span in found] if sum(weights.values()) > most else []


def risks_in(folded: FoldedText, dates: list[WrittenDate]) -> Iterator[ResidualRisk]:
    """Yield what the tables of residual risks find. Digits of a date or a marker are no long number."""
    taken = sorted([*((date.start, date.end) for date in dates), *folded.markers])  # none overlap
    for span in find(long_numbers.RESIDUAL, folded):
        at = bisect_left(taken, (span.end,))  # so many begin before it ends
        if not at or taken[at - 1][1] <= span.start:
            yield ResidualRisk(span.start, span.end, span.category)
    for table in (uncertain.RESIDUAL, titled.RESIDUAL, unfamiliar.RESIDUAL, extensions.RESIDUAL):
        yield from (
            ResidualRisk(span.start, span.end, span.category)
            for span in find(table, folded)
            if not is_nobody(folded, span.start, span.end)
        )
