"""What a Kubernetes Service does: one address for several replicas; a connection goes to one that takes it."""

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import suppress

from tests.servers.listener import Listener


class Balancer(Listener):
    """Forwards TCP connections to the backends in turn, leaving out those that refuse."""

    def __init__(self, port: int, backends: Sequence[int]) -> None:
        self._backends = tuple(backends)
        self._turn = itertools.count()
        super().__init__(port)

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        backend = await self.connect()
        if backend is None:
            answer.close()
            return
        await asyncio.gather(_copy(client, backend[1]), _copy(backend[0], answer))

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Connect to the next backend that takes it; None if all refuse."""
        first = next(self._turn)
        for number in range(len(self._backends)):
            with suppress(OSError):
                port = self._backends[(first + number) % len(self._backends)]
                return await asyncio.open_connection("127.0.0.1", port)
        return None


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()
