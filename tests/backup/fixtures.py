"""A small home, and backups of it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import sqlite_check
from shared.backup import back_up, catalogue
from shared.backup import restore as reading
from shared.backup.back_up import Made
from shared.backup.repository import Repository
from shared.backup.restore import Compared

KEY = bytes(range(32))
IDENTIFIED = "gateway/blobs/identified/blobs/+/00/01"


def a_home(home: Path) -> Path:
    """Return a home with two databases, a key and a blob."""
    for name in ("documents", "bus"):
        path = home / "gateway" / f"{name}.sqlite"
        path.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE numbers (n INTEGER)")
        connection.close()
        sqlite_check.note_made(path)
    written(home, "gateway/keys/k1.key", b"secrets of the site")
    written(home, "centre/blobs/archive/blobs/1.2/00/01/1.2.3.dcm", b"pixels")
    return home


def written(home: Path, path: str, data: bytes) -> Path:
    """Write as our stores do: another file, renamed."""
    target = home / path
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name("draft")
    draft.write_bytes(data)
    return draft.rename(target)


def repository(folder: Path) -> Repository:
    return Repository(folder / "backups", KEY)


def backed_up(home: Path, to: Repository, *, keep_days: float = 35.0, again: bool = False) -> Made:
    return back_up.make(to, home, {}, keep_days=keep_days, version="1", again=again)


def restored(source: Repository, home: Path, backup: int = -1) -> Compared:
    home.mkdir(exist_ok=True)
    return reading.restore(source, source.roots()[backup], home)


def contents(home: Path) -> dict[str, bytes]:
    """Return every file that is no database."""
    paths = (path for path in home.rglob("*") if path.is_file() and ".sqlite" not in path.name)
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def to(tmp_path: Path) -> Iterator[Repository]:
    yield repository(tmp_path)


def chunks_of(source: Repository, path: str, scratch: Path) -> list[Path]:
    """Return the files that hold a file of the newest backup."""
    with catalogue.opened(source, source.roots()[-1], scratch) as listed:
        entry = listed.get(path)
        assert entry is not None
        return [source.folder / "objects" / name.hex()[:2] / name.hex() for name in entry.names]
