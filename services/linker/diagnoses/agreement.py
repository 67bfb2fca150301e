"""How a case stands: who has read it, whether two readers agree, and which of its diagnoses count. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.linker.diagnoses.records import CaseState, Content, Diagnosis, State
from shared.errors import Refused

READERS = 2
Coded = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True)
class Standing:
    """state: of the case.  readers: authors of independent readings, in order.  states: of each diagnosis, by id."""

    state: CaseState
    readers: tuple[str, ...]
    states: Mapping[str, State]


def standing_of(entries: Sequence[Diagnosis]) -> Standing:
    """Return how the case of these diagnoses stands. Readings agree if each reader has the same codes."""
    present = [(entry, entry.content) for entry in entries if not entry.is_removed]
    codes: dict[str, set[Coded]] = {}
    for entry, content in present:
        if content.reading == "independent":
            codes.setdefault(entry.author, set()).add(_coded(content))
    state = _state(codes, present)
    return Standing(state, tuple(sorted(codes)), {entry.id: _counts(content, state) for entry, content in present})


def check_may_read(entries: Sequence[Diagnosis], reading: str, author: str) -> None:
    """Raise Refused for a third reading, a reading after both are in, or an adjudication that is not independent."""
    standing = standing_of(entries)
    if reading == "independent":
        if len(standing.readers) >= READERS:
            raise Refused("readings-closed", "both readings are in; a third person adjudicates")
        if any(entry.state is State.STANDS and not entry.is_removed for entry in entries):
            raise Refused("not-independent", "this case has a diagnosis that everybody sees; it cannot be read blind")
    if reading == "adjudication":
        if len(standing.readers) < READERS:
            raise Refused("nothing-to-adjudicate", "both readings have to be in before somebody adjudicates")
        if author in standing.readers:
            raise Refused("not-independent", "who has read the case does not adjudicate it")


def _state(codes: Mapping[str, set[Coded]], present: Sequence[tuple[Diagnosis, Content]]) -> CaseState:
    if len(codes) >= READERS:
        if any(content.reading == "adjudication" for _, content in present):
            return CaseState.ADJUDICATED
        first, *others = codes.values()
        return CaseState.AGREED if all(each == first for each in others) else CaseState.DISAGREED
    if codes:
        return CaseState.ONE_READING
    return CaseState.DIAGNOSED if any(content.reading == "single" for _, content in present) else CaseState.AWAITING


def _counts(content: Content, state: CaseState) -> State:
    if content.reading == "single":
        return State.STANDS
    if content.reading == "adjudication":
        return State.STANDS if state is CaseState.ADJUDICATED else State.READING
    return {CaseState.AGREED: State.STANDS, CaseState.ADJUDICATED: State.OVERRULED}.get(state, State.READING)


def _coded(content: Content) -> Coded:
    return content.system, content.code, content.modifiers
