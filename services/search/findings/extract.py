"""The findings of a text. Pure."""

from collections.abc import Iterator
from typing import Final, cast

from services.search.findings import lexicon
from services.search.findings.codes import code_of
from services.search.findings.details import comparisons, sides, sizes
from services.search.findings.finding import Certainty, Comparison, Finding, Side
from services.search.findings.scope import Scope
from services.search.findings.sentences import Section, Sentence, sentences
from services.search.findings.tokens import Token, tokens
from services.search.findings.unlisted import with_unlisted
from services.search.findings.view import View, view

_SAYING: Final = ("affirms", "negates", "doubts", "doubts_one")


def findings_of(text: str, section: Section = "") -> tuple[Finding, ...]:
    """Return what a report's text says of findings, in the order of the text.

    text: one section, or a whole report with headings, Japanese or English.  section: of a text without headings; in
    an indication only what it says itself (疑い, 既往) counts.  Never raises; linear in the text.
    Whoever indexes them takes ``code`` by ``certainty``: what is absent is no hit for the finding.
    They are suggestions: nothing that counts or exports confirmed facts may use them.
    """
    seen = view(text)
    found: list[Finding] = []
    for sentence in sentences(seen.low, seen.cased, section):
        found.extend(_of_sentence(text, seen, sentence))
    return tuple(found)


def _of_sentence(text: str, seen: View, sentence: Sentence) -> Iterator[Finding]:
    parts = with_unlisted(seen, _with_weak_left_out(seen.low, tokens(seen, sentence)))
    if not any(part.kind == "term" for part in parts):
        return
    side, size, compared = sides(parts), sizes(seen.low, parts), comparisons(seen.low, parts)
    for at, certainty in sorted(Scope(seen.low, parts, sentence.section).walk().items()):
        start, end = seen.traced.original(parts[at].start, parts[at].end)
        yield Finding(
            term=text[start:end],
            start=start,
            end=end,
            certainty=cast("Certainty", certainty),
            side=cast("Side", side.get(at, "")),
            size_mm=size.get(at, ()),
            comparison=cast("Comparison", _of_certainty(compared.get(at, ""), certainty)),
            code=code_of(seen.low[parts[at].start : parts[at].end]),
        )


def _of_certainty(comparison: str, certainty: str) -> str:
    """Return the comparison of what is there or was; what is denied or feared has none."""
    if certainty == "absent":
        return comparison if comparison == "gone" else ""
    return comparison if certainty in ("present", "doubtful") else ""


def _with_weak_left_out(low: str, parts: list[Token]) -> list[Token]:
    """Drop words such as 高信号 that describe another finding, unless a predicate follows directly."""
    kept: list[Token] = []
    for at, part in enumerate(parts):
        if part.kind == "term" and lexicon.is_weak(low[part.start : part.end]):
            behind = parts[at + 1] if at + 1 < len(parts) else None
            is_said = behind is None or (behind.kind in _SAYING and behind.start - part.end <= 1)
            if not is_said or (behind is None and any(other.kind == "term" for other in kept)):
                continue
        kept.append(part)
    return kept
