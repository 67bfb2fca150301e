"""A stop ends the process within its grace, whatever it is at."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import yaml

from services.process import Process, run
from shared.runtime.grace import Grace
from shared.runtime.host import HostSettings
from shared.service import Place, Role, Running, Service

K8S = Path(__file__).parents[2] / "k8s"


def process(home: Path, service: Service) -> Process:
    return Process(services=[service], every=[service], home=home, site="a", environ={})


def late() -> None:
    """Nothing: this process is that of all tests."""


async def stopped(
    home: Path, opens: Callable[[Place], AbstractAsyncContextManager[Running]], begun: asyncio.Event
) -> None:
    """Run a service, have the process told to stop once it has begun, and wait for its end."""
    running = asyncio.create_task(run(process(home, Service("probe", Role.CENTRE, opens)), end=late))
    await begun.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(20):
        await running


async def test_a_stop_during_the_start_ends_the_start(tmp_path: Path) -> None:
    opening, closed = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def opens(_: Place) -> AsyncIterator[Running]:
        opening.set()
        try:
            await asyncio.Event().wait()  # as for a broker that is away
            yield Running()
        finally:
            closed.set()

    await stopped(tmp_path, opens, opening)

    assert closed.is_set()


async def test_a_stop_ends_what_runs(tmp_path: Path) -> None:
    working, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        working.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    @asynccontextmanager
    async def opens(_: Place) -> AsyncIterator[Running]:
        yield Running(tasks=[work])

    await stopped(tmp_path, opens, working)

    assert ended.is_set()


async def test_what_does_not_end_in_its_grace_is_ended() -> None:
    ended = threading.Event()
    stopped = Grace(0.05, ended.set).stop_signal()
    assert not ended.is_set()

    os.kill(os.getpid(), signal.SIGTERM)
    await stopped.wait()

    assert await asyncio.to_thread(ended.wait, 20)


async def test_without_a_stop_nothing_is_ended() -> None:
    ended = threading.Event()

    Grace(0.0, ended.set).stop_signal()

    assert not await asyncio.to_thread(ended.wait, 0.2)


def test_kubernetes_waits_longer_than_the_grace() -> None:
    deployment = yaml.safe_load((K8S / "base" / "deployment.yaml").read_text(encoding="utf-8"))
    settings = HostSettings()

    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > settings.grace_s > settings.drain_s
