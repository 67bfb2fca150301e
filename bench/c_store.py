"""What C-STORE costs: memory for one large Instance, and time as an association grows.

python -m bench.c_store [SOURCE] [--mb 400] [--count 5000]: SOURCE is a Part 10 file with native pixel data that the
Instances are made from. Ingest and the anonymizer run as processes of their own on one embedded home. A peak is the
highest resident size (VmHWM, mapped files included) over what the process had before.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pydicom
from pydicom.uid import generate_uid
from pynetdicom import AE, _config
from pynetdicom.association import Association

from bench.archive_servers import free_port
from bench.replicas import _wait_ready

RESULTS = Path(__file__).parent / "results"
SOURCE = RESULTS / "input" / "ct" / "000.dcm"
WINDOWS = 5
DEIDENTIFY_S = 120.0


def main() -> None:
    """Print both figures and write bench/results/c_store.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, nargs="?", default=SOURCE)
    parser.add_argument("--mb", type=int, default=400)
    parser.add_argument("--count", type=int, default=5000)
    arguments = parser.parse_args()
    figures: dict[str, object] = {}
    if arguments.mb:
        figures["memory_mb"] = _memory(arguments.source, arguments.mb)
    if arguments.count:
        figures["history_ms"] = _history(arguments.source, arguments.count)
    print(json.dumps(figures, indent=1))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "c_store.json").write_text(json.dumps(figures), encoding="utf-8")


def _memory(source: Path, megabytes: int) -> dict[str, float]:
    """Return by how many MB each process grows at its peak for one multi-frame Instance."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = _multiframe(source, Path(folder) / "large.dcm", megabytes)
        home, dimse = Path(folder) / "home", free_port()
        ingest = stack.enter_context(_service("ingest", home, dimse))
        anonymizer = stack.enter_context(_service("anonymizer", home, dimse))
        before = {"ingest": _peak_mb(ingest), "anonymizer": _peak_mb(anonymizer)}
        began = time.perf_counter()
        with _association(dimse, path) as association:
            assert association.send_c_store(path).Status == 0
        took = time.perf_counter() - began
        found = home / "gateway"
        end = time.monotonic() + DEIDENTIFY_S
        while not [each for each in found.rglob("*.dcm") if each.stat().st_size > megabytes * 900_000]:
            assert time.monotonic() < end, "not de-identified in time"
            time.sleep(0.2)
        workers = {f"anonymizer worker {n}": _peak_mb(each) for n, each in enumerate(anonymizer.children(True))}
        after = {"ingest": _peak_mb(ingest), "anonymizer": _peak_mb(anonymizer)}
        return {name: round(after[name] - before[name], 1) for name in after} | workers | {"C-STORE, s": round(took, 2)}


def _history(source: Path, count: int) -> list[float]:
    """Return the median milliseconds of a C-STORE, for each part of one association."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home, dimse = Path(folder) / "home", free_port()
        stack.enter_context(_service("ingest", home, dimse))
        dataset = pydicom.dcmread(source)
        dataset.Rows = dataset.Columns = 16
        dataset.PixelData = bytes(512)
        times = []
        with _association(dimse, source) as association:
            for _ in range(count):
                dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
                began = time.perf_counter()
                assert association.send_c_store(dataset).Status == 0
                times.append((time.perf_counter() - began) * 1000)
        share = count // WINDOWS
        return [round(statistics.median(times[n * share : (n + 1) * share]), 2) for n in range(WINDOWS)]


def _multiframe(source: Path, path: Path, megabytes: int) -> Path:
    dataset = pydicom.dcmread(source)
    frame = dataset.PixelData
    dataset.NumberOfFrames = megabytes * 1_000_000 // len(frame) + 1
    dataset.PixelData = frame * dataset.NumberOfFrames
    dataset.save_as(path)
    return path


@contextmanager
def _service(name: str, home: Path, dimse_port: int) -> Iterator[psutil.Process]:
    port = free_port()
    command = [sys.executable, "-m", "services", "run", name, "--home", str(home), "--port", str(port)]
    environ = {**os.environ, "JMID_HOST_WORKERS": "1", "JMID_INGEST_DIMSE_PORT": str(dimse_port)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_ready(port)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


@contextmanager
def _association(port: int, path: Path) -> Iterator[Association]:
    _config.STORE_SEND_CHUNKED_DATASET = True
    meta = pydicom.dcmread(path, stop_before_pixels=True).file_meta
    entity = AE(ae_title="BENCH")
    entity.dimse_timeout = entity.network_timeout = 600
    entity.add_requested_context(meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID)
    association = entity.associate("127.0.0.1", port, ae_title="JMID")
    assert association.is_established
    try:
        yield association
    finally:
        association.release()


def _peak_mb(process: psutil.Process) -> float:
    text = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(text.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    main()
