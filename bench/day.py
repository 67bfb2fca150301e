"""A large site's day in minutes: do queues drain, does memory stay flat, are readers answered?

python -m bench.day SOURCE [--instances 1000] [--minutes 5] [--seed 1]: a day of 100,000 Instances is scaled to so many,
in Series of 50, and to so many minutes; bench/arrivals.py says when they come. One `jmid up` with gateway and centre
takes them by STOW-RS, while a reader searches and retrieves. SOURCE is a Part 10 file that the Instances are made from.
"""

import argparse
import asyncio
import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from bench.archive_load import STOW, Template, stow
from bench.arrivals import arrivals
from tests.flow.system import System, start_up

SERIES: Final = 50
DAY: Final = 100_000
PAUSE_S: Final = 0.25
SETTLED: Final = ("delivered", "duplicate", "partly-delivered", "undelivered")


@dataclass
class Day:
    """What is measured. rss: seconds from the start → bytes of the process and its workers.  reads: seconds each."""

    began: float = field(default_factory=time.monotonic)
    rss: list[tuple[float, int]] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    failed: int = 0
    receipts: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def now(self) -> float:
        return time.monotonic() - self.began


async def main() -> None:
    """Print the table and write bench/results/day.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("--instances", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        system = await asyncio.to_thread(start_up, Path(folder) / "home", {"JMID_HOST_WORKERS": "1"}, "--no-sample")
        try:
            figures = await measured(system, asked.source, asked.instances // SERIES, asked.minutes * 60, asked.seed)
        finally:
            await asyncio.to_thread(system.close)
    for name, value in figures.items():
        print(f"{name}: {value}")
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "day.json").write_text(json.dumps(figures), encoding="utf-8")


async def measured(system: System, source: Path, studies: int, day_s: float, seed: int) -> dict[str, Any]:
    """Let the day pass and everything drain; return the figures."""
    template, url = Template(source), system.url("up")
    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(120)) as client:
        first = Day(numbers=itertools.count(1_000_000))
        await _send(client, template, first)  # what is loaded at the first use is no growth
        await _drained(client, first)
        idle = Day()
        reader = asyncio.create_task(_read(client, idle))
        await asyncio.sleep(20)
        reader.cancel()
        day = Day()
        watching = [asyncio.create_task(_read(client, day)), asyncio.create_task(_watch(system, day))]
        sending = []
        for at in arrivals(studies, day_s, seed):
            await asyncio.sleep(max(0.0, at - day.now()))
            sending.append(asyncio.create_task(_send(client, template, day)))
        await asyncio.gather(*sending)
        last = day.now()
        await _drained(client, day)
        drained = day.now()
        for each in watching:
            each.cancel()
    quarter = max(1, len(day.rss) // 4)
    early, late = (statistics.median(size for _, size in part) for part in (day.rss[:quarter], day.rss[-quarter:]))
    return {
        "instances": studies * SERIES,
        "day compressed, times": round(86_400 / day_s),
        "rate, of a real day's": round(studies * SERIES / DAY * 86_400 / day_s, 2),
        "sent after, s": round(last, 1),
        "drained after the last, s": round(drained - last, 1),
        "memory, first quarter, MB": round(early / 1e6),
        "memory, last quarter, MB": round(late / 1e6),
        "reads": len(day.reads),
        "reads that failed": day.failed,
        "p99 of reads, ms": _p99_ms(day.reads),
        "p99 of reads while idle, ms": _p99_ms(idle.reads),
        "load of the machine": psutil.getloadavg(),
    }


def _p99_ms(reads: list[float]) -> float:
    return round(statistics.quantiles(reads, n=100)[98] * 1000, 1) if len(reads) > 1 else float("nan")


async def _send(client: aiohttp.ClientSession, template: Template, day: Day) -> None:
    """Send a Study of one Series by STOW-RS."""
    body = _study(template, next(day.numbers))
    async with client.post("/ingest/dicom-web/studies", data=body, headers=STOW) as answer:
        assert answer.status == 200, await answer.text()
        day.receipts.append(answer.headers["X-Receipt"])


def _study(template: Template, study: int) -> bytes:
    return stow([template.instance(study, 1, number, 1) for number in range(SERIES)]).body or b""


async def _read(client: aiohttp.ClientSession, day: Day) -> None:
    """Search cases and Studies, and retrieve the metadata of what was found, again and again."""
    paths = ["/api/cases?limit=20", "/dicom-web/studies?limit=20", "/dicom-web/series?limit=20"]
    accept = {"Accept": "application/dicom+json, application/json"}
    while True:
        for path in paths:
            began = time.monotonic()
            async with client.get(path, headers=accept) as answer:
                await answer.read()
            day.failed += answer.status >= 400
            day.reads.append(time.monotonic() - began)
            await asyncio.sleep(PAUSE_S)


async def _watch(system: System, day: Day) -> None:
    """Note the memory of the processes."""
    running = system.processes["up"].running
    assert running is not None
    process = psutil.Process(running.pid)
    while True:
        every = [process, *process.children(recursive=True)]
        day.rss.append((day.now(), sum(each.memory_info().rss for each in every if each.is_running())))
        await asyncio.sleep(2)


async def _drained(client: aiohttp.ClientSession, day: Day) -> None:
    """Wait until each receipt is settled."""
    for receipt in day.receipts:
        while True:
            async with client.get(f"/ingest/receipts/{receipt}") as answer:
                if (await answer.json())["state"] in SETTLED:
                    break
            await asyncio.sleep(0.5)


if __name__ == "__main__":
    asyncio.run(main())
