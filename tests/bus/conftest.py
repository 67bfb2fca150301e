"""Both buses, opened alike, so that one suite holds for both."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aio_pika
import pytest

from shared.bus import Bus, Delivery, Handle, Queue, RetryPolicy
from shared.bus.journal import open_journal
from shared.bus.rabbit import open_rabbit
from shared.bus.rabbit.names import Names
from shared.events import CaseChanged, Event, StudyChanged, Zone

POLICY = RetryPolicy((0.05, 0.1))
STUDIES = Queue("studies", (StudyChanged,))
CASES = Queue("cases", (CaseChanged,))
WAIT_S = 20.0
THEN = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Maker:
    """Opens a bus, again and again on the same place. arguments: what a process of its own needs to open it too."""

    kind: str
    address: str
    place: str
    open: Callable[[], AbstractAsyncContextManager[Bus]]


def maker_of(kind: str, address: str, place: str, policy: RetryPolicy = POLICY) -> Maker:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Bus]:
        if kind == "journal":
            async with open_journal(Path(address), policy) as bus:
                yield bus
        else:
            async with open_rabbit(address, place=place, policy=policy, timeout_s=5, watch_s=0.5) as rabbit:
                yield rabbit

    return Maker(kind, address, place, opened)


@pytest.fixture(params=["journal", pytest.param("rabbit", marks=pytest.mark.servers)])
async def maker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Maker]:
    place = f"t{uuid.uuid4().hex[:12]}"
    if request.param == "journal":
        yield maker_of("journal", str(tmp_path / "bus.sqlite"), place)
        return
    url = request.getfixturevalue("rabbitmq").url
    yield maker_of("rabbit", url, place)
    await delete_queues(url, Names(place))


async def delete_queues(url: str, names: Names) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        for name in ("studies", "studies-too", "cases", "received"):
            retries = [names.retry(name, delay_s) for delay_s in POLICY.delays_s]
            for each in (names.queue(name), names.urgent(name), names.dead(name), *retries):
                await channel.queue_delete(each)
        for zone in Zone:
            await channel.exchange_delete(names.exchange(zone))


@pytest.fixture
async def bus(maker: Maker) -> AsyncIterator[Bus]:
    async with maker.open() as opened:
        await opened.declare(STUDIES, CASES)
        yield opened


def study_changed(name: str) -> StudyChanged:
    return StudyChanged.first(name, correlation_id="r1", site="a", occurred_at=THEN, study_instance_uid="2.25.1")


def case_changed(cause: Event) -> CaseChanged:
    return CaseChanged.caused_by(cause, study_instance_uid="2.25.1")


class Recorder:
    """A handler that remembers what it was given, and does what it is told."""

    def __init__(self, then: Callable[[Delivery], Awaitable[list[Event]]] | None = None) -> None:
        self.deliveries: list[Delivery] = []
        self._then = then

    async def __call__(self, delivery: Delivery) -> list[Event]:
        self.deliveries.append(delivery)
        return await self._then(delivery) if self._then else []

    @property
    def ids(self) -> list[str]:
        return [delivery.event.id for delivery in self.deliveries]


@asynccontextmanager
async def consuming(bus: Bus, queue: str, handle: Handle, prefetch: int = 8) -> AsyncIterator[asyncio.Task[None]]:
    """Consume while inside; the end drains."""
    task = asyncio.create_task(bus.consume(queue, handle, prefetch=prefetch))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):  # it never started
            await task


async def until(condition: Callable[[], bool | Awaitable[bool]], wait_s: float = WAIT_S) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(wait_s):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


async def until_depth(bus: Bus, queue: str, **wanted: int) -> None:
    """Wait until the queue has these counts."""

    async def reached() -> bool:
        depth = await bus.depth(queue)
        return all(getattr(depth, name) == count for name, count in wanted.items())

    await until(reached)
