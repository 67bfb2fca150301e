"""The records both roles keep about links."""

import msgspec

from services.linker.links.matching import HandDecision, Match
from shared.documents import Collection


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided about one report.

    state: linked, unlinked, or hidden (retracted).  studies, rule: the result.  reason, candidates: why there is none.
    hand: everything a person decided, in order; never forgotten.  revision: grows when the result changes.
    touched: every Study it was ever linked to.  settled: yes when what follows from this revision has been done.
    decided_at: seconds since 1970.
    """

    report_id: str
    state: str = "unlinked"
    studies: tuple[str, ...] = ()
    rule: str = ""
    reason: str = "no-study"
    candidates: tuple[str, ...] = ()
    hand: tuple[HandDecision, ...] = ()
    revision: int = 0
    touched: tuple[str, ...] = ()
    settled: str = "yes"
    decided_at: float = 0.0

    @property
    def code(self) -> str:
        """The rule, or why there is no link: what the document's link tag says."""
        return self.rule or self.reason


LINKS = Collection(
    name="links",
    type=Link,
    key="report_id",
    fields=("state", "studies", "rule", "settled", "decided_at"),
    indexes=(("state", "decided_at"), ("rule", "decided_at")),
)


def advance(old: Link, found: Match, *, decision: HandDecision | None, at: float) -> Link:
    """Return the link after a new result; the same record if nothing changed and nothing was decided by hand."""
    hand = (*old.hand, decision) if decision else old.hand
    same = (old.studies, old.rule, old.reason, old.candidates) == _result(found) and old.revision > 0
    if same and hand == old.hand:
        return old
    state = "hidden" if found.reason == "retracted" else "linked" if found.studies else "unlinked"
    return Link(
        report_id=old.report_id,
        state=state,
        studies=found.studies,
        rule=found.rule,
        reason=found.reason,
        candidates=found.candidates,
        hand=hand,
        revision=old.revision + 1,
        touched=tuple(sorted({*old.touched, *found.studies})),
        settled="no",
        decided_at=at,
    )


def _result(found: Match) -> tuple[tuple[str, ...], str, str, tuple[str, ...]]:
    return (found.studies, found.rule, found.reason, found.candidates)
