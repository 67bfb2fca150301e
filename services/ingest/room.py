"""Whether there is room to take more: senders are told to wait before the disk is full, while what is here still goes.

De-identification and delivery need space too, and they make space; so ingest stops at a floor of its own, above the
reserve of the process.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.errors import StorageFull
from shared.runtime.home import free_bytes

FRESH_S: Final = 1.0


def free_of(folder: Path) -> int:
    """Return the free space of the disk that a folder is on, or will be."""
    return free_bytes(next(each for each in (folder, *folder.resolve().parents) if each.exists()))


@dataclass
class Room:
    """The room of one disk. floor_bytes: 0 asks nothing.  free: how much there is; looked up at most once a second."""

    folder: Path
    floor_bytes: int
    free: Callable[[Path], int] = free_of
    _free_bytes: int = 0
    _looked_at: float = -FRESH_S

    async def check(self) -> None:
        """Raise StorageFull if there is less than the floor."""
        if not self.floor_bytes:
            return
        if time.monotonic() - self._looked_at >= FRESH_S:
            self._free_bytes = await asyncio.to_thread(self.free, self.folder)
            self._looked_at = time.monotonic()
        if self._free_bytes < self.floor_bytes:
            raise StorageFull("less free space than JMID_INGEST_FLOOR_BYTES")
