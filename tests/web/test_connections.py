"""Connections that say nothing keep nobody out, and requests at once are bounded, in all and of one host."""

import asyncio
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager

import aiohttp
import pytest
from aiohttp import web

from shared.web import connections
from shared.web.connections import OWN_FILES, SPARE, Connections, within_open_files

SILENT = 200
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served:
    """A server whose requests for /wait last until they are let go. limits: of it."""

    def __init__(self) -> None:
        self.limits = Connections(3, 2)
        self.waiting = 0
        self.go = asyncio.Event()
        self.port = 0

    async def wait(self, _: web.Request) -> web.Response:
        self.waiting += 1
        await self.go.wait()
        return web.Response(text="went")

    async def answer(self, _: web.Request) -> web.Response:
        return web.Response(text="here")

    async def open(self, source: str) -> Ends:
        """Connect from this address of the loopback."""
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))

    async def ask(self, path: str, source: str = "127.0.0.1") -> tuple[int, str]:
        """Return the status of one request on a connection of its own, and its Retry-After."""
        connector = aiohttp.TCPConnector(local_addr=(source, 0), force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector) as client,
            client.get(f"http://127.0.0.1:{self.port}{path}") as answer,
        ):
            return answer.status, answer.headers.get("Retry-After", "")

    async def ask_to_wait(self, source: str) -> asyncio.Task[tuple[int, str]]:
        """Begin a request that lasts, and return when it is handled."""
        before = self.waiting
        task = asyncio.create_task(self.ask("/wait", source))
        async with asyncio.timeout(20):
            while self.waiting == before and not task.done():
                await asyncio.sleep(0.005)
        return task


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    server = Served()
    application = web.Application(middlewares=[server.limits.middleware])
    application.add_routes(
        [web.get("/wait", server.wait), web.get("/-/live", server.answer), web.get("/", server.answer)]
    )
    runner = web.AppRunner(application, shutdown_timeout=0.1, keepalive_timeout=3600)
    await runner.setup()
    assert runner.server is not None
    server.limits.watch(runner.server)
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    yield server
    server.go.set()
    await runner.cleanup()


async def test_many_silent_connections_keep_nobody_out(served: Served) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(SILENT):
            _, writer = await served.open("127.0.0.1")
            stack.callback(writer.close)
        statuses = [await served.ask("/", source) for source in ("127.0.0.1", "127.0.0.2")]

        assert statuses == [(200, ""), (200, "")]
        assert served.limits.open_connections <= 3 + SPARE


async def test_the_oldest_silent_connection_of_the_host_with_most_gives_way(served: Served) -> None:
    async with AsyncExitStack() as stack:
        alone = await served.open("127.0.0.2")
        many = [await served.open("127.0.0.1") for _ in range(2 + SPARE)]
        last = await served.open("127.0.0.3")
        for _, writer in (alone, *many, last):
            stack.callback(writer.close)

        async with asyncio.timeout(20):
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await many[0][0].readexactly(1)
        for reader, writer in (alone, last, many[-1]):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")


async def test_requests_beyond_the_bound_are_503_and_those_of_the_probes_are_not(served: Served) -> None:
    hosts = ["127.0.0.1", "127.0.0.1", "127.0.0.2"]
    waiting = [await served.ask_to_wait(host) for host in hosts]

    beyond = await served.ask("/", "127.0.0.3")
    live = await served.ask("/-/live", "127.0.0.3")
    served.go.set()
    answered = [await task for task in waiting]

    assert beyond == (503, str(connections.RETRY_AFTER_S))
    assert live == (200, "")
    assert answered == [(200, "")] * 3
    assert await served.ask("/", "127.0.0.3") == (200, "")


async def test_one_host_does_not_take_every_place(served: Served) -> None:
    waiting = [await served.ask_to_wait("127.0.0.1") for _ in range(2)]

    assert (await served.ask("/", "127.0.0.1"))[0] == 503
    assert (await served.ask("/", "127.0.0.2"))[0] == 200
    served.go.set()
    await asyncio.gather(*waiting)


async def test_a_connection_gives_way_between_requests_and_never_in_one(served: Served) -> None:
    busy = await served.ask_to_wait("127.0.0.1")
    async with AsyncExitStack() as stack:
        for _ in range(SILENT):
            _, writer = await served.open("127.0.0.1")
            stack.callback(writer.close)
        served.go.set()

        assert await busy == (200, "")


def test_the_bound_leaves_open_files_for_everything_else() -> None:
    with open_files(OWN_FILES + SPARE + 100):
        assert within_open_files(400) == 100
        assert within_open_files(50) == 50


@contextmanager
def open_files(most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
