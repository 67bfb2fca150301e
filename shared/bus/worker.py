"""Handle messages of one queue, a few at a time, until cancelled: what both buses do alike.

A bus brings two functions: ``take`` waits for messages that may be handled now, ``settle`` carries out a Fate.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from shared.bus import Delivery, Handle, RetryPolicy
from shared.bus.codec import decode
from shared.bus.fate import Dead, Done, Fate, fate_before_handling, fate_of_error
from shared.errors import JmidError, Permanent, Transient, Unavailable
from shared.logs import decided

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


class UnroutableError(Unavailable):
    """The bus works, but no queue takes the event: the next try will not be better for waiting a little."""


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
    try:
        while True:
            if len(running) >= prefetch:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for taken in await _take(take, prefetch - len(running)):
                task = asyncio.create_task(_handle_one(taken, settle, handle, policy))
                running.add(task)
                task.add_done_callback(running.discard)
    except asyncio.CancelledError:
        await _drain(running, stop)


async def _take(take: Take, room: int) -> Sequence[Taken]:
    try:
        return await take(room) if room > 0 else ()
    except JmidError as error:
        decided("bus-take-failed", level="warning", error=type(error).__name__)
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


async def _handle_one(taken: Taken, settle: Settle, handle: Handle, policy: RetryPolicy) -> None:
    fate = await _decide(taken, handle, policy)
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


async def _decide(taken: Taken, handle: Handle, policy: RetryPolicy) -> Fate:
    """Return what becomes of the message; this is where the handler is called."""
    try:
        event = decode(taken.body)
    except Permanent as error:
        return _failed(taken, error, policy)
    limit = fate_before_handling(taken.deliveries, taken.failures)
    if limit:
        return limit
    try:
        return Done(await handle(Delivery(event, taken.deliveries)))
    except Exception as error:
        return _failed(taken, error, policy, event_id=event.id, topic=event.topic, correlation_id=event.correlation_id)


def _failed(taken: Taken, error: Exception, policy: RetryPolicy, **fields: Any) -> Fate:
    fate = fate_of_error(error, taken.failures, policy)
    decided(
        "message-dead" if isinstance(fate, Dead) else "message-again",
        level="error" if isinstance(fate, Dead) else "warning",
        service=taken.queue,
        attempt=taken.deliveries,
        error=type(error).__name__,
        reason=error.reason if isinstance(error, Permanent) else None,
        **fields,
    )
    return fate
