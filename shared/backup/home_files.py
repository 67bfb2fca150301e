"""Which files of a home are backed up: all, but what is disposable, and databases, which are copied as a cut."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from shared.service import Role

SCRATCH = "backup-scratch"
_ROLE = "|".join(Role)
_LEFT_OUT = re.compile(
    rf"lock|addresses|viewer|jmid\.log|{SCRATCH}|({_ROLE})/(?:search|archive|audit/tip\.json.*|[^/]*\.sqlite.*|[^/]+/scratch|blobs/[^/]+/drafts)"
)
"""The index of search is made again from the feeds; <role>/archive and the scratch folders hold parts of requests.
Where the audit trail ends is noted anew, since a backup's databases are of another moment than its files."""


def files(home: Path) -> Iterator[tuple[str, Path]]:
    """Yield path below the home, with "/", and file; in a fixed order. Links are followed: a store may be elsewhere."""
    return _walk(home, home, lambda path: _LEFT_OUT.fullmatch(path) is None)


def blob_files(home: Path) -> Iterator[tuple[str, Path]]:
    """Yield those of the embedded blob stores."""
    for role in Role:
        yield from _walk(home, home / role.value / "blobs", lambda path: _LEFT_OUT.fullmatch(path) is None)


def tree(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield all files of a folder that is no home."""
    return _walk(folder, folder, lambda _: True)


def databases(home: Path) -> Iterator[tuple[str, Path]]:
    """Yield the databases of the home that were made."""
    for role in Role:
        for name in ("documents.sqlite", "bus.sqlite"):
            path = home / role.value / name
            if path.exists() or path.with_name(f"{name}.made").exists():
                yield f"{role.value}/{name}", path


def _walk(home: Path, start: Path, is_kept: Callable[[str], bool]) -> Iterator[tuple[str, Path]]:
    seen: set[Path] = set()
    for folder, folders, names in os.walk(start, followlinks=True):
        real = Path(folder).resolve()
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        below = Path(folder).relative_to(home)
        folders[:] = sorted(each for each in folders if is_kept((below / each).as_posix()))
        for name in sorted(names):
            path = Path(folder, name)
            if is_kept((below / name).as_posix()) and path.is_file():
                yield (below / name).as_posix(), path
