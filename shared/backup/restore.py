"""Reads backups: compares all that one holds with its digests, or makes a home of it.

A home that is being restored does not start: ``.made`` stands beside each database before the databases do, so that a
start finds them lost. Databases come last, and a restore that was ended goes on where it was.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import msgspec

from shared import sqlite_check
from shared.backup import catalogue
from shared.backup.catalogue import Entry
from shared.backup.repository import Repository, Root, private
from shared.errors import Damaged, SettingsError

MARK = "being-restored"
_DATABASE = ".sqlite"


class Compared(msgspec.Struct):
    """How far it is. wrong: path → what is wrong with its copy."""

    files: int = 0
    size_bytes: int = 0
    wrong: dict[str, str] = {}


def verify(repository: Repository, root: Root, scratch: Path) -> Compared:
    """Read and decrypt every file of a backup and compare its SHA-256; no home is needed. scratch: an empty folder."""
    compared = Compared()
    with catalogue.opened(repository, root, scratch) as listed:
        for entry in listed.entries():
            _each(compared, entry, lambda each: sum(map(len, _data(repository, each))))
    return compared


def restore(repository: Repository, root: Root, home: Path) -> Compared:
    """Make the home of a backup; who calls holds the home alone. Raises SettingsError if something is there."""
    mark = home / MARK
    if not mark.exists() and {each.name for each in home.iterdir()} - {"lock"}:
        raise SettingsError(f"the home {home} is not empty: restore into another one")
    if mark.exists() and mark.read_text("ascii") != root.id:
        raise SettingsError(f"the home {home} is being restored from {mark.read_text('ascii')}; delete it, or go on")
    mark.write_text(root.id, "ascii")
    compared = Compared()
    with catalogue.opened(repository, root, home) as listed:
        entries = sorted(listed.entries(), key=lambda each: (_is_database(each), each.path))
        for each in filter(_is_database, entries):
            _prepare_database(home / each.path)
        for each in entries:
            _each(compared, each, lambda entry: _write(home, entry, repository))
    if not compared.wrong:
        mark.unlink()
    return compared


def _each(compared: Compared, entry: Entry, work: Callable[[Entry], int]) -> None:
    try:
        if not _is_inside(entry.path):
            raise Damaged("backup-path-outside", "its path leads out of the home")
        compared.size_bytes += work(entry)
        compared.files += 1
    except Damaged as error:
        compared.wrong[entry.path] = error.detail


def _is_inside(path: str) -> bool:
    """Say whether a path is of a file below the home: whoever has the key of backups may not write elsewhere."""
    parts = PurePosixPath(path)
    return bool(parts.parts) and not parts.is_absolute() and ".." not in parts.parts and "\0" not in path


def _is_database(entry: Entry) -> bool:
    return _DATABASE in entry.path and entry.path.count("/") == 1 and _is_inside(entry.path)


def _prepare_database(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    sqlite_check.note_made(path)


def _write(home: Path, entry: Entry, repository: Repository) -> int:
    """Write a file whole or not at all."""
    path = home / entry.path
    if path.is_file() and path.stat().st_size == entry.size_bytes and _sha256(path) == entry.sha256:
        return entry.size_bytes
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name[:200]}.restoring")
    try:
        with private(draft) as file:
            for data in _data(repository, entry):
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    return entry.size_bytes


def _data(repository: Repository, entry: Entry) -> Iterator[bytes]:
    """Yield the chunks of a file; raise Damaged if one is not right, or all of them together are not."""
    whole = hashlib.sha256()
    for name in entry.names:
        data = repository.get(name)
        whole.update(data)
        yield data
    if whole.digest() != entry.sha256:
        raise Damaged("backup-file-damaged", "it is not what was put there")


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
