"""What RabbitMQ delivers to one consumer, whatever becomes of the connection."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from shared.bus.lanes import Lanes
from shared.bus.rabbit.link import own_channel, talking
from shared.errors import Unavailable
from shared.logs import decided
from shared.supervision import Backoff, origin

PAUSE_S, MOST_PAUSE_S = 0.5, 10.0
"""The wait before connecting again, the first time and at the most."""


class _Came(NamedTuple):
    message: AbstractIncomingMessage
    is_urgent: bool


class Inbox:
    """Keeps a consumer alive and holds what came: ``take`` gives it out, ``stop`` gives the rest back."""

    def __init__(
        self,
        url: str,
        queues: Sequence[str],
        prefetch: int,
        watch_s: float,
        timeout_s: float,
        declare: Callable[[AbstractChannel], Awaitable[None]],
    ) -> None:
        """queues: consumed as one; the last is the bulk, what is before it has priority.

        declare: makes sure that the queues exist, also on a broker that lost them.  watch_s: how often we look.
        """
        self._url, self._queues, self._prefetch = url, queues, prefetch
        self._queue = queues[-1]
        self._watch_s, self._timeout_s, self._declare = watch_s, timeout_s, declare
        self._came: Lanes[_Came] = Lanes(lambda each: each.is_urgent)
        self._more = asyncio.Event()
        self._deliveries = 0
        self.in_hand = 0
        self.attached = False
        """Whether the broker knows this consumer now."""
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()

    async def take(self, room: int) -> Sequence[AbstractIncomingMessage]:
        """Wait for a message; return it and what else is there."""
        while not self._came:
            self._more.clear()
            await self._more.wait()
        messages = [self._came.pop().message for _ in range(min(room, len(self._came)))]
        self.in_hand += len(messages)
        return messages

    def settled(self) -> None:
        """Note that a message that was taken needs no more."""
        self.in_hand -= 1

    async def stop(self) -> None:
        """Let the broker send no more, and give back what was not taken; what was taken can still be acked."""
        self._stopping.set()
        if not self.attached:
            return  # nothing was given to us that the loss of its connection does not give back
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                await self._stopped.wait()

    async def run(self) -> None:
        """Consume until stopped or cancelled; connect again whenever the consumer is lost or falls silent."""
        backoff = Backoff(PAUSE_S, MOST_PAUSE_S)
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                await self._consume()
            except Exception as error:  # whatever it is: a consumer that ends is a queue that stands still
                self.attached = False
                name, where = type(error).__name__, origin(error)
                decided("bus-consumer-lost", level="warning", service=self._queue, error=name, origin=where)
                with suppress(TimeoutError):
                    async with asyncio.timeout(backoff.after(time.monotonic() - started)):
                        await self._stopping.wait()
        self._stopped.set()

    async def _consume(self) -> None:
        while self._came:
            self._came.pop()  # what a lost connection brought comes again
        async with own_channel(self._url, f"{self._queue} consumer", self._timeout_s, confirms=False) as channel:
            async with talking(self._timeout_s):
                await self._declare(channel)
                await channel.set_qos(prefetch_count=self._prefetch)
                queues = [await channel.get_queue(name, ensure=False) for name in self._queues]
                tags = [await queue.consume(partial(self._keep, queue.name != self._queue)) for queue in queues]
            self.attached = True
            await self._watch_until_stop(channel)
            async with talking(self._timeout_s):
                for queue, tag in zip(queues, tags, strict=True):
                    await queue.cancel(tag)
                while self._came:
                    await self._came.pop().message.nack(requeue=True)
            self._stopped.set()
            await asyncio.Event().wait()  # the channel stays open for acks until we are cancelled

    async def _keep(self, is_urgent: bool, message: AbstractIncomingMessage) -> None:
        self._deliveries += 1
        self._came.extend([_Came(message, is_urgent)])
        self._more.set()

    async def _watch_until_stop(self, channel: AbstractChannel) -> None:
        """Return when stopping; raise when the channel is closed, or the broker no longer sends us what waits."""
        while not self._stopping.is_set():
            seen = self._deliveries
            if await self._stops_within(channel):
                return
            if channel.is_closed:
                raise Unavailable("channel closed")
            async with talking(self._timeout_s):
                declared = [await channel.declare_queue(name, passive=True) for name in self._queues]
            states = [each.declaration_result for each in declared]
            waits, is_consumed = any(each.message_count for each in states), all(each.consumer_count for each in states)
            idle = not self._came and self._deliveries == seen
            if not is_consumed or (waits and idle and self.in_hand == 0):
                raise Unavailable("the consumer fell silent")

    async def _stops_within(self, channel: AbstractChannel) -> bool:
        closed = asyncio.ensure_future(channel.closed())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((closed, stopping), timeout=self._watch_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closed.cancel()
            stopping.cancel()
        return self._stopping.is_set()
