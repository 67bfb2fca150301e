"""The program on two sets of 260 synthetic sentences in nine styles that other hands wrote and labelled."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from services.search.findings.finding import Finding
from tests.search.findings.score import matched, score

HELD_OUT = Path(__file__).parent / "sentences" / "held_out.jsonl"
DEVELOPMENT = Path(__file__).parent / "sentences" / "development.jsonl"


def labelled(path: Path = DEVELOPMENT) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("path", [DEVELOPMENT, HELD_OUT])
def test_labels_stand_where_they_say(path: Path) -> None:
    sentences = labelled(path)

    wrong = [
        label
        for each in sentences
        for label in each["findings"]
        if each["text"][label["start"] : label["end"]] != label["term"]
    ]

    assert wrong == []
    assert len(sentences) == 260


def test_findings_of_the_development_set_are_found_and_no_denial_is_shown_as_present() -> None:
    got = score(labelled())

    assert got.f1 >= 0.97
    assert got.denied_as_present == ()


def test_findings_of_the_held_out_set_are_found_and_no_denial_is_shown_as_present() -> None:
    got = score(labelled(HELD_OUT))

    assert got.f1 >= 0.92
    assert got.denied_as_present == ()


def test_a_finding_matches_a_label_once_and_only_with_the_same_certainty() -> None:
    found = [Finding("結節", 0, 2, "present"), Finding("結節", 0, 2, "present"), Finding("胸水", 3, 5, "absent")]
    labels = [
        {"term": "結節", "start": 0, "end": 2, "certainty": "present"},
        {"term": "胸水", "start": 3, "end": 5, "certainty": "present"},
    ]

    pairs, spare, lost = matched(found, labels)

    assert len(pairs) == 1
    assert spare == found[1:]
    assert lost == labels[1:]
