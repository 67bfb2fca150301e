"""The catalogue of one backup: which files it holds, of which digest, and in which chunks. One SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from shared.backup.repository import CHUNK_BYTES, NAME_BYTES, Repository, Root, digest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, mark TEXT, size INTEGER, sha256 BLOB, chunks BLOB
) WITHOUT ROWID
"""


class Entry(msgspec.Struct, frozen=True):
    """One file. path: below the home.  mark: tells whether the file was written since; empty tells nothing.

    sha256: of all of it.  chunks: their names, one after the other.
    """

    path: str
    mark: str
    size_bytes: int
    sha256: bytes
    chunks: bytes

    @property
    def names(self) -> list[bytes]:
        """Return the names of its chunks, in order."""
        return [self.chunks[at : at + NAME_BYTES] for at in range(0, len(self.chunks), NAME_BYTES)]


class Catalogue:
    """An open catalogue, written in one transaction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(_SCHEMA)
        self._connection.execute("BEGIN")

    def get(self, path: str) -> Entry | None:
        """Return the entry of this file."""
        row = self._connection.execute("SELECT * FROM files WHERE path = ?", (path,)).fetchone()
        return Entry(*row) if row else None

    def put(self, entry: Entry) -> None:
        """Write the entry over any other of this file."""
        row = (entry.path, entry.mark, entry.size_bytes, entry.sha256, entry.chunks)
        self._connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", row)

    def entries(self) -> Iterator[Entry]:
        """Yield all, by path."""
        for row in self._connection.execute("SELECT * FROM files ORDER BY path"):
            yield Entry(*row)

    def totals(self) -> tuple[int, int]:
        """Return the number of files and of their bytes."""
        files, size = self._connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM files").fetchone()
        return int(files), int(size)

    def close(self) -> None:
        """Commit and close."""
        self._connection.execute("COMMIT")
        self._connection.close()


def stored(repository: Repository, path: Path) -> tuple[bytes, ...]:
    """Keep a closed catalogue; return the names of its chunks."""
    names = []
    with path.open("rb") as file:
        while data := file.read(CHUNK_BYTES):
            names.append(repository.put(data, digest(data)))
    return tuple(names)


@contextmanager
def opened(repository: Repository, root: Root, scratch: Path) -> Iterator[Catalogue]:
    """Yield the catalogue of a backup, in the folder scratch; raise Damaged."""
    with NamedTemporaryFile(dir=scratch, suffix=".catalogue") as file:
        for name in root.catalogue:
            file.write(repository.get(name))
        file.flush()
        with closing(Catalogue(Path(file.name))) as catalogue:
            yield catalogue
