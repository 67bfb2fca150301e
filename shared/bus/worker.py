"""Handle messages of one queue, a few at a time, until cancelled: what both buses do alike.

A bus brings two functions: ``take`` waits for messages that may be handled now, ``settle`` carries out a Fate.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from shared.bus import Delivery, Handle, RetryPolicy
from shared.bus.codec import decode, traceparent_of
from shared.bus.fate import (
    Dead,
    Done,
    Fate,
    Outage,
    UnroutableError,
    Wait,
    describe,
    fate_before_handling,
    fate_of_error,
    is_store_away,
    outage_delay_s,
    outage_of,
)
from shared.errors import JmidError, Permanent, Transient
from shared.logs import decided
from shared.supervision import origin
from shared.tracing import spans

PAUSE_S = 0.5
"""The wait before a bus that did not answer is asked again."""


class Taken(msgspec.Struct, frozen=True):
    """A message that this process holds. handle: what the bus knows it by.

    deliveries: this one included.  failures: how many of those before ended with an error.
    """

    queue: str
    body: bytes
    deliveries: int
    failures: int
    handle: Any


class LostError(JmidError):
    """The message is no longer ours: the bus delivers it again, or already has."""


Take = Callable[[int], Awaitable[Sequence[Taken]]]
Settle = Callable[[Taken, Fate], Awaitable[None]]
Stop = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Do nothing: this bus only gives what is asked for."""


async def work(
    take: Take, settle: Settle, handle: Handle, policy: RetryPolicy, prefetch: int, stop: Stop = nothing
) -> None:
    """Handle until cancelled; then take no more, let what runs end, settle it, return.

    stop: called before what runs is waited for, so that the bus can give the rest to others at once.
    Cancelled a second time, it cancels the handlers too: their messages stay unsettled, and the bus gives them back.
    """
    running: set[asyncio.Task[None]] = set()
    outage = outage_of(policy)
    try:
        while True:
            await asyncio.sleep(outage.pause_s())
            room = 1 if outage.pause_s() else prefetch  # one message at a time finds out whether the store is back
            if len(running) >= room:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for taken in await _take(take, room - len(running)):
                task = asyncio.create_task(_handle_one(taken, settle, handle, policy, outage))
                running.add(task)
                task.add_done_callback(running.discard)
    except asyncio.CancelledError:
        await _drain(running, stop)


async def _take(take: Take, room: int) -> Sequence[Taken]:
    try:
        return await take(room) if room > 0 else ()
    except Exception as error:  # whatever it is: a worker that ends is a queue that stands still
        decided("bus-take-failed", level="warning", error=type(error).__name__, origin=origin(error))
        await asyncio.sleep(PAUSE_S)
        return ()


async def _drain(running: set[asyncio.Task[None]], stop: Stop) -> None:
    try:
        await stop()
        await asyncio.wait(running) if running else None
    except asyncio.CancelledError:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _handle_one(taken: Taken, settle: Settle, handle: Handle, policy: RetryPolicy, outage: Outage) -> None:
    fate = await _decide(taken, handle, policy, outage)
    while True:
        try:
            await settle(taken, fate)
        except LostError:
            decided("message-lost-to-another", level="warning", service=taken.queue, attempt=taken.deliveries)
        except Exception as error:
            decided("settle-failed", level="warning", service=taken.queue, error=type(error).__name__)
            if isinstance(fate, Done) and not _is_bus_down(error):
                fate = _failed(taken, error, policy)
            else:
                await asyncio.sleep(PAUSE_S)
            continue
        return


def _is_bus_down(error: Exception) -> bool:
    """Return whether the bus itself cannot now: no fault of the message, so its retries are not used up for that."""
    return isinstance(error, Transient) and not isinstance(error, UnroutableError)


async def _decide(taken: Taken, handle: Handle, policy: RetryPolicy, outage: Outage) -> Fate:
    """Return what becomes of the message; this is where the handler is called."""
    try:
        event = decode(taken.body)
    except Permanent as error:
        return _failed(taken, error, policy)
    limit = fate_before_handling(taken.deliveries, taken.failures)
    if limit:
        return limit
    try:
        told = traceparent_of(taken.body) if spans.is_on() else ""
        with spans.handling(event.topic, event.correlation_id, told, taken.queue, taken.deliveries):
            events = await handle(Delivery(event, taken.deliveries))
    except Exception as error:
        if policy.delays_s and is_store_away(error) and outage.is_outage(event.id):
            return _waits(taken, error, policy, outage)
        return _failed(taken, error, policy, event_id=event.id, topic=event.topic, correlation_id=event.correlation_id)
    outage.succeeded(event.id)
    return Done(events)


def _waits(taken: Taken, error: Exception, policy: RetryPolicy, outage: Outage) -> Fate:
    delay_s = outage_delay_s(policy, outage.in_row)
    decided("store-away", level="warning", service=taken.queue, error=type(error).__name__, count=outage.in_row)
    return Wait(delay_s, describe(error))


def _failed(taken: Taken, error: Exception, policy: RetryPolicy, **fields: Any) -> Fate:
    fate = fate_of_error(error, taken.failures, policy)
    decided(
        "message-dead" if isinstance(fate, Dead) else "message-again",
        level="error" if isinstance(fate, Dead) else "warning",
        service=taken.queue,
        attempt=taken.deliveries,
        error=type(error).__name__,
        origin=origin(error) or None,
        reason=error.reason if isinstance(error, Permanent) else None,
        **fields,
    )
    return fate
