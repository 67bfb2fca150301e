"""A gateway's review pages over real ports."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from services.anonymizer.quarantine import routes
from shared.bus import Bus, Queue
from shared.bus.journal import open_journal
from shared.events import Event
from shared.runtime import app as apps
from shared.runtime import listeners
from shared.runtime.state import Host
from shared.service import Role, Running, Service


@dataclass
class Site:
    """Where the pages are served, and the bus that a decision puts events on. url: of the list of what waits."""

    url: str
    session: aiohttp.ClientSession
    bus: Bus


@asynccontextmanager
async def open_site(
    folder: Path, takes: type[Event], pages: Callable[[Bus], Sequence[web.AbstractRouteDef]]
) -> AsyncIterator[Site]:
    """Serve these pages on a free port. takes: the event that a decision publishes."""
    async with open_journal(folder / "bus.sqlite") as bus:
        await bus.declare(Queue("anonymizer", (takes,)))
        service = Service("anonymizer", Role.GATEWAY, opens=lambda _: None)  # type: ignore[arg-type,return-value]
        running = Running(routes=list(pages(bus)), templates=Path(routes.__file__).parents[1] / "templates")
        runner = web.AppRunner(apps.build(Host("", open=[(service, running)]), []))
        await runner.setup()
        try:
            listener = listeners.listen("127.0.0.1", 0)
            await web.SockSite(runner, listener).start()
            async with aiohttp.ClientSession() as session:
                yield Site(f"{listeners.address(listener)}/gateway/quarantine", session, bus)
        finally:
            await runner.cleanup()
