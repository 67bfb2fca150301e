"""What ingest, gateway and archive ask of a store with a long history: python -m bench.history [ROWS].

The embedded store is filled with arrivals of receipts of 5,000, nearly all done, deliveries of 100 Instances, and
Studies; then each question of the periodic work is asked. Milliseconds a call, the median of five.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from services.archive.records import STUDIES, StudyRecord
from services.ingest.receipts.records import ARRIVALS, NOT_PUBLISHED, PUBLISHED, Arrival, ArrivalState
from services.linker.gateway.records import DELIVERIES, Delivery
from services.linker.links.states import Announcement, DeliveryKind, DeliveryState
from shared.documents import Collection, Documents, Eq, Order, Put, Range
from shared.documents.sqlite import open_sqlite
from shared.events import InstanceRef

RECEIPT, DELIVERY, STUDY, BATCH, REPEATS = 5000, 100, 200, 500, 5
RESULTS = Path(__file__).parent / "results"
T = TypeVar("T", bound=msgspec.Struct)
Question = Callable[[], Awaitable[object]]


def arrivals(rows: int) -> Iterator[Arrival]:
    """Yield contents: nearly all de-identified and published, the last hundred new."""
    for number in range(rows):
        is_new = number >= rows - 100
        yield Arrival(
            blob=f"{number * 7919 % 1_000_003:064x}",
            receipt_id=f"receipt-{number // RECEIPT}",
            kind="instances",
            endpoint="dimse",
            size_bytes=500_000,
            state=ArrivalState.RECEIVED if is_new else ArrivalState.RELEASED,
            published=NOT_PUBLISHED if is_new else PUBLISHED,
            at=float(number),
        )


def deliveries(rows: int) -> Iterator[Delivery]:
    """Yield deliveries, all of them done and released but for the last hundred."""
    for number in range(rows // DELIVERY):
        uids = [f"2.25.{number}.{each}" for each in range(DELIVERY)]
        is_new = number >= rows // DELIVERY - 100
        yield Delivery(
            id=f"instances/{number}",
            kind=DeliveryKind.INSTANCES,
            state=DeliveryState.DONE if is_new else DeliveryState.RELEASED,
            due_at=float(number),
            arrived_at=float(number),
            done_at=float(number),
            site="a",
            correlation_id=f"receipt-{number * DELIVERY // RECEIPT}",
            receipt_id=f"receipt-{number * DELIVERY // RECEIPT}",
            study_instance_uid=f"2.25.{number * DELIVERY // STUDY}",
            instances=tuple(InstanceRef(uid, 500_000, "1.2", uid, "1.2.3", "CT", "0" * 64) for uid in uids),
            confirmed=dict.fromkeys(uids, ""),
            announce=Announcement.DUE if is_new else Announcement.NONE,
        )


def studies(rows: int) -> Iterator[StudyRecord]:
    """Yield the Studies of the Instances."""
    for number in range(rows // STUDY):
        yield StudyRecord(study_instance_uid=f"2.25.{number}", online=1, size_bytes=STUDY * 500_000)


def questions(documents: Documents, rows: int) -> dict[str, Question]:
    """Return what is asked, by whom."""
    last = f"receipt-{(rows - 1) // RECEIPT}"
    newest, old = Order("at", descending=True), Range("at", None, 9e12)

    async def held() -> int:
        return sum([each.size_bytes async for each in documents.every(STUDIES, Eq("online", 1), page_size=1000)])

    done = (Eq("kind", DeliveryKind.INSTANCES), Eq("state", DeliveryState.DONE), Range("done_at", high=9e12))
    find, count = documents.find, documents.count
    return {
        "ingest: what to publish": lambda: find(
            ARRIVALS, Eq("published", NOT_PUBLISHED), order=(Order("at"),), limit=1000
        ),
        "ingest: what to release": lambda: find(ARRIVALS, Eq("state", ArrivalState.DEIDENTIFIED), old, limit=1000),
        "ingest: count of a receipt": lambda: count(
            ARRIVALS, Eq("receipt_id", last), Eq("state", ArrivalState.RECEIVED)
        ),
        "ingest: is an original needed": lambda: find(
            ARRIVALS, Eq("original", "x"), Eq("state", ArrivalState.RECEIVED), limit=2
        ),
        "ingest: figure of all released": lambda: count(ARRIVALS, Eq("state", ArrivalState.RELEASED)),
        "ingest: newest page": lambda: find(ARRIVALS, order=(newest,), limit=100),
        "gateway: what to announce": lambda: find(DELIVERIES, Eq("announce", Announcement.DUE), limit=100),
        "gateway: deliveries of a receipt": lambda: find(DELIVERIES, Eq("receipt_id", last), limit=1000),
        "gateway: what to release": lambda: find(DELIVERIES, *done, order=(Order("done_at"),), limit=100),
        "archive: what is held": held,
        "archive: what to evict": lambda: find(STUDIES, Eq("online", 1), order=(Order("oldest_at"),), limit=100),
    }


async def fill(documents: Documents, rows: int) -> None:
    """Write all records in batches."""
    await _fill(documents, ARRIVALS, arrivals(rows))
    await _fill(documents, DELIVERIES, deliveries(rows))
    await _fill(documents, STUDIES, studies(rows))


async def _fill(documents: Documents, collection: Collection[T], records: Iterator[T]) -> None:
    while batch := list(islice(records, BATCH)):
        await documents.write(*(Put(collection, record) for record in batch))


async def measure(rows: int) -> dict[str, float]:
    """Return milliseconds for each question."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_sqlite(Path(folder) / "documents.sqlite") as documents:
            await documents.declare(ARRIVALS, DELIVERIES, STUDIES)
            await fill(documents, rows)
            figures = {}
            for name, question in questions(documents, rows).items():
                times = []
                for _ in range(REPEATS):
                    began = time.perf_counter()
                    await question()
                    times.append((time.perf_counter() - began) * 1000)
                figures[name] = round(statistics.median(times), 2)
            return figures


def main() -> None:
    """Measure a short and the long history, and print a table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    results = {count: asyncio.run(measure(count)) for count in (rows // 100, rows)}
    print(f"{'ms a call':34}" + "".join(f"{count:>12,}" for count in results))
    for name in next(iter(results.values())):
        print(f"{name:34}" + "".join(f"{figures[name]:12.2f}" for figures in results.values()))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "history.json").write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
