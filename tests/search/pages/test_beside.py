"""What stands beside a case: changes between versions, and the frames of a Series."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.search.pages.beside import frames_of, history
from services.search.pages.differences import MOST_WORDS, Change, changes
from shared.fhir import codes
from shared.fhir.report import PublishedReport, published
from tests.examples import examples

TEXTS = st.text(alphabet="右左肺に結節を認める12.5mm \n", max_size=30)


@settings(max_examples=examples(60), deadline=None)
@given(earlier=TEXTS, later=TEXTS)
def test_the_runs_are_both_texts(earlier: str, later: str) -> None:
    runs = changes(earlier, later)

    assert "".join(run.text for run in runs if run.kind != "added") == earlier
    assert "".join(run.text for run in runs if run.kind != "removed") == later


def test_a_changed_word_is_one_run_and_a_number_is_not_cut() -> None:
    assert changes("右肺に 5 mm", "左肺に 12.5 mm") == [
        Change("removed", "右"),
        Change("added", "左"),
        Change("same", "肺に "),
        Change("removed", "5"),
        Change("added", "12.5"),
        Change("same", " mm"),
    ]


@pytest.mark.parametrize("unit", ["あ", "あ\n"])
def test_a_text_too_long_to_compare_is_shown_whole(unit: str) -> None:
    long = unit * (MOST_WORDS + 1)

    assert "".join(run.text for run in changes(long, long + "い") if run.kind != "removed") == long + "い"


def version(text: str, status: str = "final") -> PublishedReport:
    observation = {"resourceType": "Observation", "code": {"coding": [{"code": codes.FINDINGS}]}, "valueString": text}
    return published({"resourceType": "DiagnosticReport", "id": "r", "status": status, "contained": [observation]})


def test_an_earlier_version_is_compared_with_the_one_after_it() -> None:
    shown = history([version("c", "amended"), version("b"), version("a", "preliminary")])

    assert shown.versions == 3
    assert [(each.number, each.status) for each in shown.earlier] == [(2, "final"), (1, "preliminary")]
    assert shown.earlier[1].sections == [("Findings", [Change("removed", "a"), Change("added", "b")])]


def test_of_a_retracted_version_no_text_is_shown() -> None:
    assert history([version("b", "corrected"), version("a", "entered-in-error")]).earlier == []


def test_frames_are_in_the_order_of_instance_numbers() -> None:
    def instance(uid: str, **values: Any) -> dict[str, Any]:
        header = {"00080018": {"vr": "UI", "Value": [uid]}}
        return header | {f"{tag[1:]}": {"Value": [value]} for tag, value in values.items()}

    shown = frames_of([instance("1.3", t00200013=10), instance("1.2", t00200013="2", t00280008=2), instance("1.1")])

    assert shown == [("1.1", 0), ("1.2", 1), ("1.2", 2), ("1.3", 0)]
