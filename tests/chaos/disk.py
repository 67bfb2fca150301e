"""A file system that is filled to its last byte, and emptied again."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.disk import fill, small_disk

SIZE_MIB = 1024


@contextmanager
def own_disk(folder: Path) -> Iterator[bool]:
    """Make the folder; yield whether a file system of its own, which can be filled, is mounted on it (needs root)."""
    if os.geteuid() != 0:
        folder.mkdir(parents=True)
        yield False
        return
    with small_disk(folder, SIZE_MIB):
        yield True


def stay_full(folder: Path, for_s: float) -> None:
    """Leave no byte on the folder's file system for the time."""
    ballast = folder / "ballast"
    try:
        deadline = time.monotonic() + for_s
        while time.monotonic() < deadline:
            fill(ballast)  # again and again: what others delete is room
            time.sleep(0.2)
    finally:
        ballast.unlink(missing_ok=True)
