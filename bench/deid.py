"""Measure de-identification of Instances: python -m bench.deid [FOLDER] [--peers PYTHON] [--json FILE].

Speed is CPU time per Instance of one process, from bytes to bytes in memory, the best of several rounds, beside pydicom
reading and writing the same bytes and beside copying them. Leaks are planted identifiers that stand in a tool's output,
of the planted corpus of tests/anonymizer. --peers names a Python in which dicom-anonymizer, dicognito or deid are
installed; a peer that is missing, or refuses a file, is shown as such.
"""

import argparse
import io
import json
import subprocess
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

from services.anonymizer import keys
from services.anonymizer.context import Policy
from services.anonymizer.instance import deidentify
from tests.anonymizer.planted import SCRIPTS, Planted, ct, survivors

ROUNDS = 7
PEERS = {
    "dicom-anonymizer": "from dicomanonymizer import anonymize\nanonymize(src, dst, {}, True)",
    "dicognito": (
        "import pydicom\nfrom dicognito.anonymizer import Anonymizer\n"
        "d = pydicom.dcmread(src)\nAnonymizer().anonymize(d)\nd.save_as(dst)"
    ),
    "deid": (
        "from deid.dicom import replace_identifiers\n"
        "replace_identifiers(dicom_files=[src], save=True, overwrite=True, output_folder=dst.rsplit('/', 1)[0])"
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, help="Instances to time; else the planted CT image.")
    parser.add_argument("--peers", help="A Python with the peers installed.")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        made = keys.create(Path(scratch) / "keys", "bench")
        policies = {name: Policy(name, made, "bench") for name in ("jmid", "research")}
        left = leaks(policies)
        if arguments.peers:
            left |= {peer: peer_leaks(arguments.peers, code, scratch) for peer, code in PEERS.items()}
        results = {"speed": speed(instances(arguments.folder), policies), "leaks": left}
    show(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


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


def peer_leaks(python: str, code: str, scratch: str) -> str:
    """Return the same of a peer's own default profile, run in its own Python."""
    outputs: list[tuple[Planted, bytes]] = []
    for script in SCRIPTS:
        planted = ct(script)
        source, target = Path(scratch) / "in" / f"{script}.dcm", Path(scratch) / "out" / f"{script}.dcm"
        for folder in (source.parent, target.parent):
            folder.mkdir(exist_ok=True)
        source.write_bytes(planted.data)
        target.unlink(missing_ok=True)
        program = f"src, dst = {str(source)!r}, {str(target)!r}\n{code}"
        subprocess.run([python, "-c", program], capture_output=True, check=False, timeout=120)
        if target.exists():
            outputs.append((planted, target.read_bytes()))
    return _share(outputs)


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
    table = Table("tool, its default profile", "planted identifiers left")
    for name, text in results["leaks"].items():
        table.add_row(name, text)
    console.print(table)


if __name__ == "__main__":
    main()
