"""Clients that take their time, on three protocols: each is let go when its time is over, and others are answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio

from tests.attacks.target import Target, target

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
IMPATIENT = {
    "JMID_HOST_KEEP_ALIVE_S": "0.5",
    "JMID_HOST_CLIENT_PAUSE_S": "0.5",
    "JMID_HOST_BODY_S": "1",
    "JMID_INGEST_ASSOCIATE_TIMEOUT_S": "0.5",
    "JMID_INGEST_PDU_TIMEOUT_S": "0.5",
    "JMID_INGEST_MLLP_TIMEOUT_S": "0.5",
    "JMID_INGEST_MLLP_MESSAGE_S": "0.5",
}
POST = b"POST /ingest/reports HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n"
SLOW = {
    "nothing at all": b"",
    "a header that does not end": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
    "a body that does not begin": POST + b"Content-Length: 1000\r\n\r\n",
    "a chunk that does not end": POST + b"Transfer-Encoding: chunked\r\n\r\nff\r\n",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def attacked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    async with target(tmp_path_factory.mktemp("slow"), **IMPATIENT) as opened:
        yield opened


async def let_go(port: int, begin: bytes, drip: bytes) -> None:
    """Send a beginning, then a byte again and again, until the other side closes; fail if it never does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    closed = asyncio.ensure_future(reader.read())
    async with asyncio.timeout(60):
        with suppress(ConnectionError):
            writer.write(begin)
            while not closed.done():
                writer.write(drip)
                await writer.drain()
                await asyncio.wait([closed], timeout=0.1)
            await closed
    writer.close()


@pytest.mark.parametrize("begin", SLOW)
@pytest.mark.parametrize("drip", [b"", b"a"], ids=["silent", "a byte at a time"])
async def test_http(attacked: Target, begin: str, drip: bytes) -> None:
    await let_go(attacked.port, SLOW[begin], drip)

    async with attacked.client.get("/-/live") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("drip", [b"", b"\1"], ids=["silent", "a byte at a time"])
async def test_dimse(attacked: Target, drip: bytes) -> None:
    await let_go(attacked.dimse, b"\1\0\0\0\xff\xff" if drip else b"\1", drip)


@pytest.mark.parametrize("drip", [b"", b"a"], ids=["silent", "a byte at a time"])
async def test_mllp(attacked: Target, drip: bytes) -> None:
    await let_go(attacked.mllp, b"\x0bMSH", drip)
