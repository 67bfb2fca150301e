"""The pool of worker processes: what costs too much is ended alone, is counted, and its place is filled."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Never

import psutil
import pytest

from shared.errors import Refused, TooCostly, WorkerDied
from shared.metrics import REGISTRY
from shared.runtime.cpu import cpu_pool

MEMORY_BYTES = 256 << 20


async def test_work_that_takes_too_long_is_killed_and_the_next_is_done() -> None:
    before = replaced("time")
    async with cpu_pool(1, limit_s=0.5) as cpu:
        slow = await cpu(os.getpid)

        with pytest.raises(TooCostly, match="too-slow"):
            await cpu(_never_end)

        assert await cpu(pow, 2, 10) == 1024
        assert not psutil.pid_exists(slow)
    assert replaced("time") == before + 1


async def test_work_that_takes_too_much_memory_is_refused_and_the_next_is_done() -> None:
    before = replaced("memory")
    async with cpu_pool(1, memory_bytes=MEMORY_BYTES) as cpu:
        with pytest.raises(TooCostly, match="too-much-memory"):
            await cpu(bytes, MEMORY_BYTES)

        assert len(await cpu(bytes, MEMORY_BYTES >> 3)) == MEMORY_BYTES >> 3
    assert replaced("memory") == before + 1


async def test_a_worker_that_dies_is_counted_and_replaced() -> None:
    before = replaced("died")
    async with cpu_pool(1) as cpu:
        with pytest.raises(WorkerDied):
            await cpu(_die)

        assert await cpu(pow, 2, 10) == 1024
    assert replaced("died") == before + 1


async def test_a_slow_piece_of_work_does_not_hold_up_another(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with cpu_pool(2) as cpu:
        slow = asyncio.ensure_future(cpu(pipe.read_bytes))

        quick = await asyncio.gather(*(cpu(pow, 2, 10) for _ in range(5)))

        assert quick == [1024] * 5
        assert not slow.done()
        await asyncio.to_thread(pipe.write_bytes, b"end")
        assert await slow == b"end"


async def test_what_the_work_raises_is_raised_here() -> None:
    async with cpu_pool(1) as cpu:
        with pytest.raises(Refused, match="no: why"):
            await cpu(_refuse)
        with pytest.raises(RuntimeError, match="CannotBeMadeAgain in a worker"):
            await cpu(_raise_what_cannot_be_made_again)


def replaced(why: str) -> float:
    return REGISTRY.get_sample_value("jmid_workers_replaced_total", {"why": why}) or 0.0


class CannotBeMadeAgain(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(one + two)


def _raise_what_cannot_be_made_again() -> Never:
    raise CannotBeMadeAgain(1, 2)


def _refuse() -> Never:
    raise Refused("no", "why")


def _never_end() -> Never:
    while True:
        signal.pause()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
