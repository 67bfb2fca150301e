"""Connections to RabbitMQ, and its errors as ours.

Plain connections, not aio-pika's robust ones: those restore state behind our back, and can hang or stay silent after a
broker was lost. Here whatever fails is closed, and the next call starts from nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

from shared.bus.fate import UnroutableError
from shared.errors import JmidError, Unavailable

HEARTBEAT_S = 15


@asynccontextmanager
async def talking(timeout_s: float) -> AsyncIterator[None]:
    """Bound what is done inside, and raise Unavailable for whatever goes wrong with the broker.

    Any exception counts: the client raises errors of every kind when a connection closes at an odd moment, a
    StopAsyncIteration during the handshake among them, which would leave an async generator as a RuntimeError.
    """
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as error:
        raise Unavailable(f"RabbitMQ did not answer within {timeout_s} s") from error
    except aio_pika.exceptions.PublishError as error:
        raise UnroutableError("no queue takes it") from error
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Unavailable("RabbitMQ: connection lost") from error  # aiormq cancels what waits on a lost connection
    except JmidError:
        raise
    except Exception as error:
        raise Unavailable(f"RabbitMQ: {type(error).__name__}") from error


async def connect(url: str, name: str) -> AbstractConnection:
    """Return a new connection."""
    return await aio_pika.connect(url, heartbeat=HEARTBEAT_S, client_properties={"connection_name": name})


@asynccontextmanager
async def own_channel(url: str, name: str, timeout_s: float, *, confirms: bool) -> AsyncIterator[AbstractChannel]:
    """Yield a channel on a connection of its own; closing it gives back every message that was not acked."""
    async with talking(timeout_s):
        connection = await connect(url, name)
    try:
        async with talking(timeout_s):
            channel = await connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
        yield channel
    finally:
        await _close(connection)


def is_alive(message: AbstractIncomingMessage) -> bool:
    """Return whether the channel that brought the message is open: if not, the broker delivers it again."""
    try:
        return not message.channel.is_closed
    except aio_pika.exceptions.ChannelInvalidStateError:
        return False


class Link:
    """One connection with one channel, opened when first used and again after it was lost."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._lock = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._closed = False

    async def channel(self) -> AbstractChannel:
        """Return the channel: with publisher confirms, and an error for what no queue takes."""
        async with self._lock:
            if self._closed:
                raise Unavailable("the bus is closed")
            if self._channel is None or self._channel.is_closed or self._connection is None:
                await self.drop(self._channel)
                self._connection = await connect(self._url, self._name)
                self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
            return self._channel

    async def drop(self, channel: AbstractChannel | None) -> None:
        """Close, so that the next call connects anew; a channel that is no longer the newest was dropped before."""
        if channel is self._channel:
            connection, self._connection, self._channel = self._connection, None, None
            if connection is not None:
                await _close(connection)

    async def close(self) -> None:
        """Close for good."""
        self._closed = True
        await self.drop(self._channel)


async def _close(connection: AbstractConnection) -> None:
    with suppress(Unavailable):
        async with talking(2):
            await connection.close()
