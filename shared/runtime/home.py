"""The home of a process: a folder that it can write, which no other ``jmid up`` uses.

``jmid up`` runs everything, so it has its home alone; processes of ``jmid run`` share one. The lock is the kernel's
(flock on ``<home>/lock``), so a killed process leaves none behind.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from shared.errors import SettingsError


@contextlib.contextmanager
def claimed(home: Path, *, alone: bool) -> Iterator[None]:
    """Hold the home until the context ends; raise SettingsError if it cannot be used or is in use."""
    with _lock_file(home) as lock:
        try:
            fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = "another jmid process" if alone else "jmid up"
            raise SettingsError(f"the home {home} is in use by {other}; stop it, or choose another --home") from error
        yield


@contextlib.contextmanager
def _lock_file(home: Path) -> Iterator[int]:
    if home.exists() and not home.is_dir():
        raise SettingsError(f"the home {home} is not a folder; choose another --home")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(f"the home {home} cannot be written ({error.strerror}); choose another --home") from error
    try:
        yield lock
    finally:
        os.close(lock)


def free_bytes(folder: Path) -> int:
    """Return the free space of the disk that a folder is on, for who is not root. It blocks."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
