"""Versions of the records of a collection in SQLite, and their migration.

``schema_versions`` says of which version the records are, ``migrated`` which of them are of the next one already.
"""

# ruff: noqa: S608 - the names in the SQL come from Collections, the values are bound

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

from shared.documents.migration import BATCH, Row, Rows
from shared.documents.shape import Shape
from shared.documents.sqlite_names import table
from shared.documents.sqlite_threads import Readers, Writer
from shared.errors import Conflict

TABLES = """
CREATE TABLE IF NOT EXISTS schema_versions (collection TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS migrated (collection TEXT, id INTEGER, PRIMARY KEY (collection, id)) WITHOUT ROWID;
"""


def stored_version(connection: sqlite3.Connection, shape: Shape[Any]) -> int | None:
    """Return the version of the records; 1 if they are of before there were versions, None if there are none."""
    name = shape.collection.name
    exists = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
    if not connection.execute(exists, [f"d_{name}"]).fetchone():
        return None
    if not connection.execute(f"SELECT 1 FROM {table(shape)} LIMIT 1").fetchone():
        return None
    return _written_down(connection, name)


def write_down(connection: sqlite3.Connection, name: str, version: int) -> None:
    """Write down of which version the records of the collection are."""
    upsert = (
        "INSERT INTO schema_versions VALUES (?, ?) ON CONFLICT (collection) DO UPDATE SET version = excluded.version"
    )
    connection.execute(upsert, [name, version])


def _written_down(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT version FROM schema_versions WHERE collection = ?", [name]).fetchone()
    return int(row[0]) if row else 1


class SqliteAtRest:
    """See shared.documents.migration.AtRest."""

    def __init__(self, shape: Shape[Any], writer: Writer, readers: Readers) -> None:
        self._shape, self._name = shape, shape.collection.name
        self._writer, self._readers = writer, readers

    async def rows(self, target: int, after: Any | None) -> Rows:
        return await self._readers.run(partial(self._rows, after=after))

    async def replace(self, target: int, rows: Sequence[Row]) -> None:
        await self._writer.run(partial(self._replace, target=target, rows=rows))

    async def finish(self, target: int) -> None:
        await self._writer.run(partial(self._finish, target=target))

    def _rows(self, connection: sqlite3.Connection, after: Any | None) -> Rows:
        sql = (
            f"SELECT id, version, body FROM {table(self._shape)} WHERE id > ? AND NOT EXISTS (SELECT 1 FROM migrated"
            f" WHERE collection = ? AND migrated.id = {table(self._shape)}.id) ORDER BY id LIMIT {BATCH}"
        )
        rows = [Row(*each) for each in connection.execute(sql, [after or 0, self._name]).fetchall()]
        return Rows(rows, rows[-1].id if len(rows) == BATCH else None)

    def _replace(self, connection: sqlite3.Connection, target: int, rows: Sequence[Row]) -> None:
        self._check(connection, target)
        for row in rows:
            mark = connection.execute("INSERT OR IGNORE INTO migrated VALUES (?, ?)", [self._name, row.id])
            if mark.rowcount:
                connection.execute(f"UPDATE {table(self._shape)} SET body = ? WHERE id = ?", [row.body, row.id])

    def _finish(self, connection: sqlite3.Connection, target: int) -> None:
        self._check(connection, target)
        write_down(connection, self._name, target)
        connection.execute("DELETE FROM migrated WHERE collection = ?", [self._name])
        connection.execute("DELETE FROM declared WHERE collection = ?", [self._name])  # declaring fills all fields anew

    def _check(self, connection: sqlite3.Connection, target: int) -> None:
        if _written_down(connection, self._name) != target - 1:
            raise Conflict(f"documents: another migration of {self._name} has ended; run it again")
