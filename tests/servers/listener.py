"""A TCP server of a test, in a thread and an event loop of its own."""

import asyncio
import threading
from abc import ABC, abstractmethod


class Listener(ABC):
    """Listens on a port of the loopback address from when it is made until ``close``."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._listening.wait(10)

    @abstractmethod
    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        """Deal with one connection."""

    def close(self) -> None:
        """Stop at once."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", self.port))
        self._listening.set()
        self.loop.run_forever()
