"""Whose pseudonyms are one patient's follows from all that was said, in whatever order it came."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.linker.links.matching import StudyKeys, decide
from services.linker.links.merges import (
    MergeDecision,
    MergedPatients,
    PatientMerge,
    merge_id,
    survivors_of,
    with_decisions,
)
from shared.events import LinkKeys
from tests.examples import examples

Said = tuple[str, str, str, int]


def at(day: int) -> str:
    return f"2026-04-{day:02}T10:00:00+09:00"


def told(every: Sequence[Said]) -> dict[str, PatientMerge]:
    """Return the records after (action, replaced, surviving, day) in this order."""
    rows: dict[str, PatientMerge] = {}
    for action, replaced, surviving, day in every:
        key, pair = merge_id("hospital", (replaced, surviving)), (replaced, surviving)
        rows[key] = with_decisions(rows.get(key), "hospital", pair, [MergeDecision(action, surviving, at(day))])
    return rows


def survivors(*every: Said) -> dict[str, str]:
    return dict(survivors_of(told(every).values()).survivors)


def test_the_pseudonym_that_no_merge_replaces_stays_for_all() -> None:
    chain: list[Said] = [("merge", "A", "B", 1), ("merge", "B", "C", 2), ("merge", "D", "C", 3)]

    assert survivors(*chain) == dict.fromkeys("ABCD", "C")


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ([("merge", "A", "B", 1), ("unmerge", "A", "B", 2)], {}),
        ([("unmerge", "A", "B", 2), ("merge", "A", "B", 1)], {}),
        ([("merge", "A", "B", 1), ("unmerge", "B", "A", 2), ("merge", "B", "A", 3)], {"A": "A", "B": "A"}),
        ([("merge", "A", "B", 1), ("merge", "B", "A", 2)], {"A": "A", "B": "A"}),
        ([("merge", "A", "B", 1), ("unmerge", "A", "B", 1)], {}),  # of one moment: apart
        ([("merge", "A", "B", 1), ("merge", "B", "C", 1), ("merge", "C", "A", 1)], dict.fromkeys("ABC", "A")),
    ],
)
def test_what_was_said_last_holds(every: list[Said], expected: dict[str, str]) -> None:
    assert survivors(*every) == expected


@settings(max_examples=examples(200))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["merge", "unmerge"]), st.sampled_from("ABC"), st.sampled_from("DEF"), st.integers(1, 9)
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_any_order_and_any_repetition_come_to_the_same(every: list[Said], random: object) -> None:
    shuffled = [*every, *every[:2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert told(shuffled) == told(every)


def test_a_report_of_one_number_is_linked_to_a_study_of_the_other() -> None:
    merged = MergedPatients({"A": "B", "B": "B"})
    report = LinkKeys(patient_id="B", accession_number="N1")
    study = StudyKeys("1.2", patient_ids=("A",), accession_numbers=("N1",))

    apart = decide(report, [study])
    together = decide(merged.of_report(report), [merged.of_study(study)])

    assert (apart.studies, apart.reason) == ((), "patient-conflict")
    assert (together.studies, together.rule) == (("1.2",), "accession")
