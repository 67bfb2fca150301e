"""The bus port: events from service to service, at least once, never lost.

Two implementations under one contract suite: ``shared.bus.journal`` (SQLite, embedded) and ``shared.bus.rabbit``
(RabbitMQ by aio-pika, the only module that imports it).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from shared.events import Event


class Queue(msgspec.Struct, frozen=True):
    """One service's durable queue and the event types it takes."""

    name: str
    takes: tuple[type[Event], ...]


class Depth(msgspec.Struct, frozen=True):
    """How many messages of one queue wait, are being handled, wait for a retry, and are dead."""

    ready: int
    unacked: int
    delayed: int
    dead: int


class DeadLetter(msgspec.Struct, frozen=True):
    """A message that will not be tried again by itself. error: class and reason, without any patient's value."""

    id: str
    queue: str
    topic: str
    error: str
    deliveries: int
    died_at: str
    body: bytes


class RetryPolicy(msgspec.Struct, frozen=True):
    """delays_s: the wait before each further delivery of a message whose handler raised Transient; then it is dead."""

    delays_s: tuple[float, ...] = (1, 5, 30, 120, 600, 1800, 3600)


class Delivery(msgspec.Struct, frozen=True):
    """One event as it was delivered. deliveries: 1 the first time."""

    event: Event
    deliveries: int


Handle = Callable[[Delivery], Awaitable[Sequence[Event]]]


class Bus(Protocol):
    """What every bus does."""

    async def declare(self, *queues: Queue) -> None:
        """Make sure that the queues exist. An event published later reaches every declared queue that takes it."""

    async def publish(self, *events: Event) -> None:
        """Return when all are durable; raise Unavailable otherwise. An event no queue takes raises Unavailable too."""

    async def consume(self, queue: str, handle: Handle, *, prefetch: int = 8) -> None:
        """Deliver until cancelled, at most ``prefetch`` at once; survive the loss of the broker.

        What the handler returns is published before the message is acked. When it raises: Permanent → dead letter at
        once; Transient or anything unknown → again after the policy's delay, then dead letter. On cancellation: take no
        more, let running handlers end (the caller bounds that), ack them, return.
        """

    def consumers(self, queue: str) -> int:
        """Return how many consumers of this process the bus delivers to now; 0 while none is connected."""

    async def depth(self, queue: str) -> Depth: ...

    async def dead(self, queue: str, *, limit: int = 100) -> list[DeadLetter]: ...

    async def replay(self, queue: str, *dead_letter_ids: str) -> int:
        """Put dead letters back into their queue; return how many there were of these ids.

        The cost grows with the dead letters, not with their number times that of the ids. Raises Unavailable; those
        before are back then.
        """

    async def drop(self, queue: str, *dead_letter_ids: str) -> int:
        """Delete dead letters; return how many there were of these ids. As costly as ``replay``."""

    async def ping(self) -> None:
        """Return when publish would work now; raise Unavailable otherwise."""

    async def close(self) -> None: ...
