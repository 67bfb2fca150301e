"""The measure counts what is left and what is lost; the writers mark what they say."""

from typing import Any

import pytest

from tests.adversarial.generators.__main__ import KINDS, WRITERS, reports
from tests.adversarial.generators.measure import Score


def report(text: str, identifiers: dict[str, str], *clinical: str) -> dict[str, Any]:
    def span(part: str) -> dict[str, Any]:
        return {"start": text.index(part), "end": text.index(part) + len(part), "text": part}

    return {
        "patient": {"name_kanji": "", "name_kana": "", "name_romaji": "", "id": "", "birth_date": "", "sex": "O"},
        "header_known": False,
        "text": text,
        "identifiers": [{**span(part), "kind": kind} for part, kind in identifiers.items()],
        "clinical": [span(part) for part in clinical],
        "not_dates": [],
    }


def test_what_is_masked_what_is_left_and_what_is_lost_are_counted() -> None:
    score = Score("jmid")
    text = "読影医 黒崎莉子。結節は不変。TEL 03-1234-5678。"

    score.add(report(text, {"黒崎莉子": "staff_name", "結節": "other_person"}, "不変", "黒崎"))

    assert score.left_by_kind() == [("other_person", 1, 1), ("staff_name", 0, 1)]
    assert "recall 50.00% of 2" in score.line()
    assert "clinical kept 50.00% of 2" in score.line()


@pytest.mark.slow
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_writer_marks_the_same_places_each_time(writer: str, kind: str) -> None:
    made = list(reports(writer, kind, 5, 20))

    assert made == list(reports(writer, kind, 5, 20))
    for each in made:
        for span in (*each["identifiers"], *each["clinical"], *each["not_dates"]):
            assert each["text"][span["start"] : span["end"]] == span["text"]
