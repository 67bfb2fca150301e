"""Several processes of one gateway: each content is published once, each CSV file is taken once."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest_asyncio

from services.ingest.deps import IngestDeps
from services.ingest.receipts.outbox import publish_forever, publish_some
from services.ingest.receipts.receiving import Content, new_receipt, receive
from services.ingest.receipts.records import ARRIVALS, COLLECTIONS, PUBLISHED, RECEIPTS
from services.ingest.reports.csv.folder import take_file, watch_forever
from services.ingest.reports.csv.reader import load_mapping
from services.ingest.settings import IngestSettings
from shared.bus import Bus, Delivery, Queue
from shared.documents import Eq
from shared.events import Event, InstancesReceived, ReportReceived
from shared.lease import Leases
from tests.ingest.conftest import here
from tests.servers.embedded import open_ports

TTL_S = 30.0  # a loaded machine does not lose the lease: what is published once is so while it is held
CSV = "report_id,patient_id,accession_number,modality,study_date,findings\n" + "".join(
    f"R{n},P{n},A{n},CT,20240531,所見{n}番。\n" for n in range(40)
)


class Process:
    """What one process of ingest works with, and what arrives on its bus."""

    def __init__(self, deps: IngestDeps, leases: Leases) -> None:
        self.deps, self.leases = deps, leases

    async def publish(self) -> None:
        await self.leases.work_under_lease("ingest-outbox", partial(publish_forever, self.deps))


@pytest_asyncio.fixture
async def processes(tmp_path: Path) -> AsyncIterator[list[Process]]:
    """Yield three processes of one home."""
    async with AsyncExitStack() as stack:
        found = []
        for number in range(3):
            ports = await open_ports(stack, tmp_path, COLLECTIONS, Queue("sink", (InstancesReceived, ReportReceived)))
            settings = IngestSettings(publish_s=0.01, csv_poll_s=0.02)
            deps = IngestDeps(settings, *ports, "a", tmp_path / "csv", tmp_path, here)
            found.append(Process(deps, Leases(ports.documents, f"process {number}", TTL_S)))
        yield found


async def taken(bus: Bus, count: int) -> list[str]:
    """Return the contents that were published, when there are so many different ones and no more come."""
    found: list[str] = []
    enough = asyncio.Event()

    async def note(delivery: Delivery) -> list[Event]:
        event = delivery.event
        found.extend(event.blobs if isinstance(event, InstancesReceived) else [event.blob])  # type: ignore[attr-defined]
        if len(set(found)) >= count:
            enough.set()
        return []

    consumer = asyncio.create_task(bus.consume("sink", note))
    async with asyncio.timeout(20):
        await enough.wait()
        await asyncio.sleep(0.3)
    consumer.cancel()
    await asyncio.wait([consumer])
    return found


async def test_contents_that_three_processes_receive_are_published_once(processes: list[Process]) -> None:
    publishers = [asyncio.create_task(each.publish()) for each in processes]

    async def send(process: Process, number: int) -> None:
        receipt = new_receipt(process.deps, "stow", "instances")
        for start in range(5):
            await receive(process.deps, receipt, [Content(f"{number} {start} {n}".encode()) for n in range(8)])

    await asyncio.gather(*(send(process, number) for number, process in enumerate(processes)))
    blobs = await taken(processes[0].deps.bus, 120)
    for each in publishers:
        each.cancel()
    await asyncio.wait(publishers)

    assert len(blobs) == len(set(blobs)) == 120
    assert await processes[0].deps.documents.count(ARRIVALS, Eq("published", PUBLISHED)) == 120


async def test_a_publisher_that_lost_its_lease_publishes_nothing(processes: list[Process]) -> None:
    first, second, _ = processes
    receipt = new_receipt(first.deps, "stow", "instances")
    await receive(first.deps, receipt, [Content(b"one")])
    async with replace(first.leases, ttl_s=60.0).held("ingest-outbox") as lease:
        await lease.release()  # as after a stop that was longer than its time to live
        async with second.leases.held("ingest-outbox") as later:
            lost = await asyncio.gather(publish_some(first.deps, lease), return_exceptions=True)
            published = await publish_some(second.deps, later)

    assert [type(each).__name__ for each in lost] == ["LeaseLost"]
    assert published == 1
    assert await taken(first.deps.bus, 1) == await _blobs(first)


async def test_a_csv_file_that_three_processes_watch_is_taken_once(processes: list[Process]) -> None:
    mapping = load_mapping(None)
    folder = processes[0].deps.csv_folder
    folder.mkdir()
    watchers = [asyncio.create_task(watch_forever(each.deps, mapping)) for each in processes]
    for number in range(5):
        (folder / f"{number}.part").write_text(CSV.replace("所見", f"第{number}"))
        (folder / f"{number}.part").rename(folder / f"{number}.csv")

    async with asyncio.timeout(20):
        while len(list((folder / "done").glob("*.csv"))) < 5:
            await asyncio.sleep(0.02)
    for each in watchers:
        each.cancel()
    await asyncio.wait(watchers)

    receipts = (await processes[0].deps.documents.find(RECEIPTS)).documents
    assert [(each.received, each.duplicates) for each in receipts] == [(40, 0)] * 5
    assert sorted(path.name for path in folder.iterdir()) == ["done", "failed"]


async def test_a_csv_file_that_another_process_has_is_left_alone(processes: list[Process]) -> None:
    folder = processes[0].deps.csv_folder
    folder.mkdir()
    path = folder / "1.csv"
    path.write_text(CSV)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        await take_file(processes[0].deps, path, load_mapping(None))

    assert path.exists()
    assert await processes[0].deps.documents.count(RECEIPTS) == 0


async def _blobs(process: Process) -> list[str]:
    return [each.blob for each in (await process.deps.documents.find(ARRIVALS)).documents]
