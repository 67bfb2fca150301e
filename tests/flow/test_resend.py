"""What a hospital sends a second time is at the centre afterwards, whatever happened to it there meanwhile."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pydicom
import pytest
from pydicom.uid import generate_uid

from services.__main__ import SERVICES
from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.eviction import evict
from services.archive.housekeeping.orphans import look, remove
from services.archive.records import INSTANCES, SERIES, STUDIES
from services.archive.settings import ArchiveSettings
from services.ingest.deps import IngestDeps
from services.ingest.receipts.outbox import release_some
from services.ingest.settings import IngestSettings
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.housekeeping import release_round
from services.linker.links import policy
from services.linker.settings import LinkerSettings
from shared.documents import Collection, Delete, Documents
from shared.lease import Leases
from shared.runtime.cpu import CpuPool
from shared.runtime.host import hosted
from shared.runtime.state import Host
from shared.service import Role
from tests.archive.store.test_basics import KIND, body
from tests.flow import senders

SPEED = {
    "JMID_INGEST_DIMSE_PORT": "-1",
    "JMID_INGEST_PUBLISH_S": "0.02",
    "JMID_LINKER_SWEEP_S": "0.05",
    "JMID_LINKER_RETRY_FIRST_S": "0.05",
    "JMID_LINKER_RETRY_MAX_S": "0.2",
    "JMID_ARCHIVE_ADMINISTRATOR_TOKEN": "secret",
}
ACCEPT = {"Accept": "application/dicom; transfer-syntax=*"}


class System:
    """Gateway and centre in this process, with its front door and insides."""

    def __init__(self, host: Host, client: aiohttp.ClientSession, home: Path) -> None:
        self.host, self.client, self.home = host, client, home

    def documents(self, role: Role) -> Documents:
        return self.host.ports[role].documents

    async def send(self, files: Sequence[bytes]) -> str:
        """Send by STOW-RS; return the id of the receipt."""
        async with self.client.post(
            "/ingest/dicom-web/studies", data=body(files), headers={"Content-Type": KIND}
        ) as answer:
            assert answer.status == 200, await answer.text()
            return answer.headers["X-Receipt"]

    async def receipt(self, receipt_id: str, *states: str) -> dict[str, Any]:
        """Wait until a receipt is in one of these states, and return it."""
        found: dict[str, Any] = {}

        async def there() -> bool:
            async with self.client.get(f"/ingest/receipts/{receipt_id}") as answer:
                found.update(await answer.json())
            return found["state"] in states

        await until(there, lambda: f"the receipt is {found}")
        return found

    async def sent(self, files: Sequence[bytes]) -> dict[str, Any]:
        """Send and wait until all is settled."""
        settled = ("delivered", "duplicate", "partly-delivered", "undelivered")
        return await self.receipt(await self.send(files), *settled)

    async def statuses(self) -> dict[str, int]:
        """Return how a GET of every Instance that there ever was is answered."""
        return {path: (await self.get(path))[0] for path in self.paths}

    async def get(self, path: str) -> tuple[int, bytes]:
        async with self.client.get(path, headers=ACCEPT) as answer:
            return answer.status, await answer.read()

    async def note_paths(self) -> None:
        """Remember where the archive has the Instances that it has now."""
        records = (await self.documents(Role.CENTRE).find(INSTANCES)).documents
        self.study = records[0].study_instance_uid
        self.blobs = {each.blob for each in records}
        self.paths = [
            f"/dicom-web/studies/{each.study_instance_uid}/series/{each.series_instance_uid}"
            f"/instances/{each.sop_instance_uid}"
            for each in records
        ]

    @property
    def archive(self) -> ArchiveDeps:
        ports = self.host.ports[Role.CENTRE]
        return ArchiveDeps(ArchiveSettings(), ports.documents, ports.blobs["archive"], ports.bus, CpuPool(1))


async def until(holds: Callable[[], Awaitable[bool]], what: Callable[[], str]) -> None:
    try:
        async with asyncio.timeout(30):
            while not await holds():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(what()) from None


@asynccontextmanager
async def running(home: Path) -> AsyncIterator[System]:
    async with (
        hosted(SERVICES, every=SERVICES, home=home, site="a", bind="127.0.0.1", port=0, environ=SPEED) as host,
        aiohttp.ClientSession(host.base_url) as client,
    ):
        yield System(host, client, home)


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    async with running(tmp_path / "home") as found:
        yield found


@pytest.fixture
def ct(shared_data: Path, tmp_path: Path) -> list[bytes]:
    folder = shared_data / "dicom" / "ct-philips"
    files = sorted(path for path in folder.iterdir() if path.name.startswith("I"))[:3]
    written = senders.study(files, senders.person(1), tmp_path / "ct", senders.Sent())
    return [path.read_bytes() for path in written]


async def evicted(system: System) -> None:
    async with Leases(system.archive.documents, "test", 60.0).held("test") as lease:
        await evict(system.archive, lease, system.study)


async def deleted(system: System) -> None:
    headers = {"Authorization": "Bearer secret", "X-Reason": "a test"}
    async with system.client.delete(f"/dicom-web/studies/{system.study}", headers=headers) as answer:
        assert answer.status == 204


async def database_lost(system: System) -> None:
    """Lose the records, as by a restored older copy, and let the sweep come by."""
    documents = system.documents(Role.CENTRE)
    collections: tuple[Collection[Any], ...] = (INSTANCES, SERIES, STUDIES)
    for collection in collections:
        async for each in documents.every(collection):
            await documents.write(Delete(collection, getattr(each, collection.key)))
    async with Leases(documents, "test", 60.0).held("test") as lease:
        for day in (1.0, 2.0, 3.0):
            await remove(system.archive, lease, await look(system.archive, lease, now=day * 86_400.0))


async def bytes_lost(system: System) -> None:
    for blob in system.blobs:
        await system.archive.blobs.delete(blob)


async def nothing_more(_: System) -> None:
    """The gateway still has everything."""


async def all_released(system: System) -> None:
    """Let the retention of both zones of the gateway be over."""
    ports = system.host.ports[Role.GATEWAY]
    settings = LinkerSettings(retention_h=1e-9)
    gateway = GatewayDeps(
        ports.documents, ports.blobs["deidentified"], ports.bus, settings, policy.parse("at_once"), "a"
    )
    ingest = IngestDeps(
        IngestSettings(),
        ports.documents,
        ports.blobs["identified"],
        ports.bus,
        "a",
        system.home,
        system.home,
        CpuPool(1),
    )
    assert await release_round(gateway)
    assert await release_some(ingest, 9e12)
    assert [key async for key in ports.blobs["identified"].keys("")] == []
    assert [key async for key in ports.blobs["deidentified"].keys("instances/")] == []


Loss = Callable[[System], Awaitable[None]]


@pytest.mark.parametrize("at_the_gateway", [nothing_more, all_released])
@pytest.mark.parametrize("at_the_centre", [evicted, deleted, database_lost, bytes_lost])
async def test_what_the_centre_lost_is_there_again_after_it_was_sent_again(
    system: System, ct: list[bytes], at_the_centre: Loss, at_the_gateway: Loss
) -> None:
    first = await system.sent(ct)
    await system.note_paths()
    before = {path: await system.get(path) for path in system.paths}
    await at_the_centre(system)
    await at_the_gateway(system)
    assert 200 not in (await system.statuses()).values()

    again = await system.sent(ct)

    assert {path: await system.get(path) for path in system.paths} == before
    assert (first["state"], first["received"], first["delivered_instances"]) == ("delivered", 3, 3)
    assert (again["state"], again["received"], again["duplicates"], again["duplicates_lost"]) == ("duplicate", 0, 3, 0)
    assert (await system.receipt(first["id"], "delivered"))["delivered_instances"] == 3
    await until(lambda: in_search(system), lambda: "the Study is not found")


async def in_search(system: System) -> bool:
    async with system.client.get("/api/cases") as answer:
        cases = (await answer.json())["cases"] if answer.status == 200 else []
    return [case["instances"] for case in cases] == [3]


@pytest.mark.parametrize("at_the_gateway", [nothing_more, all_released])
async def test_what_the_centre_holds_is_not_sent_over_again(
    system: System, ct: list[bytes], at_the_gateway: Loss
) -> None:
    await system.sent(ct)
    await system.note_paths()
    stored = [key async for key in system.archive.blobs.keys("")]
    await at_the_gateway(system)

    again = await system.sent([*ct, *ct])

    assert (again["state"], again["duplicates"], again["duplicates_open"]) == ("duplicate", 3, 0)
    assert [key async for key in system.archive.blobs.keys("")] == stored


async def test_a_part_that_the_centre_does_not_take_makes_no_delivered_receipt(system: System, ct: list[bytes]) -> None:
    await system.sent(ct)
    other = pydicom.dcmread(io.BytesIO(ct[0]))
    other.PixelData = bytes(len(other.PixelData))  # other bytes under the same SOP Instance UID
    new = pydicom.dcmread(io.BytesIO(ct[1]))
    new.SOPInstanceUID = new.file_meta.MediaStorageSOPInstanceUID = generate_uid()

    part = await system.sent([packed(other), packed(new)])
    alone = await system.sent([packed(other)])

    assert (part["state"], part["delivered_instances"], part["undelivered"]) == ("partly-delivered", 1, 1)
    assert part["reasons"] == {"0111": 1}
    assert (alone["state"], alone["duplicates"], alone["duplicates_lost"]) == ("undelivered", 1, 1)


def packed(data_set: pydicom.FileDataset) -> bytes:
    buffer = io.BytesIO()
    data_set.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


async def test_a_report_that_is_sent_again_goes_to_the_centre_again(system: System, ct: list[bytes]) -> None:
    report = senders.fhir_report(senders.person(1), 1, "20240531", "異常を認めない。")

    first, again = await post(system, report), await post(system, report)

    assert (first["state"], first["delivered_reports"], first["received"]) == ("delivered", 1, 1)
    assert (again["state"], again["duplicates"], again["received"]) == ("duplicate", 1, 0)


async def post(system: System, report: bytes) -> dict[str, Any]:
    headers = {"Content-Type": "application/fhir+json"}
    async with system.client.post("/ingest/reports", data=report, headers=headers) as answer:
        receipt_id = (await answer.json())["id"]
    return await system.receipt(receipt_id, "delivered", "duplicate", "partly-delivered", "undelivered")
