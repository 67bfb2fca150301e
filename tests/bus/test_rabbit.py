"""What only RabbitMQ has: a broker that restarts, blocks, and forgets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest

from shared.bus import Bus, Delivery
from shared.bus.fate import UnroutableError
from shared.bus.rabbit import link, open_rabbit
from shared.bus.rabbit.names import Names
from shared.errors import Invalid, Unavailable
from shared.events import Event
from tests.bus.conftest import (
    CASES,
    POLICY,
    STUDIES,
    Recorder,
    case_changed,
    consuming,
    study_changed,
    until,
    until_depth,
)
from tests.servers.rabbitmq import RabbitMQ

pytestmark = pytest.mark.servers


@pytest.fixture
async def rabbit(own_rabbitmq: RabbitMQ, amqp_vhost_url: str) -> AsyncIterator[Bus]:
    async with open_rabbit(amqp_vhost_url, place="t", policy=POLICY, timeout_s=3, watch_s=0.3) as bus:
        await bus.declare(STUDIES, CASES)
        yield bus


@pytest.mark.parametrize("act", ["replay", "drop"])
async def test_each_dead_letter_is_fetched_once_however_many_are_acted_on(
    rabbit: Bus, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    async def refuse(_: Delivery) -> list[Event]:
        raise Invalid("never")

    count = 30
    await rabbit.publish(*(study_changed(str(number)) for number in range(count)))
    async with consuming(rabbit, "studies", refuse):
        await until_depth(rabbit, "studies", dead=count)
    ids = [letter.id for letter in await rabbit.dead("studies")]
    await until_depth(rabbit, "studies", dead=count)  # what was listed is back: a quorum queue takes a moment
    fetched, connected = counting(monkeypatch, aio_pika.queue.Queue, "get"), counting(monkeypatch, link, "connect")

    acted = await getattr(rabbit, act)("studies", *reversed(ids))

    assert acted == count
    assert len(fetched) == count
    assert len(connected) == 1
    assert await rabbit.dead("studies") == []


def counting(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[None]:
    """Return a list that grows with each call."""
    calls: list[None] = []
    real = getattr(owner, name)

    async def counted(*args: Any, **kwargs: Any) -> Any:
        calls.append(None)
        return await real(*args, **kwargs)

    monkeypatch.setattr(owner, name, counted)
    return calls


async def publish_stubbornly(bus: Bus, event: Event) -> None:
    """Publish as the sweeper of a ledger does: again and again until it is confirmed."""
    while True:
        try:
            return await bus.publish(event)
        except Unavailable:
            await asyncio.sleep(0.1)


@asynccontextmanager
async def under_load(bus: Bus, count: int) -> AsyncIterator[Recorder]:
    """Publish, follow and handle that many events while inside; all must have arrived at the end."""

    async def follow(delivery: Delivery) -> list[Event]:
        await asyncio.sleep(0.005)
        return [case_changed(delivery.event)]

    async def publish_all() -> None:
        for number in range(count):
            await publish_stubbornly(bus, study_changed(str(number)))
            await asyncio.sleep(0.005)

    cases = Recorder()
    async with consuming(bus, "studies", follow), consuming(bus, "cases", cases):
        publishing = asyncio.create_task(publish_all())
        yield cases
        async with asyncio.timeout(60):
            await publishing
        wanted = {case_changed(study_changed(str(number))).id for number in range(count)}
        await until(lambda: set(cases.ids) == wanted, wait_s=30)


class Proxy:
    """A TCP proxy before the broker, which can accept and close at once, as a load balancer without a backend does."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.passes = True
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        """Close every connection."""
        for writer in self._open:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.passes:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._open |= {writer, far_writer}
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._open -= {writer, far_writer}
            writer.close()
            far_writer.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


async def test_a_consumer_outlives_connections_that_are_closed_before_the_handshake(amqp_vhost_url: str) -> None:
    parts = urlsplit(amqp_vhost_url)
    recorder = Recorder()
    async with Proxy(parts.hostname or "127.0.0.1", parts.port or 5672) as proxy:
        address = amqp_vhost_url.replace(f":{parts.port}", f":{proxy.port}")
        async with (
            open_rabbit(address, place="t", policy=POLICY, timeout_s=3, watch_s=0.3) as bus,
            open_rabbit(amqp_vhost_url, place="t", policy=POLICY) as direct,
        ):
            await bus.declare(STUDIES, CASES)
            async with consuming(bus, "studies", recorder):
                await until(lambda: bus.consumers("studies") == 1)
                proxy.passes = False
                proxy.cut()
                await until(lambda: bus.consumers("studies") == 0)
                await direct.publish(study_changed("one"))
                proxy.passes = True

                await until(lambda: recorder.ids == [study_changed("one").id])


