"""Makes a backup of a home beside its services.

Order: blobs first, then the cut of the databases, then blobs again, and all other files. Bytes are written before the
record that names them, so every blob that the cut names was there by then: the first round has copied it, or the
second does. What is deleted between the two rounds is in the backup all the same. Keys and tokens are only ever added,
so that those of the time after the cut hold all that the cut names. The root is written last.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import msgspec

from shared import clock
from shared.backup import catalogue, cut, home_files
from shared.backup.catalogue import Catalogue, Entry
from shared.backup.repository import CHUNK_BYTES, Repository, Root, digest

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TRIES = 3


class Made(msgspec.Struct):
    """What a run did. read: files that were new or changed.

    unread: path → why it is not in the backup as it is now.
    """

    root: Root | None = None
    read: int = 0
    read_bytes: int = 0
    unread: dict[str, str] = {}


class _ChangedError(Exception):
    """A file was written while it was read."""


class _OtherBytesError(Exception):
    """A file's name is the SHA-256 of other bytes."""


def make(
    repository: Repository,
    home: Path,
    also: Mapping[str, Path],
    *,
    keep_days: float,
    version: str,
    again: bool = False,
) -> Made:
    """Make a backup, and forget those whose time is over.

    also: folders outside the home, by their path below it at a restore.  again: read what did not change, too.
    Raises SettingsError, Damaged if a database is, and OSError if the backup cannot be written.
    """
    repository.make()
    with repository.writing(), _scratch(home) as scratch, ExitStack() as stack:
        roots = repository.roots()
        before = stack.enter_context(catalogue.opened(repository, roots[-1], scratch)) if roots else None
        run = _Run(repository, Catalogue(scratch / "new.catalogue"), before, again)
        made_at = _copy(run, home, also, scratch)
        run.made.root = _root(run, made_at, keep_days, version)
        repository.add(run.made.root)
        forget_expired(repository, scratch)
        return run.made


def forget_expired(repository: Repository, scratch: Path) -> int:
    """Remove backups whose time is over, and what only they held; the newest stays. Return how many."""
    *older, _ = repository.roots()
    expired = [root for root in older if datetime.fromisoformat(root.expires_at) <= clock.utc_now()]
    for root in expired:
        repository.remove(root)
    if expired:
        kept = set[bytes]()
        for root in repository.roots():
            kept.update(root.catalogue)
            with catalogue.opened(repository, root, scratch) as each:
                kept.update(name for entry in each.entries() for name in entry.names)
        repository.remove_others(kept)
    return len(expired)


def _copy(run: "_Run", home: Path, also: Mapping[str, Path], scratch: Path) -> datetime:
    databases = dict(home_files.databases(home))
    cut.check(list(databases.values()))
    run.take(home_files.blob_files(home))
    copies = {name: scratch / name.replace("/", "-") for name in databases}
    made_at = clock.utc_now()
    cut.copy({databases[name]: copies[name] for name in databases})
    for name, copy in copies.items():
        run.take([(name, copy)])
        copy.unlink()
    run.take(home_files.files(home))
    for below, folder in also.items():
        run.take((f"{below}/{path}", file) for path, file in home_files.tree(folder))
    return made_at


def _root(run: "_Run", made_at: datetime, keep_days: float, version: str) -> Root:
    files, size_bytes = run.now.totals()
    run.now.close()
    return Root(
        id=made_at.strftime("%Y%m%dT%H%M%S%fZ"),
        made_at=made_at.isoformat(timespec="milliseconds"),
        expires_at=(made_at + timedelta(days=keep_days)).isoformat(timespec="milliseconds"),
        catalogue=catalogue.stored(run.repository, run.now.path),
        files=files,
        size_bytes=size_bytes,
        unread=len(run.made.unread),
        version=version,
    )


class _Run:
    """Takes files into a backup. before: the catalogue of the last one.  again: read what did not change since, too."""

    def __init__(self, repository: Repository, now: Catalogue, before: Catalogue | None, again: bool) -> None:
        self.repository, self.now, self.made = repository, now, Made()
        self._before, self._again = before, again

    def take(self, files: Iterable[tuple[str, Path]]) -> None:
        """Take each file, unless this or the last backup has it as it is; what cannot be read stops no other."""
        for path, file in files:
            try:
                entry = self._taken(path, file)
            except FileNotFoundError:
                continue  # deleted since it was listed
            except (OSError, _ChangedError, _OtherBytesError) as error:
                self._leave(path, error)
            else:
                self.made.unread.pop(path, None)
                self.now.put(entry)

    def _leave(self, path: str, error: Exception) -> None:
        """Note why a file is not in the backup as it is now, and keep the copy of the last one."""
        reasons = {_ChangedError: "it was written all the time", _OtherBytesError: "its bytes are not those that came"}
        self.made.unread[path] = reasons.get(type(error), "it cannot be read")
        known = self._before.get(path) if self._before else None
        if known is not None and self.now.get(path) is None:
            self.now.put(known)

    def _taken(self, path: str, file: Path) -> Entry:
        if known := self._known(path, _mark(file.stat())):
            return known
        for _ in range(_TRIES):
            with file.open("rb") as opened:
                mark = _mark(os.fstat(opened.fileno()))
                entry = self._read(path, mark, opened)
                if _mark(os.fstat(opened.fileno())) == mark:
                    return entry
        raise _ChangedError

    def _known(self, path: str, mark: str) -> Entry | None:
        for each in (self.now, None if self._again else self._before):
            entry = each.get(path) if each else None
            if entry is not None and entry.mark == mark:
                return entry
        return None

    def _read(self, path: str, mark: str, file: BinaryIO) -> Entry:
        whole, names, size = hashlib.sha256(), bytearray(), 0
        named = _SHA256.fullmatch(path.rpartition("/")[2].rpartition("+")[2])
        while data := file.read(CHUNK_BYTES):
            whole.update(data)
            size += len(data)
            names += self.repository.put(data, digest(data), again=self._again)
        if named and "/identified/" in path and whole.hexdigest() != named[0]:
            raise _OtherBytesError
        self.made.read += 1
        self.made.read_bytes += size
        return Entry(path, mark, size, whole.digest(), bytes(names))


def _mark(of: os.stat_result) -> str:
    """Return what differs once a file was written: our stores write another file and rename it."""
    return f"{of.st_ino}-{of.st_size}-{of.st_mtime_ns}-{of.st_ctime_ns}"


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """Yield a folder on the home's own disk, where nobody sees more than in the home itself."""
    folder = home / home_files.SCRATCH
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
