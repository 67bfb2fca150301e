"""A link that is cut in the middle of a backlog: after a restart the rest goes, and little goes twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from services.linker.gateway.delivery import send
from services.linker.gateway.records import DELIVERIES
from services.linker.links.states import DeliveryKind, DeliveryState
from services.linker.service import GATEWAY
from tests.linker.gateway.test_one_bad_item import deps_of, gateway_of
from tests.linker.samples import START, instances, uid
from tests.linker.system import Archive, gateway_environ, keep, opened, until

SIZE, EACH, BATCHES = 50_000, 4, 12
BATCH_BYTES = EACH * SIZE


@dataclass
class Cable:
    """A TCP link that counts what goes to the centre, and is cut after so many bytes until it is mended.

    It lets through no more than one request's worth at a time, so that the cut is in the middle of one.
    """

    port: int
    cut_after: int
    sent: int = 0
    refused: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def is_cut(self) -> bool:
        return self.sent >= self.cut_after

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        if self.is_cut:
            self.refused += 1
            writer.transport.abort()
            return
        there, out = await asyncio.open_connection("127.0.0.1", self.port)
        ends = [asyncio.create_task(self._up(reader, out)), asyncio.create_task(self._down(there, writer))]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            writer.transport.abort()
            out.transport.abort()

    async def _up(self, reader: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        while data := await reader.read(8192):
            self.sent += len(data)
            if self.is_cut:
                return
            out.write(data)
            await out.drain()

    async def _down(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(8192):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def laid(archive: Archive, cut_after: int) -> AsyncIterator[tuple[str, Cable]]:
    """Yield the address of a cable to the archive, and the cable."""
    cable = Cable(urlsplit(archive.url).port or 0, cut_after)
    server = await asyncio.start_server(cable.join, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", cable


async def test_after_a_cut_and_a_restart_at_most_one_request_goes_twice(tmp_path: Path, archive: Archive) -> None:
    events = [instances(uid(number), EACH, receipt=f"r{number}") for number in range(1, BATCHES + 1)]
    total = BATCHES * BATCH_BYTES
    async with laid(archive, cut_after=int(BATCH_BYTES * 4.5)) as (url, cable):
        environ = gateway_environ(url, streams="1", batch_bytes=str(BATCH_BYTES))
        async with opened(GATEWAY, tmp_path, environ) as gateway:
            await keep(gateway.blobs["deidentified"], *events, size_bytes=SIZE)
            await gateway.take(*events)
            await until(lambda: cable.refused >= 2)
            before, sent_before = set(archive.stored), cable.sent

        cable.cut_after = 10 * total
        async with opened(GATEWAY, tmp_path, environ) as gateway:

            async def all_there() -> bool:
                every = (await gateway.documents.find(DELIVERIES)).documents
                return all(each.state is DeliveryState.DONE for each in every)

            await until(all_there)

    assert 0 < len(before) < BATCHES * EACH
    assert sent_before < 5 * BATCH_BYTES
    assert sum(archive.stored.values()) == len(archive.stored) == BATCHES * EACH
    assert total <= cable.sent <= total + BATCH_BYTES * 1.1  # a tenth for what multipart and HTTP add


async def test_the_oldest_goes_first(tmp_path: Path) -> None:
    events = [instances(uid(n), 1, receipt=f"r{n}", at=START + timedelta(hours=n)) for n in (3, 1, 2)]
    async with gateway_of(tmp_path) as gateway:
        await gateway.take(*events)

        due = await send.due(deps_of(gateway), DeliveryKind.INSTANCES)

    assert [each.receipt_id for each in due] == ["r1", "r2", "r3"]
