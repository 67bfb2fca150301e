"""Tell whether the process that claimed a message still lives: each holds a lock on a file of its own.

The kernel drops the lock when the process ends, however it ends, and gives it to no forked child (POSIX record locks,
fcntl(2)). So a claim needs no lease that is too short for a slow handler or too long after a kill -9.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OURS: set[str] = set()  # a process never conflicts with its own record locks, so they cannot be asked about


@contextmanager
def own(folder: Path) -> Iterator[str]:
    """Yield a name whose lock lives as long as this context and this process."""
    folder.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    hidden = folder / f".{name}"
    descriptor = os.open(hidden, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        _OURS.add(name)
        hidden.rename(folder / name)  # seen by others only once it is locked
        yield name
    finally:
        (folder / name).unlink(missing_ok=True)
        hidden.unlink(missing_ok=True)
        os.close(descriptor)
        _OURS.discard(name)


def lives(folder: Path, name: str) -> bool:
    """Return whether the owner of this name lives; forget the file of one that does not."""
    if name in _OURS:
        return True
    try:
        descriptor = os.open(folder / name, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    (folder / name).unlink(missing_ok=True)
    return False


def forget_dead(folder: Path) -> None:
    """Remove the files of owners that are gone."""
    for path in folder.iterdir():
        if not path.name.startswith("."):
            with suppress(OSError):
                lives(folder, path.name)