@pytest.mark.slow
@pytest.mark.parametrize("end", [RabbitMQ.shut_down, RabbitMQ.kill9])
async def test_a_broker_that_goes_away_under_load_loses_nothing(
    rabbit: Bus, own_rabbitmq: RabbitMQ, end: Callable[[RabbitMQ], None]
) -> None:
    async with under_load(rabbit, 400) as cases:
        await until(lambda: len(cases.ids) > 50)
        await asyncio.to_thread(end, own_rabbitmq)
        await asyncio.to_thread(own_rabbitmq.start)


async def test_a_broker_without_memory_blocks_publishers_until_it_has_some_again(
    rabbit: Bus, own_rabbitmq: RabbitMQ, amqp_vhost_url: str
) -> None:
    recorder = Recorder()
    try:
        await asyncio.to_thread(own_rabbitmq.set_memory_alarm, True)
        async with open_rabbit(amqp_vhost_url, place="t", policy=POLICY, timeout_s=1) as impatient:
            with pytest.raises(Unavailable):
                await impatient.publish(study_changed("one"), study_changed("two"))
            with pytest.raises(Unavailable):
                await impatient.ping()
    finally:
        await asyncio.to_thread(own_rabbitmq.set_memory_alarm, False)

    await publish_stubbornly(rabbit, study_changed("one"))

    async with consuming(rabbit, "studies", recorder):
        await until(lambda: study_changed("one").id in recorder.ids)


async def delete_queue(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        await (await connection.channel()).queue_delete(Names("t").queue("studies"))


@pytest.mark.parametrize("harm", ["queue deleted", "connections closed"])
async def test_a_consumer_that_fell_silent_is_started_again(
    rabbit: Bus, own_rabbitmq: RabbitMQ, amqp_vhost_url: str, harm: str
) -> None:
    recorder = Recorder()
    async with consuming(rabbit, "studies", recorder):
        await rabbit.publish(study_changed("before"))
        await until(lambda: study_changed("before").id in recorder.ids)
        do: Awaitable[None] = (
            delete_queue(amqp_vhost_url)
            if harm == "queue deleted"
            else asyncio.to_thread(own_rabbitmq.close_connections)
        )

        await do
        await publish_stubbornly(rabbit, study_changed("after"))
        await until(lambda: study_changed("after").id in recorder.ids)


async def test_a_consumer_that_the_broker_forgot_is_started_again(rabbit: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    consumers: list[tuple[Any, str]] = []

    async def consume(queue: Any, *arguments: Any, **options: Any) -> str:
        tag: str = await real(queue, *arguments, **options)
        consumers.append((queue, tag))
        return tag

    real = aio_pika.queue.Queue.consume
    monkeypatch.setattr(aio_pika.queue.Queue, "consume", consume)
    recorder = Recorder()

    async with consuming(rabbit, "studies", recorder):
        await until(lambda: len(consumers) == 1)
        queue, tag = consumers[0]
        await queue.cancel(tag)
        await rabbit.publish(study_changed("after"))

        await until(lambda: recorder.ids == [study_changed("after").id], wait_s=5)


async def test_a_consumer_that_hears_nothing_of_what_is_sent_to_it_is_started_again(
    rabbit: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    swallowed: list[object] = []

    async def swallow(queue: Any, callback: Any, **options: Any) -> str:
        async def lose(message: object) -> None:
            swallowed.append(message)

        tag: str = await real(queue, callback if swallowed else lose, **options)
        return tag

    real = aio_pika.queue.Queue.consume
    monkeypatch.setattr(aio_pika.queue.Queue, "consume", swallow)
    recorder = Recorder()

    async with consuming(rabbit, "studies", recorder, prefetch=1):
        await rabbit.publish(study_changed("one"), study_changed("two"))

        await until(lambda: len(set(recorder.ids)) == 2, wait_s=5)
    assert len(swallowed) == 1


async def test_two_publishes_of_one_event_do_not_hide_that_one_was_returned(rabbit: Bus) -> None:
    await delete_queue(rabbit._url)  # type: ignore[attr-defined]

    results = await asyncio.gather(*(rabbit.publish(study_changed("one")) for _ in range(20)), return_exceptions=True)

    assert [type(result) for result in results] == [UnroutableError] * 20
