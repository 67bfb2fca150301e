"""CPU work in a pool of processes, never on the event loop; a piece of work that costs too much is ended alone.

A process that takes longer than its limit is killed, one that asks for more memory than its limit gets a MemoryError;
both are replaced, and ``jmid_workers_replaced`` counts them (ADR 0060).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import ParamSpec, TypeVar, cast

from shared.metrics import WORKERS_REPLACED
from shared.runtime.cpu_worker import Ended, Raised, Why, Worker, packed

P = ParamSpec("P")
R = TypeVar("R")

LIMIT_S = 300.0
MEMORY_BYTES = 3 << 30


class CpuPool:
    """Runs picklable functions in processes, one piece of work at a time in each.

    workers: how many processes at most; they start when first needed, and end with this one even when it is killed.
    limit_s: how long one piece of work may take.  memory_bytes: how much memory one process may hold; 0 is no limit.
    """

    def __init__(self, workers: int, limit_s: float = LIMIT_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self._limit_s, self._memory_bytes = limit_s, memory_bytes
        self._threads = ThreadPoolExecutor(max(1, workers), thread_name_prefix="cpu")  # each waits for one process
        self._idle: deque[Worker] = deque()

    async def __call__(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function returns, or raise what it raises.

        Raises TooCostly for work that took too long or too much memory, WorkerDied if its process ended by itself.
        """
        call = partial(function, *args, **kwargs)
        return cast("R", await asyncio.get_running_loop().run_in_executor(self._threads, self._run, call))

    def _run(self, call: Callable[[], object]) -> object:
        request = packed(call)
        worker = self._idle.pop() if self._idle else Worker(self._memory_bytes)
        try:
            answer = worker.answer(request, self._limit_s)
        except BaseException:
            worker.kill()
            raise
        if isinstance(answer, Ended):
            worker.kill()
            WORKERS_REPLACED.labels(answer.why).inc()
            raise answer.error()
        self._idle.append(worker)
        if isinstance(answer, Raised):
            raise answer.error
        return answer

    def close(self) -> None:
        """Wait for running work and end the workers."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        while self._idle:
            self._idle.pop().end()


@asynccontextmanager
async def cpu_pool(workers: int, limit_s: float = LIMIT_S, memory_bytes: int = MEMORY_BYTES) -> AsyncIterator[CpuPool]:
    """Open a pool of at most ``workers`` processes."""
    pool = CpuPool(workers, limit_s, memory_bytes)
    for why in Why:
        WORKERS_REPLACED.labels(why)  # shown as 0
    try:
        yield pool
    finally:
        await asyncio.to_thread(pool.close)
