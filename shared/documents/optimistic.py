"""Change one record safely beside others who change it too."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from shared.documents import Collection, Documents
from shared.errors import Conflict

T = TypeVar("T", bound=msgspec.Struct)
Step = Callable[[T | None], Awaitable[T | None]]
"""Returns what becomes of a record; None leaves it."""
_ATTEMPTS = 25
_PAUSE_S = 0.002  # grows with each conflict, so that many who change one record get their turn


async def change(documents: Documents, collection: Collection[T], key: str, step: Step[T]) -> T | None:
    """Write what ``step`` makes of the record and return it; None or an equal record writes nothing.

    The version is read before ``step`` looks at anything else, and the write is guarded by it: whoever writes last has
    seen whatever was written before. On a conflict ``step`` runs again, so it must have no effects of its own.
    """
    return await _write(documents, collection, key, step, until_stable=False)


async def derive(documents: Documents, collection: Collection[T], key: str, step: Step[T]) -> T | None:
    """Bring a record that follows from others in line with them, and return it.

    After each write ``step`` looks again, until nothing changes: so of two who derive at once, one of them saw
    everything, even if the other found nothing to write. ``step`` must be stable: what it made, it makes again.
    """
    return await _write(documents, collection, key, step, until_stable=True)


async def _write(
    documents: Documents, collection: Collection[T], key: str, step: Step[T], *, until_stable: bool
) -> T | None:
    for attempt in range(_ATTEMPTS):
        old, version = await documents.get_versioned(collection, key) or (None, 0)
        new = await step(old)
        if new is None or new == old:
            return old
        try:
            await documents.put(collection, new, if_version=version)
        except Conflict:
            await asyncio.sleep(_PAUSE_S * attempt)
            continue
        if not until_stable:
            return new
    raise Conflict(f"{collection.name}: the record kept changing")
