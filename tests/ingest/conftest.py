"""Ingest on real embedded ports, hosted by the real runtime, with a sink for what it publishes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from services.ingest.service import SERVICES
from shared.bus import Bus
from shared.documents import Documents
from shared.events import Event, InstancesReceived, ReportReceived, StudyFetched
from shared.runtime.host import Hosting, hosted
from shared.runtime.state import Host
from shared.service import Place, Role, Running, Service
from tests.servers.process import free_ports


async def here(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Do CPU work in this process."""
    return function(*args, **kwargs)


class Doors:
    """A running ingest and what it published."""

    def __init__(
        self, host: Host, dimse_port: int, csv_folder: Path, published: list[Event], client: aiohttp.ClientSession
    ) -> None:
        self.host = host
        self.dimse_port = dimse_port
        self.csv_folder = csv_folder
        self.published = published
        self.client = client

    @property
    def documents(self) -> Documents:
        return self.host.ports[Role.GATEWAY].documents

    @property
    def bus(self) -> Bus:
        return self.host.ports[Role.GATEWAY].bus

    async def until(self, question: Callable[[], Awaitable[bool]]) -> None:
        """Ask until it is so; fail after ten seconds."""
        async with asyncio.timeout(10):
            while not await question():
                await asyncio.sleep(0.02)

    async def blobs_published(self, count: int) -> list[str]:
        """Wait for so many contents and return them."""

        def found() -> list[str]:
            instances = [b for e in self.published if isinstance(e, InstancesReceived) for b in e.blobs]
            return [*instances, *(e.blob for e in self.published if isinstance(e, ReportReceived))]

        async def enough() -> bool:
            return len(set(found())) >= count

        await self.until(enough)
        return found()


def sink(published: list[Event]) -> Service:
    """A service that takes what ingest publishes."""

    async def note(event: Event) -> list[Event]:
        published.append(event)
        return []

    @asynccontextmanager
    async def opens(_: Place) -> AsyncIterator[Running]:
        yield Running(handlers={InstancesReceived: note, ReportReceived: note, StudyFetched: note})

    return Service(name="sink", role=Role.GATEWAY, opens=opens, takes=(InstancesReceived, ReportReceived, StudyFetched))


@asynccontextmanager
async def open_doors(home: Path, **environ: str) -> AsyncIterator[Doors]:
    published: list[Event] = []
    (port,) = free_ports(1)
    (home / "gateway" / "ingest" / "csv").mkdir(parents=True, exist_ok=True)  # before the watcher gets to it
    services = [*SERVICES, sink(published)]
    settings = {"JMID_INGEST_DIMSE_PORT": str(port), "JMID_INGEST_CSV_POLL_S": "0.05", "JMID_INGEST_PUBLISH_S": "0.02"}
    async with (
        hosted(
            Hosting(services=services, every=services, home=home, site="a", environ={**settings, **environ})
        ) as host,
        aiohttp.ClientSession(host.base_url) as client,
    ):
        yield Doors(host, port, home / "gateway" / "ingest" / "csv", published, client)


@pytest_asyncio.fixture
async def doors(tmp_path: Path) -> AsyncIterator[Doors]:
    async with open_doors(tmp_path) as opened:
        yield opened


@pytest.fixture
def ct(shared_data: Path) -> list[Path]:
    folder = shared_data / "dicom" / "ct-philips"
    return sorted(path for path in folder.iterdir() if path.name.startswith("I"))
