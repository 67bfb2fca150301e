"""Gateway and centre hosted in the test's process, with their insides at hand, and ways to lose what they keep."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from services import free_text
from services.__main__ import SERVICES
from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.eviction import evict
from services.archive.housekeeping.orphans import look, remove
from services.archive.records import INSTANCES, SERIES, STUDIES
from services.archive.settings import ArchiveSettings
from services.ingest.deps import IngestDeps
from services.ingest.receipts.outbox import release_some
from services.ingest.settings import IngestSettings
from services.linker.centre.records import REPORTS
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.housekeeping import release_round
from services.linker.links import policy
from services.linker.settings import LinkerSettings
from shared.documents import Collection, Delete, Documents, Eq
from shared.lease import Leases
from shared.runtime.cpu import CpuPool
from shared.runtime.host import Hosting, hosted
from shared.runtime.state import Host
from shared.service import Role
from tests.archive.store.test_basics import KIND, body
from tests.flow.system import ARRIVE_S

SPEED = {
    "JMID_INGEST_DIMSE_PORT": "-1",
    "JMID_INGEST_PUBLISH_S": "0.02",
    "JMID_LINKER_SWEEP_S": "0.05",
    "JMID_LINKER_RETRY_FIRST_S": "0.05",
    "JMID_LINKER_RETRY_MAX_S": "0.2",
    "JMID_ARCHIVE_ADMINISTRATOR_TOKEN": "secret",
}
SETTLED = ("delivered", "duplicate", "partly-delivered", "undelivered")
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
        return await self.receipt(await self.send(files), *SETTLED)

    async def report(self, report: bytes) -> dict[str, Any]:
        """Send a report and wait until it is settled."""
        headers = {"Content-Type": "application/fhir+json"}
        async with self.client.post("/ingest/reports", data=report, headers=headers) as answer:
            receipt_id = (await answer.json())["id"]
        return await self.receipt(receipt_id, *SETTLED)

    async def lose_reports(self) -> None:
        """Lose the centre's reports, as by a restored older copy."""
        documents = self.documents(Role.CENTRE)
        async for each in documents.every(REPORTS):
            await documents.write(Delete(REPORTS, each.report_id))

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
        return ArchiveDeps(
            ArchiveSettings(accept="any"), ports.documents, ports.blobs["archive"], ports.bus, CpuPool(1)
        )


async def until(holds: Callable[[], Awaitable[bool]], what: Callable[[], str]) -> None:
    try:
        async with asyncio.timeout(ARRIVE_S):
            while not await holds():
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(what()) from None


@asynccontextmanager
async def running(home: Path, environ: Mapping[str, str] | None = None) -> AsyncIterator[System]:
    async with (
        hosted(
            Hosting(
                services=SERVICES,
                every=SERVICES,
                home=home,
                site="a",
                environ={**SPEED, **(environ or {})},
                text_check=free_text.findings,
            )
        ) as host,
        aiohttp.ClientSession(host.base_url) as client,
    ):
        yield System(host, client, home)


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


async def lost(system: System) -> None:
    """Lose records and bytes, as by a restored older copy: nobody deleted anything."""
    await database_lost(system)
    await bytes_lost(system)


async def records_lost(system: System, study: str) -> None:
    """Lose the records of one Study."""
    documents = system.documents(Role.CENTRE)
    collections: tuple[Collection[Any], ...] = (INSTANCES, SERIES)
    for collection in collections:
        async for each in documents.every(collection, Eq("study_instance_uid", study)):
            await documents.write(Delete(collection, getattr(each, collection.key)))
    await documents.write(Delete(STUDIES, study))


async def bytes_lost(system: System) -> None:
    for blob in system.blobs:
        await system.archive.blobs.delete(blob)


async def bytes_rotten(system: System) -> None:
    """Flip a bit of each, and have it found by a reader."""
    for blob in system.blobs:
        data = bytearray(await system.archive.blobs.get(blob))
        data[-1] ^= 1
        await system.archive.blobs.put(blob, bytes(data))
    await system.statuses()


async def nothing_more(_: System) -> None:
    """The gateway still has everything."""


async def deidentified_released(system: System) -> None:
    """Let the retention of de-identified Instances be over at the gateway."""
    ports = system.host.ports[Role.GATEWAY]
    settings = LinkerSettings(retention_h=1e-9)
    gateway = GatewayDeps(
        ports.documents, ports.blobs["deidentified"], ports.bus, settings, policy.parse("at_once"), "a"
    )
    assert await release_round(gateway)
    assert [key async for key in ports.blobs["deidentified"].keys("instances/")] == []


async def all_released(system: System) -> None:
    """Let the retention of both zones of the gateway be over."""
    await deidentified_released(system)
    ports = system.host.ports[Role.GATEWAY]
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
    assert await release_some(ingest, 9e12)
    assert [key async for key in ports.blobs["identified"].keys("")] == []


Loss = Callable[[System], Awaitable[None]]
