"""The records both roles keep about links."""

import msgspec

from services.linker.links.matching import REPORT_RETRACTED, ManualDecision, Match
from services.linker.links.states import LinkState, Settled
from shared.documents import Collection


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided about one report.

    studies, rule: the result.  reason, candidates: why there is none.
    decisions: everything a person decided, in order; never forgotten.  revision: grows when the result changes.
    touched: every Study it was ever linked to.  settled: whether what follows from this revision has been done.
    decided_at: seconds since 1970.
    """

    report_id: str
    state: LinkState = LinkState.UNLINKED
    studies: tuple[str, ...] = ()
    rule: str = ""
    reason: str = "no-study"
    candidates: tuple[str, ...] = ()
    decisions: tuple[ManualDecision, ...] = msgspec.field(name="hand", default=())
    revision: int = 0
    touched: tuple[str, ...] = ()
    settled: Settled = Settled.YES
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


def advance(old: Link, match: Match, *, decision: ManualDecision | None, at: float) -> Link:
    """Return the link after a new result; the same record if nothing changed and nothing was decided by hand."""
    decisions = (*old.decisions, decision) if decision else old.decisions
    same = (old.studies, old.rule, old.reason, old.candidates) == _result(match) and old.revision > 0
    if same and decisions == old.decisions:
        return old
    return Link(
        report_id=old.report_id,
        state=_state(match),
        studies=match.studies,
        rule=match.rule,
        reason=match.reason,
        candidates=match.candidates,
        decisions=decisions,
        revision=old.revision + 1,
        touched=tuple(sorted({*old.touched, *match.studies})),
        settled=Settled.NO,
        decided_at=at,
    )


def _state(match: Match) -> LinkState:
    if match.reason == REPORT_RETRACTED:
        return LinkState.HIDDEN
    return LinkState.LINKED if match.studies else LinkState.UNLINKED


def _result(match: Match) -> tuple[tuple[str, ...], str, str, tuple[str, ...]]:
    return (match.studies, match.rule, match.reason, match.candidates)
