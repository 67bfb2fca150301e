"""A TCP proxy before a server, which can cut every connection, or let nothing pass while they stay open."""

import asyncio
from contextlib import suppress

from tests.servers.listener import Listener
from tests.servers.process import free_ports


class Proxy(Listener):
    """Forwards connections to a port of this machine. port: where it listens."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._is_cut = False
        self._passes = asyncio.Event()
        self._passes.set()
        self._writers: set[asyncio.StreamWriter] = set()
        super().__init__(free_ports(1)[0])

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

    def mend(self) -> None:
        """Forward as before."""
        self.loop.call_soon_threadsafe(self._mend)

    def _cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def _mend(self) -> None:
        self._is_cut = False
        self._passes.set()

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            answer.transport.abort()
            return
        try:
            server, request = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            answer.transport.abort()
            return
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
