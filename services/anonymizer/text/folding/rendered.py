"""Positions in a text whose spans were replaced, and in the original. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from services.anonymizer.text.folding.spans import ResidualRisk, Span, shown


class Back:
    """The way from a position in a rendered text to the original one, and of places from there to the rendered one."""

    def __init__(self, spans: list[Span], japanese: bool) -> None:
        self._spans = spans
        self._starts: list[int] = []  # of each span, in the rendered text
        self._ends: list[int] = []
        shift = 0
        for span in spans:
            size = len(shown(span, japanese))
            self._starts.append(span.start + shift)
            self._ends.append(span.start + shift + size)
            shift += size - (span.end - span.start)

    def __call__(self, position: int) -> int:
        """Return the original position; of one within a span, where the span begins."""
        before = bisect_left(self._starts, position)  # so many spans begin before it
        if not before:
            return position
        last = self._spans[before - 1]
        if position < self._ends[before - 1]:
            return last.start
        return last.end + position - self._ends[before - 1]

    def risks(self, found: Iterable[ResidualRisk]) -> set[ResidualRisk]:
        """Return places of the rendered text as places of the original."""
        return {ResidualRisk(self(start), self(end), reason) for start, end, reason in found}

    def rendered(self, risks: Iterable[ResidualRisk]) -> tuple[ResidualRisk, ...]:
        """Return places of the original as places of the rendered text, in order; of what was replaced, the marker."""
        spans, starts, ends = self._spans, [span.start for span in self._spans], [span.end for span in self._spans]
        placed = set()
        for start, end, reason in risks:
            behind, before = bisect_right(ends, start), bisect_left(starts, end) - 1
            shift = self._ends[behind - 1] - ends[behind - 1] if behind else 0
            is_inside = behind < len(spans) and starts[behind] <= start
            low = self._starts[behind] if is_inside else start + shift
            shift = self._ends[before] - ends[before] if before >= 0 else 0
            high = self._ends[before] if before >= 0 and end <= ends[before] else end + shift
            placed.add(ResidualRisk(low, high, reason))
        return tuple(sorted(placed))
