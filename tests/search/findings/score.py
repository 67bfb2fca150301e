"""Scores the program on labelled sentences: ``python -m tests.search.findings.score FILE [--errors]``.

FILE: JSON lines of {"id", "style", "text", "findings": [{"term", "start", "end", "certainty", "side", "size_mm",
"comparison"}]}; places are code points.  A finding of the program matches a labelled one if their places overlap and
their certainty is the same; each matches once.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from services.search.findings.extract import findings_of
from services.search.findings.finding import Finding

Labelled = dict[str, Any]


class Score(NamedTuple):
    """Counts over sentences. details: name → (right, of all) on matched findings."""

    right: int = 0
    too_many: int = 0
    missed: int = 0
    denied_as_present: tuple[str, ...] = ()
    details: tuple[tuple[str, int, int], ...] = ()

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.too_many)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.too_many + self.missed)


def score(sentences: Iterable[Labelled]) -> Score:
    """Compare the program with labels."""
    right = too_many = missed = 0
    denied: list[str] = []
    details: dict[str, list[bool]] = defaultdict(list)
    for sentence in sentences:
        found = findings_of(sentence["text"])
        pairs, spare, lost = matched(found, sentence["findings"])
        right, too_many, missed = right + len(pairs), too_many + len(spare), missed + len(lost)
        denied += [f"{sentence['id']}: {label['term']}" for label in _denied_as_present(found, sentence["findings"])]
        for finding, label in pairs:
            details["side"].append(finding.side == (label["side"] or ""))
            details["size"].append(list(finding.size_mm) == (label["size_mm"] or []))
            details["comparison"].append(finding.comparison == (label["comparison"] or ""))
    counted = tuple((name, sum(values), len(values)) for name, values in sorted(details.items()))
    return Score(right, too_many, missed, tuple(denied), counted)


def matched(
    found: Iterable[Finding], labels: Iterable[Labelled]
) -> tuple[list[tuple[Finding, Labelled]], list[Finding], list[Labelled]]:
    """Return pairs, findings without a label, and labels without a finding."""
    spare, pairs, lost = list(found), [], []
    for label in labels:
        match = next((f for f in spare if f.certainty == label["certainty"] and _overlap(f, label)), None)
        if match is None:
            lost.append(label)
        else:
            spare.remove(match)
            pairs.append((match, label))
    return pairs, spare, lost


def _denied_as_present(found: Iterable[Finding], labels: Iterable[Labelled]) -> Iterator[Labelled]:
    """The hard rule: what a text plainly denies is never shown as present."""
    present = [finding for finding in found if finding.certainty == "present"]
    asserted = [label for label in labels if label["certainty"] == "present"]
    for label in labels:
        if label["certainty"] == "absent" and any(
            _overlap(f, label) and not any(_overlap(f, other) for other in asserted) for f in present
        ):
            yield label


def _overlap(finding: Finding, label: Labelled) -> bool:
    return bool(finding.start < label["end"] and label["start"] < finding.end)


def report(sentences: list[Labelled]) -> str:
    """Return the scores as Markdown rows: all, then by style."""
    styles = sorted({sentence["style"] for sentence in sentences})
    groups = [("all", sentences), *((style, [s for s in sentences if s["style"] == style]) for style in styles)]
    rows = ["| style | sentences | findings | precision | recall | F1 | denied as present | side | size | comparison |"]
    rows.append("| --- " * 10 + "|")
    for name, group in groups:
        got = score(group)
        by_name = {detail: f"{right}/{of}" for detail, right, of in got.details}
        details = " | ".join(by_name.get(detail, "0/0") for detail in ("side", "size", "comparison"))
        rows.append(
            f"| {name} | {len(group)} | {got.right + got.missed} "
            f"| {got.precision:.3f} | {got.recall:.3f} | {got.f1:.3f} | {len(got.denied_as_present)} | {details} |"
        )
    return "\n".join(rows)


def errors(sentences: Iterable[Labelled]) -> Iterator[str]:
    """Yield a line for each sentence in which something is wrong."""
    for sentence in sentences:
        _, spare, lost = matched(findings_of(sentence["text"]), sentence["findings"])
        if spare or lost:
            too_many = ", ".join(f"+{f.term}={f.certainty}" for f in spare)
            missed = ", ".join(f"-{label['term']}={label['certainty']}" for label in lost)
            yield f"{sentence['id']} {sentence['text']!r}\n    {too_many} {missed}"


def main(arguments: list[str]) -> None:
    """Print the scores of one file."""
    lines = Path(arguments[0]).read_bytes().splitlines()
    sentences = [orjson.loads(line) for line in lines if line.strip()]
    print(report(sentences))
    print("\n".join(["", *score(sentences).denied_as_present]))
    if "--errors" in arguments:
        print("\n".join(errors(sentences)))


if __name__ == "__main__":
    main(sys.argv[1:])
