"""Rules of the text cleaner as rows of data, and the one engine that runs a table of them. Pure.

A table is a tuple of rows. Each row shows what it is for: an example, in which ⟦…⟧ stand around what it marks, and a
counter-example, a text like it that it leaves alone. ``tests/anonymizer/text/test_rules.py`` walks every row of every
table, so a new rule is a new row, and its two examples are its test.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.folding.spans import Span
from shared.intervals import joined

Place = tuple[int, int]
_MARKED = ("v", "w", "x")


class Rule(NamedTuple):
    """One row.

    category: of what it marks; in a table of residual risks, the reason that it gives.
    pattern: its groups v, w and x are what is marked, each judged alone; the whole match if it has none of them.
    signs: one of these must be in the text, else the pattern is not tried; far cheaper than trying it everywhere.
    gate: likewise, for what a sign cannot say.
    around: the pattern is tried only so many signs before and behind each of the signs.
    begins: one of these signs begins every match; where they stand is looked for once for all rules that share them.
    place: what is marked, where the pattern alone cannot say; nothing, if there is none.
    veto: says that a place is not to be marked.
    reason: why a person should look although the place is marked; empty if there is none.
    """

    category: str
    pattern: re.Pattern[str]
    example: str
    counter_example: str
    signs: tuple[str, ...] = ()
    gate: "Callable[[FoldedText], bool] | None" = None
    around: tuple[int, int] | None = None
    begins: re.Pattern[str] | None = None
    place: "Callable[[FoldedText, re.Match[str]], Iterable[Place]] | None" = None
    veto: "Callable[[Hit], bool] | None" = None
    reason: "Callable[[Hit], str] | None" = None


class Hit(NamedTuple):
    """A place that a rule marks."""

    rule: Rule
    folded: FoldedText
    match: re.Match[str]
    start: int
    end: int

    @property
    def words(self) -> str:
        """What stands there, folded."""
        return self.folded.text[self.start : self.end]

    @property
    def view(self) -> str:
        """What stands there, as names are compared."""
        return self.folded.view[self.start : self.end]


def find(table: Iterable[Rule], folded: FoldedText) -> Iterator[Span]:
    """Yield what the rules of a table mark, in their order."""
    for hit in hits(table, folded):
        reason = hit.rule.reason(hit) if hit.rule.reason else ""
        yield Span(hit.start, hit.end, hit.rule.category, reason=reason)


def hits(table: Iterable[Rule], folded: FoldedText) -> Iterator[Hit]:
    """Yield the places that the rules of a table mark, with their matches."""
    for rule in table:
        if (rule.signs or rule.gate) and not _may_stand(rule, folded):
            continue
        place, veto = rule.place or _groups, rule.veto
        for match in _matches(rule, folded):
            for start, end in place(folded, match):
                hit = Hit(rule, folded, match, start, end)
                if veto is None or not veto(hit):
                    yield hit


def _may_stand(rule: Rule, folded: FoldedText) -> bool:
    text = folded.text
    for sign in rule.signs:  # a loop: any() takes twice as long, for every rule and text
        if sign in text:
            break
    else:
        if rule.signs:
            return False
    return rule.gate is None or rule.gate(folded)


def _groups(_: FoldedText, match: re.Match[str]) -> Iterable[Place]:
    named = match.re.groupindex
    return [match.span(name) for name in _MARKED if name in named and match[name]] or (match.span(),)


def _matches(rule: Rule, folded: FoldedText) -> Iterable[re.Match[str]]:
    text = folded.text
    if rule.begins is not None:
        return _from_places(rule.pattern, text, folded.places_of(rule.begins))
    if rule.around is None:
        return rule.pattern.finditer(text)
    windows = _windows(text, rule.signs, *rule.around)
    return (match for low, high in windows for match in rule.pattern.finditer(text, low, high))


def _from_places(pattern: re.Pattern[str], text: str, places: Iterable[int]) -> Iterator[re.Match[str]]:
    """Yield what finditer would of a pattern that begins at none but these places."""
    end = 0
    for at in places:
        if at >= end and (match := pattern.match(text, at)) is not None:
            end = match.end()
            yield match


def _windows(text: str, signs: Iterable[str], before: int, behind: int) -> list[Place]:
    """Return the parts of the text so far around the signs, joined where they touch."""
    places: list[Place] = []
    for sign in signs:
        at = text.find(sign)
        while at >= 0:
            places.append((max(0, at - before), at + behind))
            at = text.find(sign, at + 1)
    return joined(places) if len(places) > 1 else places
