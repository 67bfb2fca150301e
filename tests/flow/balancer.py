"""What a Kubernetes Service does: one address for several replicas; a connection goes to one that takes it."""

import asyncio
import itertools
import threading
from collections.abc import Sequence


class Balancer:
    """Forwards TCP connections to the backends in turn, leaving out those that refuse; runs in a thread of its own."""

    def __init__(self, port: int, backends: Sequence[int]) -> None:
        self.port = port
        self._backends = tuple(backends)
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._listening.wait(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._forward, "127.0.0.1", self.port))
        self._listening.set()
        self._loop.run_forever()

    async def _forward(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        first = next(self._turn)
        for number in range(len(self._backends)):
            try:
                port = self._backends[(first + number) % len(self._backends)]
                backend, request = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            await asyncio.gather(_copy(client, request), _copy(backend, answer))
            return
        answer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()
