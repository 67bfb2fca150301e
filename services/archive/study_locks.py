"""A lock per Study: one writer of a Study at a time within this process.

Between processes the version of the Study's record guards; the lock only avoids retries. Pure.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class StudyLocks:
    """Locks by Study Instance UID, each kept only while a task holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, study: str) -> AsyncIterator[None]:
        """Hold the Study."""
        lock, waiting = self._locks.get(study, (asyncio.Lock(), 0))
        self._locks[study] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks.pop(study)
            if waiting > 1:
                self._locks[study] = (lock, waiting - 1)
