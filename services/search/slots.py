"""A folder of its own for the index of each search process of one home.

tantivy lets one process write an index. Each process takes the lowest slot that is free and keeps it locked while it
lives; the kernel frees the lock however the process ends, so that the next process takes the index over as it is.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.errors import SettingsError

SLOTS = "index"
MOST = 64


@contextmanager
def own_slot(folder: Path) -> Iterator[Path]:
    """Yield the folder of a free slot, ``<folder>/index/<n>``; its lock stands beside it, out of the way of a wipe."""
    slots = folder / SLOTS
    slots.mkdir(parents=True, exist_ok=True)
    _remove_older_form(folder)
    for number in range(MOST):
        with (slots / f"{number}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield slots / str(number)
            return
    raise SettingsError(f"{MOST} search processes use this home already; start fewer, or give JMID_HOME another folder")


def _remove_older_form(folder: Path) -> None:
    """Remove an index that lies directly in the folder, as one process had it; the feeds make it anew."""
    for path in folder.iterdir():
        if path.name == SLOTS:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(FileNotFoundError):
                path.unlink()
