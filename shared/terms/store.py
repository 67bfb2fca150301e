"""One version of a code system in one read-only SQLite file: written once, then shared by all processes.

The file is written beside its place and renamed, so that nobody reads half of one. SQLite maps pages as they are read,
so memory does not grow with the terminology.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from shared.errors import Damaged, Invalid
from shared.terms.term import CodeSystem, Term, Terminology

_SCHEMA: Final = """
CREATE TABLE about (body BLOB NOT NULL);
CREATE TABLE terms (code TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
"""
_PAGE: Final = 1000
_TERM: Final = msgspec.msgpack.Decoder(Term)


def write_store(path: Path, terminology: Terminology) -> CodeSystem:
    """Write a terminology to a file, and return what it is with the number of its terms.

    Raises Invalid for a code that is there twice or empty. Blocks the calling thread.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{time.monotonic_ns()}.partial")
    try:
        with closing(sqlite3.connect(partial)) as connection, connection:
            connection.executescript(_SCHEMA)
            about = _fill(connection, terminology)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return about


def _fill(connection: sqlite3.Connection, terminology: Terminology) -> CodeSystem:
    for term in terminology.terms:
        if not term.code or not term.display:
            raise Invalid("not-a-term", "a term has no code or no name")
        try:
            connection.execute("INSERT INTO terms VALUES (?, ?)", (term.code, msgspec.msgpack.encode(term)))
        except sqlite3.IntegrityError as error:
            raise Invalid("code-twice", f"the code {term.code} is there twice") from error
    ((count,),) = connection.execute("SELECT count(*) FROM terms").fetchall()
    about = msgspec.structs.replace(terminology.about, terms=count)
    connection.execute("INSERT INTO about VALUES (?)", (msgspec.msgpack.encode(about),))
    return about


class Store:
    """Reads one file; may be used by several threads. Raises Damaged where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        try:
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?immutable=1", uri=True, check_same_thread=False
            )
            ((body,),) = self._rows("SELECT body FROM about")
            self.about = msgspec.msgpack.decode(body, type=CodeSystem)
        except (sqlite3.Error, ValueError, msgspec.MsgspecError) as error:
            raise Damaged("terminology", f"{path.name} cannot be read; load it again") from error

    def get(self, code: str) -> Term | None:
        """Return the term of a code."""
        rows = self._rows("SELECT body FROM terms WHERE code = ?", code)
        return _TERM.decode(rows[0][0]) if rows else None

    def __iter__(self) -> Iterator[Term]:
        """Yield all terms in the order of their codes."""
        last = ""
        while rows := self._rows("SELECT body FROM terms WHERE code > ? ORDER BY code LIMIT ?", last, _PAGE):
            terms = [_TERM.decode(body) for (body,) in rows]
            yield from terms
            last = terms[-1].code

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _rows(self, statement: str, *values: object) -> list[tuple[bytes]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()
