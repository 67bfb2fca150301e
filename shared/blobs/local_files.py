"""Durable files: written as drafts, synced, renamed to their place, and the folder synced. All of it blocks."""

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from shared.errors import JmidError, NotFound, StorageFull, Unavailable

P = ParamSpec("P")
R = TypeVar("R")
Data = bytes | bytearray | memoryview
Item = tuple[Path, Data]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def writing(function: Callable[P, R]) -> Callable[P, R]:
    """Make the function raise our errors; of the file system's only the code, because its text holds the key."""

    @wraps(function)
    def translating(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except OSError as error:
            raise _translated(error) from None

    return translating


def reading(function: Callable[P, R]) -> Callable[P, R]:
    """Make the function raise our errors; a file that is not there is NotFound."""

    @wraps(function)
    def translating(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except FileNotFoundError:
            raise NotFound("no-such-blob") from None
        except OSError as error:
            raise _translated(error) from None

    return translating


def _translated(error: OSError) -> JmidError:
    name = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return StorageFull(f"blobs: {name}") if error.errno in _NO_ROOM else Unavailable(f"blobs: {name}")


class Draft:
    """A file that is being written; it gets its name only when all of it is on the disk."""

    def __init__(self, drafts: Path) -> None:
        self.path = drafts / f"{os.getpid()}-{secrets.token_hex(8)}"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it has a writer, whatever a clock says of its age

    def write(self, data: Data) -> None:
        """Add bytes."""
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def finish(self) -> None:
        """Return when the bytes are on the disk."""
        os.fdatasync(self._file)
        self._close()

    def remove(self) -> None:
        """Leave nothing behind, unless the file has got its name by now."""
        self._close()
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


@writing
def write_drafts(drafts: Path, items: Sequence[Item]) -> list[tuple[Path, Path]]:
    """Write and sync each; return draft and target of each. All or none are left behind."""
    written: list[tuple[Path, Path]] = []
    try:
        for target, data in items:
            draft = Draft(drafts)
            written.append((draft.path, target))
            try:
                draft.write(data)
                draft.finish()
            except BaseException:
                draft.remove()
                raise
    except BaseException:
        remove(path for path, _ in written)
        raise
    return written


@writing
def publish(written: Sequence[tuple[Path, Path]], root: Path) -> set[Path]:
    """Give synced drafts their names; return the folders that are still to be synced."""
    changed: set[Path] = set()
    try:
        for draft, target in written:
            try:
                draft.rename(target)
            except FileNotFoundError:
                changed |= _make_folders(target.parent, root)
                draft.rename(target)
            changed.add(target.parent)
    except BaseException:
        remove(path for path, _ in written)
        raise
    return changed


@writing
def sync_folders(folders: Iterable[Path]) -> None:
    """Return when the names in these folders are on the disk."""
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@writing
def put(drafts: Path, root: Path, target: Path, data: Data) -> None:
    """Write one file durably."""
    sync_folders(publish(write_drafts(drafts, [(target, data)]), root))


@reading
def read(path: Path, start: int, length: int | None) -> bytes:
    """Return bytes of the file; fewer than asked for at its end."""
    with path.open("rb", buffering=0) as file:
        if start:
            file.seek(start)
        return file.readall() if length is None else _read_exactly(file.fileno(), start, length)


@reading
def delete(path: Path) -> None:
    """Remove a file durably."""
    path.unlink()
    sync_folders([path.parent])


@writing
def prepare(root: Path, drafts: Path, stray_s: float) -> None:
    """Make the folders; remove drafts whose writers, to judge by their age, are gone."""
    for folder in (root, drafts):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sync_folders([root.parent, root.parent.parent])
    border = time.time() - stray_s
    for path in drafts.iterdir():
        with suppress(FileNotFoundError):  # its writer finished just now
            if path.stat().st_mtime < border and not _has_writer(path):
                path.unlink()


def _has_writer(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def remove(paths: Iterable[Path]) -> None:
    """Remove what is there of these files."""
    for path in paths:
        path.unlink(missing_ok=True)


def _make_folders(folder: Path, root: Path) -> set[Path]:
    """Make the folder and those above it up to the root; return those that may have got a new entry."""
    if folder == root:
        return set()
    changed = _make_folders(folder.parent, root)
    folder.mkdir(mode=0o700, exist_ok=True)
    return changed | {folder.parent}


def _read_exactly(descriptor: int, start: int, length: int) -> bytes:
    parts: list[bytes] = []
    while length > 0 and (part := os.pread(descriptor, length, start)):
        parts.append(part)
        start, length = start + len(part), length - len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
