"""How a case stands after each reading."""

import pytest

from services.linker.diagnoses.agreement import check_may_read, standing_of
from services.linker.diagnoses.records import CaseState, Diagnosis, State
from services.linker.diagnoses.request import DiagnosisRequest, changed, withdrawn
from shared.errors import Refused
from tests.linker.diagnoses.samples import diagnosis, reading

ADJUDICATION = diagnosis("c", reading="adjudication")


def taken_back(entry: Diagnosis) -> Diagnosis:
    asked = DiagnosisRequest(by="a", reason="wrong case")
    return changed(entry, withdrawn(entry.content, asked, at="2026-11-28T10:00:00Z", author_id="id-of-a"))


@pytest.mark.parametrize(
    ("entries", "state", "states"),
    [
        ([], CaseState.AWAITING, []),
        ([diagnosis("a"), diagnosis("b")], CaseState.DIAGNOSED, [State.STANDS, State.STANDS]),
        ([reading("a")], CaseState.ONE_READING, [State.READING]),
        ([reading("a"), reading("a", "J18.9")], CaseState.ONE_READING, [State.READING, State.READING]),
        ([reading("a"), reading("b")], CaseState.AGREED, [State.STANDS, State.STANDS]),
        ([reading("a"), reading("b", "J18.9")], CaseState.DISAGREED, [State.READING, State.READING]),
        (
            [reading("a"), reading("b", "J18.9"), ADJUDICATION],
            CaseState.ADJUDICATED,
            [State.OVERRULED, State.OVERRULED, State.STANDS],
        ),
        ([taken_back(reading("a")), ADJUDICATION], CaseState.AWAITING, [State.READING]),
        ([taken_back(diagnosis("a"))], CaseState.AWAITING, []),
    ],
)
def test_a_case_stands_as_its_diagnoses_say(entries: list[Diagnosis], state: CaseState, states: list[State]) -> None:
    standing = standing_of(entries)

    assert standing.state is state
    assert [standing.states[entry.id] for entry in entries if not entry.is_removed] == states


def test_the_same_code_with_other_modifiers_is_another_reading() -> None:
    other = diagnosis("b", reading="independent", modifiers=("2056",))

    assert standing_of([reading("a"), other]).state is CaseState.DISAGREED


@pytest.mark.parametrize(
    ("entries", "kind", "author", "reason"),
    [
        ([reading("a"), reading("b")], "independent", "id-of-c", "readings-closed"),
        ([diagnosis("a")], "independent", "id-of-b", "not-independent"),
        ([reading("a")], "adjudication", "id-of-c", "nothing-to-adjudicate"),
        ([reading("a"), reading("b", "J18.9")], "adjudication", "id-of-b", "not-independent"),
    ],
)
def test_who_may_not_read_or_adjudicate_is_told_why(
    entries: list[Diagnosis], kind: str, author: str, reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_may_read(entries, kind, author)

    assert refused.value.reason == reason


def test_a_second_reader_and_a_third_persons_adjudication_are_let_in() -> None:
    check_may_read([reading("a")], "independent", "id-of-b")
    check_may_read([reading("a"), reading("b", "J18.9")], "adjudication", "id-of-c")
