"""A process that consumes studies until it is killed: ``python -m tests.bus.victim KIND ADDRESS PLACE MODE``.

MODE: ``hang`` handles for ever.  ``work`` handles and follows.  ``die-at-ack`` kills itself after what its handler
returned was published, where the ack would be next.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from typing import Any

from aio_pika.message import IncomingMessage

from shared.bus import Delivery, journal_tables
from shared.bus.worker import Taken
from shared.events import Event
from tests.bus.conftest import case_changed, maker_of


def _die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _publish_then_die(connection: sqlite3.Connection, taken: Taken, messages: Sequence[journal_tables.Message]) -> Any:
    journal_tables.publish(connection, messages)
    _die()


async def main(kind: str, address: str, place: str, mode: str) -> None:
    """Consume as MODE says; a line on standard output for each message."""
    if mode == "die-at-ack":
        IncomingMessage.ack = _die  # type: ignore[method-assign]
        journal_tables.finish = _publish_then_die

    async def handle(delivery: Delivery) -> list[Event]:
        print(delivery.event.id, flush=True)
        if mode == "hang":
            await asyncio.Event().wait()
        return [case_changed(delivery.event)]

    async with maker_of(kind, address, place).open() as bus:
        await bus.consume("studies", handle, prefetch=1 if mode == "hang" else 4)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
