"""The embedded ports of one home, as each of its processes opens them."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

from shared.blobs import Blobs
from shared.blobs.local import open_local
from shared.bus import Bus, Queue
from shared.bus.journal import open_journal
from shared.documents import Collection, Documents
from shared.documents.sqlite import open_sqlite
from shared.lease import LEASES
from shared.set_aside import SET_ASIDE


class Ports(NamedTuple):
    """What one process has open."""

    documents: Documents
    blobs: Blobs
    bus: Bus


async def open_ports(
    stack: AsyncExitStack, home: Path, collections: Sequence[Collection[Any]], *queues: Queue
) -> Ports:
    """Open what a process of this home opens; the stack closes it."""
    documents = await stack.enter_async_context(open_sqlite(home / "documents.sqlite"))
    await documents.declare(LEASES, SET_ASIDE, *collections)
    blobs = await stack.enter_async_context(open_local(home / "blobs"))
    bus = await stack.enter_async_context(open_journal(home / "bus.sqlite"))
    await bus.declare(*queues)
    return Ports(documents, blobs, bus)
