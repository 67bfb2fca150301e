"""De-identifies the files of a folder with the service's own code, in several processes, and keeps an index."""

import csv
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress

from services.anonymizer.instances.batch import Refusal, deidentify_one
from services.anonymizer.instances.deidentify import Cleaned
from services.anonymizer.pixels.series_ends import Slice, chosen
from services.anonymizer.pixels.series_slices import File, read_slices, with_text
from services.anonymizer.policy import Policy
from shared.logs import decided
from shared.supervision import origin

_PORTION = 16
_AHEAD = 4  # portions that wait per worker: bounds memory and keeps all busy


class Row(NamedTuple):
    """One line of the index. output: the file, relative to OUT_DIR; quarantine: likewise to its folder; reason: why."""

    input: str
    output: str
    quarantine: str
    reason: str


def deidentify_folder(
    in_dir: Path, out_dir: Path, policy: Policy, quarantine: Path | None, jobs: int, console: Console
) -> tuple[int, int]:
    """De-identify every file below in_dir; return how many passed and how many were refused."""
    out_dir.mkdir(parents=True, exist_ok=True)
    names = sorted(str(path.relative_to(in_dir)) for path in in_dir.rglob("*") if path.is_file())
    portions = [names[at : at + _PORTION] for at in range(0, len(names), _PORTION)]
    suspects = _suspects(in_dir, portions, policy, jobs) if policy.search_pixels else frozenset()
    passed = 0
    (out_dir / "index.csv").touch(mode=0o600)  # names of input files often are names of patients
    with (out_dir / "index.csv").open("w", encoding="utf-8", newline="") as file, Progress(console=console) as bar:
        index = csv.writer(file)
        index.writerow(Row._fields)
        task = bar.add_task("De-identifying", total=len(names))
        for rows in _worked(in_dir, out_dir, portions, policy, quarantine, jobs, suspects):
            index.writerows(rows)
            passed += sum(1 for row in rows if row.output)
            bar.advance(task, len(rows))
    return passed, len(names) - passed


def _suspects(in_dir: Path, portions: list[list[str]], policy: Policy, jobs: int) -> frozenset[str]:
    """Return the files at which the text detector has to look: of Series with text at an end or in the middle."""
    by_series: dict[str, list[Slice]] = {}
    with _workers(jobs) as pool:
        heads = [pool.submit(read_slices, _opened(in_dir, names), policy.keys) for names in portions]
        for slices, _ in (each.result() for each in heads):  # what cannot be read is refused later
            for each in slices:
                by_series.setdefault(each.series, []).append(each)
        looks = {
            series: pool.submit(with_text, _opened(in_dir, [each.key for each in chosen(slices, None)]))
            for series, slices in by_series.items()
        }
        suspects: set[str] = set()
        for series, look in looks.items():
            seen, unseen = look.result()
            suspects |= {each.key for each in by_series[series]} if seen else set(unseen)
    return frozenset(suspects)


def _opened(in_dir: Path, names: Sequence[str]) -> list[tuple[str, File]]:
    return [(name, in_dir / name) for name in names]


def _workers(jobs: int) -> ProcessPoolExecutor | ThreadPoolExecutor:
    return ProcessPoolExecutor(jobs) if jobs > 1 else ThreadPoolExecutor(1)


def _worked(
    in_dir: Path,
    out_dir: Path,
    portions: list[list[str]],
    policy: Policy,
    quarantine: Path | None,
    jobs: int,
    suspects: frozenset[str],
) -> Iterator[list[Row]]:
    """Yield the rows of each portion, in order."""
    with _workers(jobs) as pool:
        waiting: list[Future[list[Row]]] = []
        for portion in portions:
            suspected = suspects.intersection(portion)
            waiting.append(pool.submit(deidentify_files, in_dir, out_dir, portion, policy, quarantine, suspected))
            if len(waiting) >= jobs * _AHEAD:
                yield waiting.pop(0).result()
        for each in waiting:
            yield each.result()


def deidentify_files(
    in_dir: Path,
    out_dir: Path,
    names: list[str],
    policy: Policy,
    quarantine: Path | None,
    suspects: frozenset[str] = frozenset(),
) -> list[Row]:
    """De-identify some files; one is written as <SOP Instance UID>.dcm, since file names hold patients' names.

    suspects: those at which the text detector has to look, whatever the rules say of their kind.
    """
    searching = policy._replace(search_slices=True)
    return [
        _one_or_why_not(in_dir, out_dir, name, searching if name in suspects else policy, quarantine) for name in names
    ]


def _one_or_why_not(in_dir: Path, out_dir: Path, name: str, policy: Policy, quarantine: Path | None) -> Row:
    """De-identify one file; whatever is wrong with it stops no other. A file is never passed on as it is."""
    try:
        return _one(in_dir, out_dir, name, policy, quarantine)
    except Exception as error:
        decided("file-not-handled", level="error", error=type(error).__name__, origin=origin(error) or None)
        return Row(name, "", "", "not-handled")


def _one(in_dir: Path, out_dir: Path, name: str, policy: Policy, quarantine: Path | None) -> Row:
    finding = deidentify_one((in_dir / name).read_bytes(), policy)
    if isinstance(finding, Refusal):
        if quarantine is not None:
            target = quarantine / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(in_dir / name, target)
        return Row(name, "", name if quarantine is not None else "", finding.reason)
    return Row(name, _write(out_dir, finding), "", "")


def _write(out_dir: Path, finding: Cleaned) -> str:
    """Write the Instance and return its name; different Instances of one UID, which should not be, get one each."""
    for output in (f"{finding.sop_instance_uid}.dcm", f"{finding.sop_instance_uid}-{finding.digest[:12]}.dcm"):
        path = out_dir / output
        try:
            with path.open("xb") as file:
                file.write(finding.data)
        except FileExistsError:
            if hashlib.sha256(path.read_bytes()).hexdigest() != finding.digest:
                continue
        return output
    path.write_bytes(finding.data)
    return output
