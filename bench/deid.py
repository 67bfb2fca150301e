"""Measure de-identification of Instances: python -m bench.deid [FOLDER] [--no-peers] [--json FILE].

Speed is CPU time per Instance of one process, from bytes to bytes in memory, the best of several rounds, beside pydicom
reading and writing the same bytes and beside copying them; peers go from file to file. Throughput is the whole command
``jmid deid instances`` on all cores, its start included. Leaks are planted identifiers that stand in a tool's output,
of the planted corpus of tests/anonymizer. The peers (dicom-anonymizer, dicognito, deid) are installed into an
environment of their own; one that does not run, or refuses a file, is shown as such.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pydicom
from rich.console import Console
from rich.table import Table

from bench import peers
from services.anonymizer.dicom import patient_identifiers
from services.anonymizer.instances import series_template
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms import keys
from shared.dicom import file_format
from tests.anonymizer.instances.planted import SCRIPTS, Planted, ct, survivors

ROUNDS = 7
COPIES = 4000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, help="Instances to time; else the planted CT image.")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        made = keys.create(Path(scratch) / "keys", "bench")
        policies = {name: Policy(name, made, "bench") for name in ("jmid", "research")}
        files = instances(arguments.folder)
        results: dict[str, Any] = {"speed": speed(files, policies), "leaks": leaks(policies)}
        interpreter = None if arguments.no_peers else peers.python()
        if interpreter:
            measure_peers(interpreter, files, Path(scratch), results)
        results["throughput"] = throughput(files, Path(scratch))
    show(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


def measure_peers(interpreter: Path, files: Sequence[bytes], scratch: Path, results: dict[str, Any]) -> None:
    """Add what the peers do to the results."""
    reference = results["speed"]["pydicom read + write"]["ms"]
    for name in peers.CODE:
        results["leaks"][name] = peer_leaks(name, interpreter, scratch)
        taken = peers.deidentify(name, interpreter, _written(files, scratch / name))
        results["speed"][name] = {"ms": taken or 0.0, "factor": round(reference / taken, 1) if taken else 0.0}


def instances(folder: Path | None) -> list[bytes]:
    """Return the Instances of a folder that can be de-identified, or a planted one."""
    if folder is None:
        return [ct("utf-8").data]
    found = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    return [data for data in found if data[128:132] == b"DICM" and b"1.2.840.10008.1.3.10" not in data[:400]]


def speed(files: Sequence[bytes], policies: dict[str, Policy]) -> dict[str, dict[str, float]]:
    """Return CPU milliseconds per Instance and the factor to pydicom."""
    works: dict[str, Callable[[bytes], object]] = {"copy": bytearray, "pydicom read + write": reread}
    works |= {f"J-MID {name}": partial(deidentify, policy=policy) for name, policy in policies.items()}
    works["J-MID jmid, each as the first of its Series"] = partial(_alone, policy=policies["jmid"])
    works["of which reading who it is about"] = _who
    taken = {name: milliseconds(work, files) for name, work in works.items()}
    reference = taken["pydicom read + write"]
    return {name: {"ms": round(ms, 3), "factor": round(reference / ms, 1)} for name, ms in taken.items()}


def milliseconds(work: Callable[[bytes], object], files: Sequence[bytes]) -> float:
    """Return the best of several rounds over all files, per file."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for data in files:
            work(data)
        rounds.append(time.process_time() - started)
    return min(rounds) / len(files) * 1000


def _alone(data: bytes, policy: Policy) -> object:
    """De-identify without what a neighbour of the same Series taught."""
    series_template.forget()
    return deidentify(data, policy)


def _who(data: bytes) -> object:
    file = file_format.split(data)
    return patient_identifiers.read(file.data, file.start, file.syntax)


def reread(data: bytes) -> bytes:
    """Read all elements and write them, which is the least that a tool on pydicom does."""
    dataset = pydicom.dcmread(io.BytesIO(data))
    for element in dataset.iterall():
        _ = element.value
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    return buffer.getvalue()


def leaks(policies: dict[str, Policy]) -> dict[str, str]:
    """Return, of all planted identifiers, how many survive our profiles."""
    return {
        f"J-MID {name}": _share([(each, deidentify(each.data, policy).data) for each in map(ct, SCRIPTS)])
        for name, policy in policies.items()
    }


def peer_leaks(name: str, interpreter: Path, scratch: Path) -> str:
    """Return the same of a peer's own default profile."""
    planted = [ct(script) for script in SCRIPTS]
    pairs = _written([each.data for each in planted], scratch / f"{name}-leaks")
    peers.deidentify(name, interpreter, pairs)
    return _share(
        [(each, target.read_bytes()) for each, (_, target) in zip(planted, pairs, strict=True) if target.exists()]
    )


def throughput(files: Sequence[bytes], scratch: Path) -> dict[str, float]:
    """Return how many Instances a second the command takes from folder to folder, on all cores."""
    source, target, made = scratch / "many", scratch / "many-out", scratch / "keys"
    source.mkdir()
    for number in range(COPIES):
        (source / f"{number:05}.dcm").write_bytes(_another(files[number * len(files) // COPIES], number))
    jobs = len(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "services", "deid", "instances", str(source), str(target)]
    began = time.perf_counter()
    subprocess.run(
        [*command, "--profile", "jmid", "--keys", str(made), "--jobs", str(jobs)], capture_output=True, check=True
    )
    return {"instances": COPIES, "cores": jobs, "per_s": round(COPIES / (time.perf_counter() - began), 1)}


def _another(data: bytes, number: int) -> bytes:
    """Return the file as an Instance of its own: another SOP Instance UID of the same length, wherever it stands."""
    uid = str(pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True).SOPInstanceUID)
    return data.replace(uid.encode("ascii"), f"{uid[:-6]}{number + 100_000}".encode("ascii"))


def _written(files: Sequence[bytes], folder: Path) -> list[tuple[Path, Path]]:
    """Write the files; return where each is and where its output is to be."""
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    pairs = [(folder / "in" / f"{number}.dcm", folder / "out" / f"{number}.dcm") for number in range(len(files))]
    for (source, _), data in zip(pairs, files, strict=True):
        source.write_bytes(data)
    return pairs


def _share(outputs: Sequence[tuple[Planted, bytes]]) -> str:
    if not outputs:
        return "no output"
    planted = sum(len(each.gone) for each, _ in outputs)
    left = sum(len(survivors(each, output)) for each, output in outputs)
    return f"{left} of {planted} ({left / planted:.1%}), {len(outputs)} of {len(SCRIPTS)} files"


def show(results: dict[str, Any]) -> None:
    console = Console()
    table = Table("one process", "CPU ms per Instance", "x pydicom")
    for name, row in results["speed"].items():
        table.add_row(name, f"{row['ms']:.3f}", f"{row['factor']:.1f}")
    console.print(table)
    done = results["throughput"]
    console.print(f"jmid deid instances: {done['instances']} Instances on {done['cores']} cores, {done['per_s']}/s")
    table = Table("tool, its default profile", "planted identifiers left")
    for name, text in results["leaks"].items():
        table.add_row(name, text)
    console.print(table)


if __name__ == "__main__":
    main()
