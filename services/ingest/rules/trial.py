"""What rules would do with a sample, beside those in force: counts by rule, and what would change. Pure.

Of what is shown nothing is a patient's: names of rules, modalities and stations.
"""

from collections import Counter

import msgspec

from services.ingest.rules.decision import Decision, Sent, decide
from services.ingest.rules.facts import Facts
from services.ingest.rules.rule_file import RuleSet

MOST_EXAMPLES = 3


class Tally(msgspec.Struct):
    """What one rule decided. examples: modality and station, with how many each."""

    collected: int = 0
    left: int = 0
    examples: Counter[str] = msgspec.field(default_factory=Counter)


class Trial(msgspec.Struct):
    """by_rule: by the rule that decided.  changes: (in force, tried) → how many would fare otherwise."""

    tried: RuleSet
    in_force: RuleSet
    by_rule: dict[str, Tally] = msgspec.field(default_factory=dict)
    changes: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    contents: int = 0

    def add(self, sent: Sent, facts: Facts) -> None:
        """Try the rules on one content."""
        new, old = decide(self.tried, sent, facts), decide(self.in_force, sent, facts)
        tally = self.by_rule.setdefault(new.label, Tally())
        tally.collected += new.collected
        tally.left += not new.collected
        tally.examples[" ".join(filter(None, (facts.modality or sent.kind, facts.station)))] += 1
        self.contents += 1
        if new.collected != old.collected:
            self.changes[_shown(old), _shown(new)] += 1

    def rows(self) -> list[tuple[str, Tally]]:
        """Return the tallies in the order of the rules; those of a rule that decided nothing are empty."""
        names = [rule.name for rule in self.tried.rules]
        order = [label for name in [*names, "default"] for label in (name, f"{name}:unknown")]
        every = {**{name: Tally() for name in names}, **self.by_rule}
        return sorted(every.items(), key=lambda row: order.index(row[0]))


def _shown(decision: Decision) -> str:
    return f"{'collected' if decision.collected else 'left out'} by {decision.label}"
