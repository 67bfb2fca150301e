"""Events that come again: those of a while are kept, and published once more in another order."""

import asyncio
import random
from contextlib import suppress

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPException, ChannelInvalidStateError

from shared.bus.rabbit.names import Names
from shared.events import Zone

PLACES = ("gateway", "centre")


def publish_again(amqp: str, for_s: float) -> int:
    """Keep what is published within the time, then publish it again; return how many.

    What is lost because the broker itself ends meanwhile is let go: the events that count are in its queues.
    """
    with suppress(AMQPException, ChannelInvalidStateError, OSError, asyncio.CancelledError):
        return asyncio.run(_publish_again(amqp, for_s))
    return 0


async def _publish_again(amqp: str, for_s: float) -> int:
    async with await aio_pika.connect(amqp) as connection:
        channel = await connection.channel()
        seen = await _kept(channel, for_s)
        for message in random.sample(seen, len(seen)):
            exchange = await channel.get_exchange(message.exchange or "", ensure=False)
            copy = aio_pika.Message(message.body, headers=message.headers, delivery_mode=2)
            await exchange.publish(copy, message.routing_key or "")
        return len(seen)


async def _kept(channel: AbstractChannel, for_s: float) -> list[AbstractIncomingMessage]:
    """Return what the exchanges of both places carry within the time, but for the bus' own pings."""
    queue = await channel.declare_queue(exclusive=True, auto_delete=True)
    for exchange in (Names(place=place).exchange(zone) for place in PLACES for zone in Zone):
        await channel.declare_exchange(exchange, "topic", durable=True)
        await queue.bind(exchange, "#")
    seen: list[AbstractIncomingMessage] = []

    async def keep(message: AbstractIncomingMessage) -> None:
        seen.append(message)

    tag = await queue.consume(keep, no_ack=True)
    await asyncio.sleep(for_s)
    await queue.cancel(tag)
    return [message for message in seen if message.body]
