"""Decides what the collection rules say of one content. Pure.

What a rule asks for and a content cannot answer (an age, a date) is no match for a rule that collects, and a match for
one that leaves out: what cannot be checked is not collected.
"""

import datetime as dt
import fnmatch
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from services.ingest.rules.facts import Facts
from services.ingest.rules.rule_file import Rule, RuleSet


class Sent(msgspec.Struct, frozen=True):
    """How a content came. kind: instances or report.  sender: see ``Receipt``.  manual: whether a person chose it."""

    kind: str
    sender: str = ""
    manual: bool = False


class Decision(msgspec.Struct, frozen=True):
    """collected: whether it is.  rule: the name of the rule that decided, or default.

    undecided: the rule left it out because what it asks for is not known.
    """

    collected: bool
    rule: str
    undecided: bool = False

    @property
    def label(self) -> str:
        """Return the rule, marked where what it asks for was not known."""
        return f"{self.rule}:unknown" if self.undecided else self.rule


def decide(rules: RuleSet, sent: Sent, facts: Facts) -> Decision:
    """Return what the first rule that matches says, else the default."""
    for rule in rules.rules:
        answers = list(_answers(rule, sent, facts))
        if False in answers or (None in answers and rule.action == "collect"):
            continue
        return Decision(rule.action == "collect", rule.name, None in answers)
    default = rules.default_reports if sent.kind == "report" else rules.default
    return Decision(default == "collect", "default")


def _answers(rule: Rule, sent: Sent, facts: Facts) -> Iterator[bool | None]:
    """Yield for what the rule asks whether it holds; None where it is not known."""
    if rule.kind is not None:
        yield rule.kind == sent.kind
    if rule.manual is not None:
        yield rule.manual == sent.manual
    for patterns, values in (
        (rule.modality, (facts.modality,)),
        (rule.station, (facts.station,)),
        (rule.sender, (sent.sender,)),
        (rule.procedure, facts.procedures),
        (rule.code, facts.codes),
    ):
        if patterns:
            yield any(value is not None and _fits(value, patterns) for value in values)
    if rule.age_from is not None or rule.age_to is not None:
        yield _is_between(rule.age_from, facts.age_y, rule.age_to)
    if rule.study_from is not None or rule.study_to is not None:
        yield _is_between(_ordinal(rule.study_from), _ordinal(facts.study_date), _ordinal(rule.study_to))


def _fits(value: str, patterns: Sequence[str]) -> bool:
    folded = _folded(value)
    return any(fnmatch.fnmatchcase(folded, _folded(pattern)) for pattern in patterns)


@lru_cache(4096)
def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _is_between(low: int | None, value: int | None, high: int | None) -> bool | None:
    if value is None:
        return None
    return (low is None or low <= value) and (high is None or value <= high)


def _ordinal(date: dt.date | None) -> int | None:
    return None if date is None else date.toordinal()
