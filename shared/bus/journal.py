"""The embedded bus: a journal in one SQLite file, shared by all processes of one place.

A message is durable when publish returns. What a handler returned is published, and its message acked, in one
transaction. A message whose process died is delivered again as soon as another process sees that its owner's lock is
gone (owners.py). Tables and guarantees: docs/bus.md.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from sqlite3 import Connection

from shared.bus import Bus, DeadLetter, Depth, Handle, Queue, RetryPolicy
from shared.bus import journal_tables as tables
from shared.bus.codec import encode
from shared.bus.fate import Again, Dead, Done, Fate, Wait
from shared.bus.lanes import IN_FOUR, is_urgent
from shared.bus.owners import forget_dead, lives, own
from shared.bus.worker import Taken, work
from shared.bus.writer import Writer
from shared.clock import boot_id
from shared.errors import JmidError, StorageFull, Unavailable
from shared.events import Event

LOOK_FOR_DEAD_S = 0.5
"""How often claims are compared with the owners that live."""
RESERVE_BYTES = 16 << 20
"""What publish leaves free, so that what waits on a disk all but full can still be claimed, settled and drained:
SQLite's log (4 MiB) and the file that it is copied into both grow for that."""


@asynccontextmanager
async def open_journal(path: Path, policy: RetryPolicy | None = None) -> AsyncIterator["JournalBus"]:
    """Yield a bus on this file; several processes of one machine may have it open."""
    bus = JournalBus(path, policy or RetryPolicy())
    await bus.open()
    try:
        yield bus
    finally:
        await bus.close()


class JournalBus(Bus):
    """See shared.bus.Bus."""

    def __init__(self, path: Path, policy: RetryPolicy) -> None:
        self._policy = policy
        self._owners = path.with_name(path.name + ".owners")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = Writer(path, tables.SCHEMA, self._wake_all)
        self._wakes: dict[str, set[asyncio.Event]] = {}
        self._reaper: asyncio.Task[None] | None = None
        self._turns = count(1)

    async def open(self) -> None:
        """Open the file; give back what dead processes had claimed."""
        await self._writer.open()
        await self._writer.run(tables.prepare)
        await self._writer.run(partial(tables.follow_boot, boot_id=boot_id()))
        self._owners.mkdir(exist_ok=True)
        forget_dead(self._owners)
        self._reaper = asyncio.create_task(self._give_back_of_dead())

    async def declare(self, *queues: Queue) -> None:
        await self._writer.run(partial(tables.declare, queues=queues))

    async def publish(self, *events: Event) -> None:
        messages = [_message(event) for event in events]
        self._wake(await self._writer.run(partial(self._publish_with_room, messages)))

    async def consume(self, queue: str, handle: Handle, *, prefetch: int = 8) -> None:
        wake = asyncio.Event()
        self._wakes.setdefault(queue, set()).add(wake)
        with own(self._owners) as owner:
            try:
                await work(partial(self._take, queue, owner, wake), self._settle, handle, self._policy, prefetch)
            finally:
                self._wakes[queue].discard(wake)
                with suppress(JmidError):  # else others give it back once our lock is gone
                    self._wake(await self._writer.run(partial(tables.give_back, owner=owner)))

    def consumers(self, queue: str) -> int:
        return len(self._wakes.get(queue, ()))

    async def depth(self, queue: str) -> Depth:
        return await self._writer.run(partial(tables.depth, queue=queue))

    async def dead(self, queue: str, *, limit: int = 100) -> list[DeadLetter]:
        return await self._writer.run(partial(tables.dead, queue=queue, limit=limit))

    async def replay(self, queue: str, *dead_letter_ids: str) -> int:
        replayed = await self._writer.run(partial(tables.replay, queue=queue, event_ids=dead_letter_ids))
        self._wake((queue,))
        return replayed

    async def drop(self, queue: str, *dead_letter_ids: str) -> int:
        return await self._writer.run(partial(tables.drop, queue=queue, event_ids=dead_letter_ids))

    async def ping(self) -> None:
        if self._writer.damage is not None:
            raise self._writer.damage
        try:
            await self._writer.run(self._touch_with_room)
        except JmidError as error:
            raise Unavailable(f"journal: {error}") from error

    async def close(self) -> None:
        if self._reaper:
            self._reaper.cancel()
            with suppress(asyncio.CancelledError):
                await self._reaper
        await self._writer.close()

    def _publish_with_room(self, messages: Sequence[tables.Message], connection: Connection) -> set[str]:
        self._check_room()
        return tables.publish(connection, messages)

    def _touch_with_room(self, connection: Connection) -> None:
        self._check_room()
        tables.touch(connection)

    def _check_room(self) -> None:
        disk = os.statvfs(self._owners)
        if disk.f_bavail * disk.f_frsize < RESERVE_BYTES:
            raise StorageFull(f"less than {RESERVE_BYTES >> 20} MiB free")

    async def _take(self, queue: str, owner: str, wake: asyncio.Event, room: int) -> Sequence[Taken]:
        longest_s = max(self._policy.delays_s, default=0)
        while True:
            wake.clear()
            turn = next(self._turns) % IN_FOUR
            claim = partial(
                tables.claim, queue=queue, owner=owner, limit=room, longest_delay_s=longest_s, bulk_first=not turn
            )
            taken, wait_s = await self._writer.run(claim)
            if taken:
                return taken
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await wake.wait()

    async def _settle(self, taken: Taken, fate: Fate) -> None:
        match fate:
            case Done(events):
                messages = [_message(event) for event in events]
                self._wake(await self._writer.run(partial(tables.finish, taken=taken, messages=messages)))
            case Again():
                await self._writer.run(partial(tables.delay, taken=taken, again=fate))
                self._wake((taken.queue,))  # its consumer has to wait for another time now
            case Wait():
                await self._writer.run(partial(tables.hold, taken=taken, wait=fate))
                self._wake((taken.queue,))
            case Dead():
                await self._writer.run(partial(tables.bury, taken=taken, dead=fate))

    async def _give_back_of_dead(self) -> None:
        while True:
            with suppress(JmidError):
                for owner in await self._writer.run(tables.owners):
                    if not lives(self._owners, owner):
                        self._wake(await self._writer.run(partial(tables.give_back, owner=owner)))
            await asyncio.sleep(LOOK_FOR_DEAD_S)

    def _wake(self, queues: Collection[str]) -> None:
        for queue in queues:
            for wake in self._wakes.get(queue, ()):
                wake.set()

    def _wake_all(self) -> None:
        self._wake(self._wakes.keys())


def _message(event: Event) -> tables.Message:
    return (event.id, event.topic, encode(event), is_urgent(event))
