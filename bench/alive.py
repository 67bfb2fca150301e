"""How long ``/-/live`` takes while a service is sent what costs most: python -m bench.alive.

Archive and ingest, each in a process of its own as in a pod, get every body of tests/flow/test_bombs.py, and the
archive is then asked for frames, renderings and metadata of what it kept. Meanwhile another process asks ``/-/live``
every 20 ms, each time by a new connection as a kubelet does, and notes the milliseconds.
"""

import argparse
import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import aiohttp

from bench.archive_servers import Ours
from tests.flow.test_bombs import BODIES

EVERY_S = 0.02
LIMIT_MS = 100
ASKED = ("/rendered", f"/frames/{','.join(['1'] * 2000)}", "/thumbnail", "/metadata")
RESULTS = Path(__file__).parent / "results"


class Ingest(Ours):
    """``jmid run ingest`` with its STOW-RS door."""

    probe = ""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.root = "/-/live"

    def command(self) -> list[str]:
        """Return what starts it: no DIMSE port, which two runs would share."""
        jmid = Path(sys.executable).with_name("jmid")
        home = str(self.folder / "home")
        return ["env", "JMID_INGEST_DIMSE_PORT=-1", str(jmid), "run", "ingest", "--home", home,
                "--port", str(self.port), "--insecure"]  # fmt: skip


def watch(url: str, stop: Event, times: "multiprocessing.Queue[list[float]]") -> None:
    """Ask until told to stop; then put the milliseconds of each answer."""
    times.put(asyncio.run(_watch(url, stop)))


async def _watch(url: str, stop: Event) -> list[float]:
    taken = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        while not stop.is_set():
            began = time.perf_counter()
            async with session.get(url) as answer:
                await answer.read()
            taken.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(EVERY_S)
    return taken


async def attack(archive: str, ingest: str, name: str) -> None:
    """Send one body to both doors, and ask the archive for all that it holds."""
    headers, data = BODIES[name]()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(300)) as session:
        for url in (f"{archive}/studies", f"{ingest}/ingest/dicom-web/studies"):
            async with session.post(url, data=data, headers=headers) as answer:
                await answer.read()
        async with session.get(f"{archive}/instances", headers={"Accept": "application/dicom+json"}) as answer:
            stored = json.loads(await answer.read() or b"[]")
        for each in stored:
            study, series, sop = (each[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
            for end in ASKED:
                path = f"{archive}/studies/{study}/series/{series}/instances/{sop}{end}"
                async with session.get(path, headers={"Accept": "*/*"}) as answer:
                    await answer.read()


def measure(archive: Ours, ingest: Ours, name: str) -> dict[str, list[float]]:
    """Return the milliseconds of ``/-/live`` of both while one body and its questions are at work."""
    stop = multiprocessing.Event()
    watched = {}
    for server in (archive, ingest):
        times: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
        process = multiprocessing.Process(target=watch, args=(f"http://127.0.0.1:{server.port}/-/live", stop, times))
        process.start()
        watched[type(server).__name__] = (process, times)
    asyncio.run(attack(f"http://127.0.0.1:{archive.port}/dicom-web", f"http://127.0.0.1:{ingest.port}", name))
    stop.set()
    return {who: times.get(timeout=60) for who, (_, times) in watched.items()}


def main() -> None:
    """Measure every body and print a table: answers, median, and the longest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(BODIES), action="append")
    chosen = parser.parse_args().only or list(BODIES)
    results: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder, Ours(Path(folder) / "a") as archive, Ingest(Path(folder) / "b") as to:
        for name in chosen:
            results[name] = measure(archive, to, name)
            for who, taken in results[name].items():
                ordered = sorted(taken)
                late = sum(each >= LIMIT_MS for each in taken)
                middle, longest = ordered[len(taken) // 2], ordered[-1]
                print(f"{name:24} {who:8} {len(taken):6} asked  {middle:8.1f} ms median {longest:8.1f} longest"
                      f"  {late} of {LIMIT_MS} ms or more", flush=True)  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "alive.json").write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
