"""Make the learned reader's model: python -m tests.adversarial.generators.learn [--without WRITER] [--to FILE].

Reports of every writer but one that is left out, from seeds that no score uses; the same input makes the same model.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pycrfsuite

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.learned import features, reader
from tests.adversarial.generators.__main__ import WRITERS, reports

SEED: Final = 20261128
COUNTS: Final = {"hostile": 600, "ordinary": 300}
CATEGORIES: Final = {
    "staff_name": "physician", "patient_name": "name", "relative_name": "name", "other_person": "name",
    "hospital": "institution", "hospital_short": "institution", "employer": "institution", "school": "institution",
    "ward": "department", "room": "department", "address": "address", "phone": "phone", "login": "login",
    "email": "login", "url": "login", "patient_id": "other_id", "accession": "other_id", "insurer_number": "other_id",
}  # fmt: skip
"""Kind of identifier → category of the span; the rest, dates and ages, are for rules."""
PARAMETERS: Final = {
    "c1": 0.5, "c2": 0.05, "max_iterations": 80, "feature.minfreq": 3, "feature.possible_transitions": False,
}  # fmt: skip


def main() -> None:
    """Learn, and write the model."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--without", choices=WRITERS, help="a writer that the model is to be measured by")
    options.add_argument("--to", type=Path, default=_data() / reader.MODEL)
    given = options.parse_args()
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(PARAMETERS)
    for writer in WRITERS:
        if writer != given.without:
            for kind, count in COUNTS.items():
                for report in reports(writer, kind, SEED, count):
                    trainer.append(*example(report))
    trainer.train(str(given.to))


def example(report: Mapping[str, Any]) -> tuple[list[list[str]], list[str]]:
    """Return the features of each word of a report, and the category that it is of."""
    folded = FoldedText(report["text"])
    words, seen = features.read(folded)
    places = list(_places(report))
    return seen, [_category(folded, places, word.start, word.end) for word in words]


def _places(report: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    for each in report["identifiers"]:
        if each["kind"] in CATEGORIES:
            yield each["start"], each["end"], CATEGORIES[each["kind"]]


def _category(folded: FoldedText, places: list[tuple[int, int, str]], start: int, end: int) -> str:
    low, high = folded.original(start, end)
    for begins, ends, category in places:
        if low < ends and begins < high:
            return category
    return reader.NOTHING


def _data() -> Path:
    return Path(features.__file__).parent / "data"


if __name__ == "__main__":
    main()
