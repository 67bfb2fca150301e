"""How what the learned reader sees goes with what rules find. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.anonymizer.text.dates.find import WrittenDate
from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.spans import Findings, ResidualRisk, Span, outside
from services.anonymizer.text.learned import decide
from services.anonymizer.text.policy import TextPolicy
from shared.intervals import joined

NOTHING: Final = Findings([], [])


def likely(folded: FoldedText, policy: TextPolicy) -> Findings:
    """Return what the learned reader sees. In a text with markers it cuts nothing, so that cleaning is idempotent."""
    if not (policy.analyse and policy.learned):
        return NOTHING
    seen = decide.read(folded, places=policy.institutions == "remove")
    if not folded.markers:
        return seen
    return Findings([], [*seen.risks, *(ResidualRisk(span.start, span.end, decide.REASON) for span in seen.spans)])


def beyond(folded: FoldedText, learned: list[Span], spans: Iterable[Span], dates: Iterable[WrittenDate]) -> list[Span]:
    """Return of what the learned reader cuts the parts that no rule does, which know better what it is, and no date."""
    if not learned:
        return []
    taken = joined([*((span.start, span.end) for span in spans), *((date.start, date.end) for date in dates)])
    return [span for span in outside(learned, taken) if any(map(str.isalnum, folded.text[span.start : span.end]))]


def left(risks: Sequence[ResidualRisk], spans: Iterable[Span], dates: Iterable[WrittenDate]) -> Iterator[ResidualRisk]:
    """Yield the risks of which something stays, and that are no date."""
    if not risks:
        return
    gone = {at for span in spans for at in range(span.start, span.end)}
    gone |= {at for date in dates for at in range(date.start, date.end)}
    yield from (risk for risk in risks if not gone.issuperset(range(risk.start, risk.end)))
