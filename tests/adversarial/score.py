"""Run the corpus through the real command line and count what leaked and what was wrongly removed."""

import csv
import json
import re
import subprocess
import sys
import warnings
from collections import Counter, defaultdict
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from tests.adversarial.planter import Header
from tests.adversarial.reports import Report
from tests.adversarial.search import needles, plain

PROFILES = ("jmid", "research")
_GEOMETRY = (
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SliceThickness",
    "KVP",
    "EchoTime",
    "RepetitionTime",
    "NumberOfFrames",
    "Modality",
    "SOPClassUID",
    "BitsStored",
    "RescaleSlope",
)


class Score:
    """Counts per category.  examples: (category, text, where) of what went wrong."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.examples: list[tuple[str, str, str, str]] = []

    def add(
        self, category: str, what: str, *, wrong: bool, text: str = "", where: str = "", flagged: bool = False
    ) -> None:
        """Count one item; what: leaked or removed."""
        row = self.counts[category]
        row["planted" if what == "leaked" else "to keep"] += 1
        row[what] += wrong
        row["flagged"] += wrong and flagged
        if wrong:
            self.examples.append((what, category, text, where))

    def table(self) -> str:
        """Return the counts as a Markdown table."""
        columns = ("planted", "leaked", "flagged", "held", "to keep", "removed")
        titles = ("planted", "leaked", "of these flagged", "held in quarantine", "to keep", "wrongly removed")
        rows = ["| category | " + " | ".join(titles) + " |", "| --- |" + " ---: |" * len(titles)]
        total: Counter[str] = Counter()
        for category in sorted(self.counts):
            total.update(self.counts[category])
            rows.append(f"| {category} | " + " | ".join(str(self.counts[category][c]) for c in columns) + " |")
        rows.append("| **all** | " + " | ".join(f"**{total[c]}**" for c in columns) + " |")
        return "\n".join(rows)


def jmid(*arguments: str) -> None:
    """Run the command line.  Raises CalledProcessError when it fails with a code above 1."""
    done = subprocess.run([sys.executable, "-m", "services", *arguments], capture_output=True, text=True, check=False)
    if done.returncode > 1:
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)


def make_keys(work: Path) -> Path:
    """Make keys in work by the command line."""
    keys = work / "keys"
    if not keys.exists():
        jmid("keys", "new", str(keys))
    return keys


def score_reports(reports: list[Report], profile: str, work: Path) -> Score:
    """De-identify reports and compare with the key."""
    source, target = work / "reports.jsonl", work / f"reports-{profile}.jsonl"
    source.write_text("".join(json.dumps(r.line(), ensure_ascii=False) + "\n" for r in reports))
    jmid("deid", "reports", str(source), str(target), "--keys", str(make_keys(work)), "--profile", profile)
    answers = {a["id"]: a for a in map(json.loads, target.read_text().splitlines())}
    score = Score()
    for report in reports:
        judge_report(report, answers[report.id], profile, score)
    return score


def judge_report(report: Report, answer: dict[str, object], profile: str, score: Score) -> None:
    """Count one report's answer."""
    text, flagged = str(answer.get("text", "")), bool(answer.get("review"))
    for planted in report.hidden:
        if profile in planted.profiles:
            wrong = any(_stands(part, text) for part in planted.parts)
            score.add(planted.category, "leaked", wrong=wrong, text=planted.text, where=report.id, flagged=flagged)
        else:
            score.add(
                "kept-" + planted.category,
                "removed",
                wrong=planted.text not in text,
                text=planted.text,
                where=report.id,
            )
    for category, word in report.kept:
        score.add(category, "removed", wrong=word not in text, text=word, where=report.id)


def _stands(part: str, text: str) -> bool:
    before = r"(?<![\d/.])" if part[0].isdigit() else ""
    return re.search(before + re.escape(part) + (r"(?!\d)" if part[-1].isdigit() else ""), text) is not None


def score_headers(headers: list[Header], profile: str, work: Path) -> Score:
    """De-identify files and compare with the key."""
    source, target, refused = work / "in", work / f"out-{profile}", work / f"refused-{profile}"
    source.mkdir(exist_ok=True)
    for header in headers:
        (source / f"{header.name}.dcm").write_bytes(header.data)
    jmid(
        "deid",
        "instances",
        str(source),
        str(target),
        "--keys",
        str(make_keys(work)),
        "--profile",
        profile,
        "--quarantine",
        str(refused),
        "--jobs",
        "1",
    )
    with (target / "index.csv").open() as file:
        index = {Path(row["input"]).stem: row for row in csv.DictReader(file)}
    score = Score()
    for header in headers:
        row = index[header.name]
        if row["output"]:
            judge_header(header, (target / row["output"]).read_bytes(), profile, score)
        else:
            score.examples.append(("held", row["reason"], header.base, header.name))
            for planted in header.hidden:
                score.counts[planted.category].update({"planted": 1, "held": 1})
    return score


def judge_header(header: Header, out: bytes, profile: str, score: Score) -> None:
    """Count one file's answer."""
    body = plain(out)
    left = {p.text for p in header.hidden if profile in p.profiles and any(n in body for n in needles(p.text))}
    for planted in header.hidden:
        if profile in planted.profiles:
            part = any(planted.text in text and planted.text != text for text in left)
            wrong = planted.text in left and not part  # a part of what survived is not a second leak
            score.add(planted.category, "leaked", wrong=wrong, text=planted.text, where=f"{header.name} {header.base}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, after = pydicom.dcmread(BytesIO(header.data)), pydicom.dcmread(BytesIO(out))
        _judge_kept(header, before, after, score)


def _judge_kept(header: Header, before: Dataset, after: Dataset, score: Score) -> None:
    where = f"{header.name} {header.base}"
    for keyword in _GEOMETRY:
        if keyword in before:
            score.add("geometry", "removed", wrong=before.get(keyword) != after.get(keyword), text=keyword, where=where)
    if "PixelData" in before:
        score.add("pixels", "removed", wrong=before.PixelData != after.get("PixelData"), text="PixelData", where=where)
    numbers = [_numbers(ds) for ds in (before, after)]
    if numbers[0]:
        score.add("sr-numbers", "removed", wrong=numbers[0] != numbers[1], text="NumericValue", where=where)
    for word in header.kept:
        if word in str(before.get("SeriesDescription")):
            kept = word in str(after.get("SeriesDescription"))
            score.add("descriptor-word", "removed", wrong=not kept, text=word, where=where)


def _numbers(ds: Dataset) -> list[str]:
    """Return all numeric values of an SR content tree, PS3.3 C.18.1, in order."""
    own = [str(m.get("NumericValue")) for m in ds.get("MeasuredValueSequence") or []]
    return own + [number for item in ds.get("ContentSequence") or [] for number in _numbers(item)]
