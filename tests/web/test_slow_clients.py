"""Clients that stop in the middle are not waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from shared.web.slow_clients import SlowClients

HEAD = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Served:
    """A server whose handlers read, or write, until they are stopped."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.slow = SlowClients(10.0, 100.0, self.clock)
        self.received = asyncio.Queue[int]()
        self.cut_off = asyncio.Event()
        self.port = 0

    async def reads(self, request: web.Request) -> web.Response:
        async for chunk in request.content.iter_any():
            self.received.put_nowait(len(chunk))
        return web.Response()

    async def writes(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(bytes(1 << 20))
        except ConnectionError:
            self.cut_off.set()
            raise

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1024)
        async with asyncio.timeout(20):
            yield reader, writer
        writer.close()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    server = Served()
    application = web.Application(middlewares=[server.slow.middleware])
    application.add_routes([web.post("/", server.reads), web.get("/", server.writes)])
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    yield server
    await runner.cleanup()


async def test_a_body_that_stops_coming_is_answered_408(served: Served) -> None:
    async with served.connected() as (reader, writer):
        writer.write(HEAD.encode() + b"12345")
        assert await served.received.get() == 5
        served.slow.look()

        served.clock.now += 10.5
        served.slow.look()

        assert (await reader.readline()).startswith(b"HTTP/1.1 408")


async def test_a_body_that_goes_on_is_waited_for_and_not_for_ever(served: Served) -> None:
    async with served.connected() as (reader, writer):
        writer.write(HEAD.encode())
        for _ in range(11):
            writer.write(b"1")
            assert await served.received.get() == 1
            served.clock.now += 9.0
            served.slow.look()
        writer.write(b"1")
        assert await served.received.get() == 1

        served.clock.now += 9.0
        served.slow.look()

        assert (await reader.readline()).startswith(b"HTTP/1.1 408")


async def test_a_client_that_does_not_read_its_answer_is_cut_off(served: Served) -> None:
    async with served.connected() as (_, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

        while not served.cut_off.is_set():  # until what the kernel takes is full, and after it
            served.clock.now += 4.0
            served.slow.look()
            await asyncio.sleep(0.01)


async def test_a_whole_body_is_no_concern_whatever_its_handler_does_then(served: Served) -> None:
    async with served.connected() as (reader, writer):
        writer.write(HEAD.encode() + b"1" * 100)

        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        served.clock.now += 1000
        served.slow.look()

        assert served.slow.open_requests == 0
