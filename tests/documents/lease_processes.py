"""Processes that hold a lease: started, stopped, and watched by what they print (lease_holder.py)."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from shared.documents import Documents
from shared.lease import LEASES
from tests.documents.conftest import Open
from tests.documents.lease_holder import LOST
from tests.documents.records import ITEMS

ROOT = Path(__file__).parents[2]
TTL_S = 2.0
TAKEN_S = 40.0


class Processes:
    """Holders in processes of their own, and the store that they share."""

    def __init__(self, where: list[str], opens: Open) -> None:
        self._where, self._opens = where, opens
        self._started: list[subprocess.Popen[str]] = []

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Documents]:
        """Open the store that they share, as one more process."""
        async with self._opens() as store:
            await store.declare(LEASES, ITEMS)
            yield store

    def start(self) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.documents.lease_holder", *self._where, str(TTL_S)]
        self._started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return self._started[-1]

    async def fence(self, process: "subprocess.Popen[str]") -> int:
        """Wait until it has counted under its lease; return the lease's fence."""
        assert process.stdout is not None
        word, number = (await asyncio.to_thread(process.stdout.readline)).split()
        assert word == "fence"
        await asyncio.to_thread(process.stdout.readline)
        return int(number)

    async def pause(self, process: "subprocess.Popen[str]") -> None:
        """Stop it between two writes: a store must not wait for a lock of a stopped process."""
        process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(TAKEN_S):
            while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
                await asyncio.sleep(0.01)

    async def lost(self, process: "subprocess.Popen[str]") -> None:
        """Wait until its work under the lease has ended."""
        assert process.stdout is not None
        while (await asyncio.to_thread(process.stdout.readline)).strip() != LOST:
            assert process.poll() is None

    def close(self) -> None:
        for process in self._started:
            process.kill()
            process.communicate()
