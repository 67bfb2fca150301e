"""The bus on RabbitMQ (≥ 3.10) by aio-pika; no module outside this package imports aio_pika.

A message is on a quorum queue, confirmed, when publish returns. Retries wait in queues with a time to live. Exchanges,
queues and guarantees: docs/bus.md.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, HeadersType
from pamqp.common import FieldTable

from shared import clock
from shared.bus import Bus, DeadLetter, Depth, Handle, Queue, RetryPolicy
from shared.bus.codec import encode
from shared.bus.fate import Again, Dead, Done, Fate, UnroutableError, Wait
from shared.bus.lanes import has_lanes, is_urgent
from shared.bus.rabbit import letters
from shared.bus.rabbit.inbox import Inbox
from shared.bus.rabbit.link import Link, is_alive, own_channel, talking
from shared.bus.rabbit.names import Names, urgent_key
from shared.bus.worker import LostError, Taken, work
from shared.errors import Unavailable
from shared.events import EVENTS, Event, Zone

TIMEOUT_S = 10.0
WATCH_S = 5.0


@asynccontextmanager
async def open_rabbit(
    url: str,
    *,
    place: str,
    policy: RetryPolicy | None = None,
    timeout_s: float = TIMEOUT_S,
    watch_s: float = WATCH_S,
) -> AsyncIterator["RabbitBus"]:
    """Yield a bus on this broker.

    place: prefix of the names, such as gateway.  timeout_s: of each exchange with the broker.  watch_s: how often a
    consumer is looked at.
    """
    bus = RabbitBus(url, Names(place), policy or RetryPolicy(), timeout_s, watch_s)
    try:
        yield bus
    finally:
        await bus.close()


class RabbitBus(Bus):
    """See shared.bus.Bus. unacked, in its depth, counts only what this process handles: AMQP tells no more."""

    def __init__(self, url: str, names: Names, policy: RetryPolicy, timeout_s: float, watch_s: float) -> None:
        self._url, self._names, self._policy = url, names, policy
        self._timeout_s, self._watch_s = timeout_s, watch_s
        self._link = Link(url, f"jmid.{names.place} publisher")
        self._queues: dict[str, Queue] = {}
        self._inboxes: dict[str, list[Inbox]] = {}

    async def declare(self, *queues: Queue) -> None:
        self._queues.update({queue.name: queue for queue in queues})
        async with self._own_channel("declare") as channel, talking(self._timeout_s * max(1, len(queues))):
            for queue in queues:
                await self._declare(queue, channel)

    async def publish(self, *events: Event) -> None:
        bodies = [(event, encode(event)) for event in events]
        await asyncio.gather(*(self._publish(event, body) for event, body in bodies))

    async def consume(self, queue: str, handle: Handle, *, prefetch: int = 8) -> None:
        declare = partial(self._declare, self._queues.get(queue))
        inbox = Inbox(self._url, self._lanes(queue), prefetch, self._watch_s, self._timeout_s, declare)
        self._inboxes.setdefault(queue, []).append(inbox)
        receiving = asyncio.create_task(inbox.run())
        try:
            take, settle = partial(self._take, queue, inbox), partial(self._settle, inbox)
            await work(take, settle, handle, self._policy, prefetch, inbox.stop)
        finally:
            self._inboxes[queue].remove(inbox)
            receiving.cancel()
            with suppress(asyncio.CancelledError):
                await receiving

    def consumers(self, queue: str) -> int:
        return sum(inbox.attached for inbox in self._inboxes.get(queue, ()))

    async def depth(self, queue: str) -> Depth:
        delayed = [self._names.retry(queue, delay_s) for delay_s in self._policy.delays_s]
        async with self._own_channel("depth") as channel:
            ready = [await self._count(channel, name) for name in self._lanes(queue)]
            names = (self._names.dead(queue), *delayed)
            dead, *waiting = [await self._count(channel, name) for name in names]
        unacked = sum(inbox.in_hand for inbox in self._inboxes.get(queue, ()))
        return Depth(ready=sum(ready), unacked=unacked, delayed=sum(waiting), dead=dead)

    async def dead(self, queue: str, *, limit: int = 100) -> list[DeadLetter]:
        async with self._own_channel("dead") as channel:
            return [letters.read(queue, message) async for message in self._peek(channel, queue, limit)]

    async def replay(self, queue: str, *dead_letter_ids: str) -> int:
        replayed = 0
        async with self._own_channel("replay") as channel:
            async for message in self._found(channel, queue, dead_letter_ids):
                await self._send("", self._names.queue(queue), message.body, letters.as_new(message))
                async with talking(self._timeout_s):
                    await message.ack()
                replayed += 1
        return replayed

    async def drop(self, queue: str, *dead_letter_ids: str) -> int:
        dropped = 0
        async with self._own_channel("drop") as channel:
            async for message in self._found(channel, queue, dead_letter_ids):
                async with talking(self._timeout_s):
                    await message.ack()
                dropped += 1
        return dropped

    async def ping(self) -> None:
        """Publish what reaches no queue: it is confirmed, unless the broker blocks publishers.

        Twice, as a broker that is out of memory or disk lets the first publish of a connection pass.
        """
        async with talking(self._timeout_s):
            channel = await self._link.channel()
            exchange = await channel.declare_exchange(self._names.exchange(Zone.CENTRE), "topic", durable=True)
            for _ in range(2):
                await exchange.publish(aio_pika.Message(b""), "ping", mandatory=False)

    async def close(self) -> None:
        await self._link.close()

    async def _publish(self, event: Event, body: bytes) -> None:
        headers, exchange = letters.headers(event.id, event.topic), self._names.exchange(event.zone)
        if is_urgent(event):
            with suppress(UnroutableError):  # consumers of the release before have no queue of their own for these
                await self._send(exchange, urgent_key(event.topic), body, headers)
                return
        await self._send(exchange, event.topic, body, headers)

    async def _send(self, exchange: str, key: str, body: bytes, headers: HeadersType) -> None:
        """Publish, confirmed and routed. The message id is left to aiormq: it tells returned messages apart by it."""
        message = aio_pika.Message(body, headers=headers, delivery_mode=2, content_type="application/json")
        channel: AbstractChannel | None = None
        try:
            async with talking(self._timeout_s):
                channel = await self._link.channel()
                target = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
                await target.publish(message, key, mandatory=True)
        except Unavailable as error:
            if channel is not None and not isinstance(error.__cause__, aio_pika.exceptions.DeliveryError):
                await self._link.drop(channel)  # it gave no answer, not even a bad one
            raise

    async def _take(self, queue: str, inbox: Inbox, room: int) -> Sequence[Taken]:
        return [letters.taken(queue, message) for message in await inbox.take(room)]

    async def _settle(self, inbox: Inbox, taken: Taken, fate: Fate) -> None:
        message: AbstractIncomingMessage = taken.handle
        try:
            match fate:
                case Done(events):
                    await self.publish(*events)
                case Again(delay_s):
                    headers = letters.after_failure(message, taken, fate.error)
                    await self._send("", self._names.retry(taken.queue, delay_s), taken.body, headers)
                case Wait(delay_s):
                    await self._send(
                        "", self._names.retry(taken.queue, delay_s), taken.body, letters.waiting(message, taken)
                    )
                case Dead(error):
                    died_at = clock.utc_now().isoformat(timespec="seconds")
                    headers = letters.after_failure(message, taken, error, died_at=died_at)
                    await self._send("", self._names.dead(taken.queue), taken.body, headers)
            async with talking(self._timeout_s):
                await message.ack()
        except Unavailable as error:
            if is_alive(message):
                raise
            inbox.settled()
            raise LostError("its connection was lost") from error
        inbox.settled()

    async def _declare(self, queue: Queue | None, channel: AbstractChannel) -> None:
        """Make the exchanges, the queue, its bindings, and its queues for retries and dead letters."""
        if queue is None:
            return
        for zone in Zone:
            await channel.declare_exchange(self._names.exchange(zone), "topic", durable=True)
        name = self._names.queue(queue.name)
        dead, dead_arguments = self._names.dead(queue.name), self._names.dead_arguments()
        await channel.declare_queue(dead, durable=True, arguments=dead_arguments)
        for delay_s in self._policy.delays_s:
            arguments = self._names.retry_arguments(queue.name, delay_s)
            await channel.declare_queue(self._names.retry(queue.name, delay_s), durable=True, arguments=arguments)
        arguments = self._names.work_arguments(queue.name)
        declared = await channel.declare_queue(name, durable=True, arguments=arguments)
        for event in EVENTS:
            move = declared.bind if event in queue.takes else declared.unbind
            await move(self._names.exchange(event.zone), event.topic)
        if has_lanes(queue.takes):
            await self._declare_urgent(queue, channel, arguments)

    async def _declare_urgent(self, queue: Queue, channel: AbstractChannel, arguments: FieldTable) -> None:
        declared = await channel.declare_queue(self._names.urgent(queue.name), durable=True, arguments=arguments)
        for event in EVENTS:
            move = declared.bind if event in queue.takes and has_lanes((event,)) else declared.unbind
            await move(self._names.exchange(event.zone), urgent_key(event.topic))

    def _lanes(self, queue: str) -> tuple[str, ...]:
        """Return the queues that are consumed as one: what has priority first."""
        declared = self._queues.get(queue)
        urgent = (self._names.urgent(queue),) if declared is not None and has_lanes(declared.takes) else ()
        return (*urgent, self._names.queue(queue))

    async def _count(self, channel: AbstractChannel, name: str) -> int:
        async with talking(self._timeout_s):
            declared = await channel.declare_queue(name, passive=True)
        return declared.declaration_result.message_count or 0

    async def _peek(
        self, channel: AbstractChannel, queue: str, limit: int | None
    ) -> AsyncIterator[AbstractIncomingMessage]:
        """Yield dead letters without acking them: they go back when the channel is closed."""
        source = await channel.get_queue(self._names.dead(queue), ensure=False)
        for _ in range(min(limit or letters.ALL, await self._count(channel, source.name))):
            async with talking(self._timeout_s):
                message = await source.get(fail=False)
            if message is None:
                return
            yield message

    async def _found(
        self, channel: AbstractChannel, queue: str, letter_ids: Sequence[str]
    ) -> AsyncIterator[AbstractIncomingMessage]:
        """Yield the dead letters of these ids, one for each time that an id is given, in one pass over the queue."""
        wanted = Counter(letter_ids)
        async for message in self._peek(channel, queue, None):
            letter_id = letters.id_of(message)
            if wanted[letter_id] > 0:
                wanted[letter_id] -= 1
                yield message
            if not wanted.total():
                return

    def _own_channel(self, purpose: str) -> AbstractAsyncContextManager[AbstractChannel]:
        return own_channel(self._url, f"jmid.{self._names.place} {purpose}", self._timeout_s, confirms=False)
