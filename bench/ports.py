"""Measure the embedded document store: python -m bench.ports [RECORDS …] [--json FILE].

Each figure is the median of single calls, in microseconds; writes are durable. "busy" is the same while the event loop
is kept busy by other work, as in a service under load.
"""

import argparse
import asyncio
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from shared.documents import Collection, Documents, Eq, Order, Prefix, Put, Range, Wildcard
from shared.documents.sqlite import open_sqlite

Work = Callable[[], Awaitable[object]]


class Row(msgspec.Struct, frozen=True):
    """About what the archive keeps of one instance."""

    uid: str
    study: str
    series: str
    patient_id: str
    patient_name: str
    study_date: str
    modality: str
    accession: str
    number: int
    rows: int
    frames: tuple[int, ...]
    json: bytes


FIELDS = ("study", "series", "patient_id", "patient_name", "study_date", "modality", "accession", "number")
INDEXES = (("series", "number"), ("modality", "study_date"), ("study", "series", "number"))
ROWS = Collection("rows", Row, key="uid", fields=FIELDS, indexes=INDEXES, feed=True)


def row(n: int) -> Row:
    """Return record n: 100 per series, 3 series per study."""
    series, study = n // 100, n // 300
    day = f"20{10 + study % 15:02}{study % 12 + 1:02}{study % 28 + 1:02}"
    modality = ("CT", "CT", "CT", "MR", "US")[study % 5]
    root = "1.2.826.0.1.3680043.8.498"
    return Row(
        f"{root}.{n * 7919 % 1_000_003:07}.{n}", f"{root}.1.{study}", f"{root}.2.{series}", f"P{study // 2:08}",
        f"NAME{study * 31 % 9973:05}^GIVEN", day, modality, f"A{study:010}", n % 100, 512, (0, 1), bytes(1500),
    )  # fmt: skip


async def fill(documents: Documents, count: int) -> float:
    """Write records in batches of 200; return how many a second."""
    began = time.perf_counter()
    for first in range(0, count, 200):
        await documents.write(*[Put(ROWS, row(n)) for n in range(first, min(first + 200, count))])
    return count / (time.perf_counter() - began)


def works(documents: Documents, count: int) -> dict[str, Work]:
    """Return what is measured."""
    chosen = random.Random(1)
    numbers = itertools.count()

    def some() -> Row:
        return row(chosen.randrange(count))

    def series(first: int) -> list[Put[Row]]:
        return [Put(ROWS, row(n)) for n in range(first, first + 200)]

    by_date, by_name = (Order("study_date", descending=True),), (Order("patient_name"),)
    return {
        "get": lambda: documents.get(ROWS, some().uid),
        "get_many 25": lambda: documents.get_many(ROWS, [some().uid for _ in range(25)]),
        "find patient": lambda: documents.find(ROWS, Eq("patient_id", some().patient_id), limit=25),
        "find series, ordered": lambda: documents.find(
            ROWS, Eq("series", some().series), order=(Order("number"),), limit=25
        ),
        "find modality and date": lambda: documents.find(
            ROWS, Eq("modality", "CT"), Range("study_date", "20150101", "20151231"), order=by_date, limit=25
        ),
        "find patient and modality": lambda: documents.find(
            ROWS, Eq("modality", "CT"), Eq("patient_id", some().patient_id), limit=25
        ),
        "find name prefix": lambda: documents.find(ROWS, Prefix("patient_name", "NAME001"), order=by_name, limit=25),
        "find name wildcard": lambda: documents.find(ROWS, Wildcard("patient_name", "NAME0*1^*"), limit=25),
        "first page by date": lambda: documents.find(ROWS, order=by_date, limit=25),
        "middle page by date": lambda: documents.find(ROWS, order=by_date, limit=25, offset=count // 2),
        "last page by date": lambda: documents.find(ROWS, order=by_date, limit=25, offset=count - 25),
        "last page of a modality": lambda: documents.find(
            ROWS, Eq("modality", "CT"), order=by_date, limit=25, offset=count * 6 // 10 - 400
        ),
        "count all": lambda: documents.count(ROWS),
        "count modality": lambda: documents.count(ROWS, Eq("modality", "MR")),
        "changes 100": lambda: documents.changes(ROWS, after=count // 2, limit=100),
        "put": lambda: documents.put(ROWS, some()),
        "write 200 of a series": lambda: documents.write(*series(count + 200 * next(numbers))),
        "write 200 at random": lambda: documents.write(*[Put(ROWS, some()) for _ in range(200)]),
    }


async def median_us(work: Work, seconds: float) -> float:
    """Return the median time of a call."""
    times, end = list[float](), time.perf_counter() + seconds
    await work()
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        await work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


async def spin() -> None:
    """Keep the event loop busy in slices of half a millisecond."""
    while True:
        end = time.perf_counter() + 0.0005
        while time.perf_counter() < end:
            pass
        await asyncio.sleep(0)


async def measure(count: int, seconds: float) -> dict[str, float]:
    """Return all figures for a store of so many records."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with open_sqlite(Path(folder) / "documents.sqlite") as documents:
            await documents.declare(ROWS)
            figures["fill, records/s"] = await fill(documents, count)
            for name, work in works(documents, count).items():
                figures[name] = await median_us(work, seconds)
            spinning = asyncio.create_task(spin())
            for name, work in works(documents, count).items():
                if name in ("get", "find series, ordered", "changes 100", "put", "write 200 of a series"):
                    figures[f"busy: {name}"] = await median_us(work, seconds)
            spinning.cancel()
    return figures


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seconds", type=float, default=0.3)
    arguments = parser.parse_args()
    results = {count: asyncio.run(measure(count, arguments.seconds)) for count in arguments.records}
    print(f"{'µs a call':28}" + "".join(f"{count:>12,}" for count in results))
    for name in next(iter(results.values())):
        print(f"{name:28}" + "".join(f"{figures[name]:12,.0f}" for figures in results.values()))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
