"""A TCP proxy before a server: it can cut every connection, let nothing pass while they stay open, or answer errors."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from tests.flow.balancer import Balancer


class Proxy(Balancer):
    """Forwards connections to ports of this machine in turn. port: where it listens."""

    def __init__(self, port: int, targets: Sequence[int]) -> None:
        self._is_cut = self._errs = False
        self._passes = asyncio.Event()
        self._passes.set()
        self._writers: set[asyncio.StreamWriter] = set()
        super().__init__(port, targets)

    @property
    def connections(self) -> int:
        """Return how many connections are forwarded, or would be."""
        return len(self._writers) // 2

    def cut(self) -> None:
        """Close every connection, and new ones at once, until ``mend``."""
        self.loop.call_soon_threadsafe(self._cut)

    def silence(self) -> None:
        """Let no byte pass until ``mend``; connections stay open."""
        self.loop.call_soon_threadsafe(self._passes.clear)

    def err(self) -> None:
        """Answer each HTTP request with 500 or 503, until ``mend``."""
        self.loop.call_soon_threadsafe(self._err)

    def mend(self) -> None:
        """Forward as before."""
        self.loop.call_soon_threadsafe(self._mend)

    def _cut(self) -> None:
        self._is_cut = True
        self._abort()

    def _err(self) -> None:
        self._errs = True
        self._abort()

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _mend(self) -> None:
        self._is_cut = self._errs = False
        self._passes.set()

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            answer.transport.abort()
            return
        if self._errs:
            await _answer_error(client, answer)
            return
        backend = await self.connect()
        if backend is None:
            answer.transport.abort()
            return
        server, request = backend
        ends = {answer, request}
        self._writers |= ends
        try:
            await asyncio.gather(self._copy(client, request), self._copy(server, answer))
        finally:
            self._writers -= ends

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(1 << 16):
                await self._passes.wait()
                target.write(data)
                await target.drain()
        with suppress(OSError):
            target.close()


async def _answer_error(client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
    """Answer the first request of a connection with an error of a store that is too busy, and close."""
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        head = await client.readuntil(b"\r\n\r\n")
        status = b"500 Internal Server Error" if len(head) % 2 else b"503 Slow Down"
        answer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await answer.drain()
    answer.close()
