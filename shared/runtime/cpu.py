"""CPU work in a pool of processes, never on the event loop."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from multiprocessing import connection
from typing import ParamSpec, TypeVar

from shared.errors import Unavailable

P = ParamSpec("P")
R = TypeVar("R")


class CpuPool:
    """Runs picklable functions in processes; a worker that dies costs a retry, not the service.

    Workers start when first needed, and end with this process even when it is killed.
    """

    def __init__(self, workers: int) -> None:
        self._workers = max(1, workers)
        self._pool: ProcessPoolExecutor | None = None

    async def __call__(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_live_with_parent)
        pool = self._pool
        future = pool.submit(function, *args, **kwargs)
        try:
            return await asyncio.wrap_future(future)
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = None
                pool.shutdown(wait=False)
            raise Unavailable("a worker process died") from error

    def close(self) -> None:
        """Wait for running work and end the workers."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


@asynccontextmanager
async def cpu_pool(workers: int) -> AsyncIterator[CpuPool]:
    """Open a pool of at most ``workers`` processes."""
    pool = CpuPool(workers)
    try:
        yield pool
    finally:
        await asyncio.to_thread(pool.close)


def _live_with_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent drains, then ends us
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
