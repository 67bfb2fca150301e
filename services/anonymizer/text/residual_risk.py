"""Residual risks: what may still identify somebody in a cleaned text, but is not certain enough to be cut.

Each is a place and a reason, a word without any value. It flags the text for a person. Pure.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from services.anonymizer.text import recogniser
from services.anonymizer.text.dates.find import WrittenDate, find_dates
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.names import titled, uncertain
from services.anonymizer.text.places import long_numbers
from services.anonymizer.text.rules import find


class ResidualRisk(NamedTuple):
    """A place, (start, end), and why it should be read."""

    start: int
    end: int
    reason: str


def reasons_to_read(folded: FoldedText, dates: list[WrittenDate]) -> set[str]:
    """Return the reasons why a text as the last pass saw it should be read."""
    return {risk.reason for risk in _risks(folded, dates)}


def places_to_read(text: str, *, recognise: bool) -> list[ResidualRisk]:
    """Return every place of a cleaned text that may identify, in order. recognise: whether the recogniser looks too."""
    folded = FoldedText(text)
    risks = set(_risks(folded, find_dates(folded)))
    if recognise:
        risks |= {ResidualRisk(*place, recogniser.REASON) for place in recogniser.people(text)}
    return sorted({ResidualRisk(*folded.original(start, end), reason) for start, end, reason in risks})


def _risks(folded: FoldedText, dates: list[WrittenDate]) -> Iterator[ResidualRisk]:
    """Yield what the tables of residual risks find. Digits of a date or a marker are no long number."""
    taken = sorted([*((date.start, date.end) for date in dates), *folded.markers])  # none overlap
    for span in find(long_numbers.RESIDUAL, folded):
        at = bisect_left(taken, (span.end,))  # so many begin before it ends
        if not at or taken[at - 1][1] <= span.start:
            yield ResidualRisk(span.start, span.end, span.category)
    for table in (uncertain.RESIDUAL, titled.RESIDUAL):
        yield from (ResidualRisk(span.start, span.end, span.category) for span in find(table, folded))
