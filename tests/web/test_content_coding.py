"""Bodies with a Content-Encoding: decoded while they are read, refused where they are not of it or grow too much."""

import gzip
import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from shared.runtime.app import MIDDLEWARES
from shared.web.content_coding import GROWN_ANYWAY

TEXT = bytes(range(256)) * 5000
ZEROS = gzip.compress(bytes(GROWN_ANYWAY + 1), 1)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async def whole(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async def streamed(request: web.Request) -> web.Response:
        return web.Response(body=b"".join([chunk async for chunk in request.content.iter_any()]))

    async def unread(_: web.Request) -> web.Response:
        return web.Response(text="not read")

    app = web.Application(middlewares=MIDDLEWARES, client_max_size=1 << 30)
    app.add_routes([web.post("/whole", whole), web.post("/streamed", streamed), web.post("/unread", unread)])
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
            yield session
    finally:
        await runner.cleanup()


async def post(client: aiohttp.ClientSession, path: str, body: bytes, coding: str) -> tuple[int, bytes]:
    async with client.post(path, data=body, headers={"Content-Encoding": coding}) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("path", ["/whole", "/streamed"])
@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:])),
        ("deflate", zlib.compress(TEXT)),
        ("identity", TEXT),
    ],
    ids=["gzip", "x-gzip", "two members", "deflate", "identity"],
)
async def test_a_handler_reads_what_was_coded(
    client: aiohttp.ClientSession, path: str, coding: str, body: bytes
) -> None:
    assert await post(client, path, body, coding) == (200, TEXT)


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", b"not gzip" * 100, 400),
        ("gzip", gzip.compress(TEXT)[:2000], 400),
        ("gzip", b"", 400),
        ("gzip", ZEROS, 413),
        ("br", TEXT, 415),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT)), 415),
    ],
    ids=["garbage", "cut", "empty", "bomb", "br", "twice"],
)
async def test_what_is_not_of_its_coding_or_grows_too_much_is_the_clients_fault(
    client: aiohttp.ClientSession, coding: str, body: bytes, status: int
) -> None:
    for path in ("/whole", "/streamed"):
        assert (await post(client, path, body, coding))[0] == status


async def test_what_nobody_reads_is_not_decoded(client: aiohttp.ClientSession) -> None:
    assert await post(client, "/unread", b"not gzip", "gzip") == (200, b"not read")


async def test_the_codings_that_are_taken_are_named(client: aiohttp.ClientSession) -> None:
    async with client.post("/whole", data=TEXT, headers={"Content-Encoding": "zstd"}) as answer:
        assert (answer.status, answer.headers["Accept-Encoding"]) == (415, "gzip, deflate")
