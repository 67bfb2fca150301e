"""Defaces the Series that lie in a folder, and keeps an index of what became of each file."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pydicom
from rich.console import Console
from rich.progress import Progress

from services.anonymizer.deface.series import defaced
from services.anonymizer.deface.volume import Defacer
from shared.errors import Refused


class Row(NamedTuple):
    """One line of the index. output: the file in OUT_DIR, or empty; reason: why there is none."""

    input: str
    output: str
    reason: str


def deface_folder(in_dir: Path, out_dir: Path, defacer: Defacer, console: Console) -> tuple[int, int]:
    """Deface every Series below in_dir; return how many files passed and how many were refused.

    A Series passes whole or not at all: one slice with a face would undo the others.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    paths = sorted(path for path in in_dir.rglob("*") if path.is_file() and path.name != "index.csv")
    passed = 0
    with (out_dir / "index.csv").open("w", encoding="utf-8", newline="") as file, Progress(console=console) as bar:
        index = csv.writer(file)
        index.writerow(Row._fields)
        task = bar.add_task("Defacing", total=len(paths))
        for rows in _series(in_dir, out_dir, paths, defacer):
            index.writerows(rows)
            passed += sum(bool(row.output) for row in rows)
            bar.advance(task, len(rows))
    return passed, len(paths) - passed


def _series(in_dir: Path, out_dir: Path, paths: list[Path], defacer: Defacer) -> Iterator[list[Row]]:
    """Yield the rows of each Series, and first of what is no DICOM file."""
    by_series: dict[str, list[Path]] = {}
    strays: list[Row] = []
    for path in paths:
        try:
            uid = str(pydicom.dcmread(path, specific_tags=["SeriesInstanceUID"]).get("SeriesInstanceUID", ""))
        except Exception:  # pydicom raises anything on a damaged file
            strays.append(Row(str(path.relative_to(in_dir)), "", "not-dicom"))
            continue
        by_series.setdefault(uid, []).append(path)
    yield strays
    for own in by_series.values():
        names = [str(path.relative_to(in_dir)) for path in own]
        try:
            defaced_files = defaced([path.read_bytes() for path in own], defacer)
        except Refused as error:
            yield [Row(name, "", error.reason) for name in names]
            continue
        except Exception:  # pydicom raises anything on a damaged file; the other Series go on
            yield [Row(name, "", "damaged") for name in names]
            continue
        yield [Row(name, _write(out_dir, data), "") for name, data in zip(names, defaced_files, strict=True)]


def _write(out_dir: Path, data: bytes) -> str:
    uid = pydicom.dcmread(io.BytesIO(data), specific_tags=["SOPInstanceUID"]).SOPInstanceUID
    (out_dir / f"{uid}.dcm").write_bytes(data)
    return f"{uid}.dcm"
