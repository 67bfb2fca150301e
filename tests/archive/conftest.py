"""An archive on real embedded ports, served by a real server."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest_asyncio
from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.delete_routes import RemovalRoutes
from services.archive.query.routes import SearchRoutes
from services.archive.records import COLLECTIONS
from services.archive.settings import ArchiveSettings
from services.archive.store.routes import StowRoutes
from services.archive.store.store import Store
from shared.blobs.local import open_local
from shared.bus import Queue
from shared.bus.journal import open_journal
from shared.documents.sqlite import open_sqlite
from shared.events import InstancesStored, StudyChanged
from shared.lease import LEASES, Lease, Leases
from shared.runtime.cpu import cpu_pool
from shared.set_aside import SET_ASIDE


@dataclass
class Archive:
    """deps: its insides.  store: takes Instances in without HTTP.  client: speaks to its routes."""

    deps: ArchiveDeps
    store: Store
    client: aiohttp.ClientSession


@pytest_asyncio.fixture
async def lease(archive: "Archive") -> AsyncIterator[Lease]:
    """Yield a lease of the archive's periodic work."""
    async with Leases(archive.deps.documents, "test", 60.0).held("archive") as held:
        yield held


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    async with AsyncExitStack() as stack:
        documents = await stack.enter_async_context(open_sqlite(tmp_path / "documents.sqlite"))
        blobs = await stack.enter_async_context(open_local(tmp_path / "blobs"))
        bus = await stack.enter_async_context(open_journal(tmp_path / "bus.sqlite"))
        cpu = await stack.enter_async_context(cpu_pool(1))
        await documents.declare(LEASES, SET_ASIDE, *COLLECTIONS)
        await bus.declare(Queue("observer", (InstancesStored, StudyChanged)))
        settings = ArchiveSettings(accept="any", administrator_token="secret", max_results=50)
        deps = ArchiveDeps(settings, documents, blobs, bus, cpu, "site", tmp_path)
        store = Store(deps)
        app = web.Application()
        app.add_routes([*StowRoutes(deps, store).routes(), *SearchRoutes(deps).routes(), *RemovalRoutes(deps).routes()])
        runner = web.AppRunner(app)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address = runner.addresses[0]
        client = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{address[1]}"))
        yield Archive(deps, store, client)
