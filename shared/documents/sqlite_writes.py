"""The writes of one transaction: upsert, delete, numbering and counting."""

# ruff: noqa: S608 - the names in the SQL come from Collections, the values are bound

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.documents.shape import Scalar, Shape
from shared.documents.sqlite_schema import analyze, column, gone_table, side_table, table
from shared.errors import Conflict

FEW = 100
GROWTH = 4
"""A collection that has grown by this factor is analyzed again."""


class PutRow(msgspec.Struct, frozen=True):
    """One upsert, with everything read out of the record."""

    shape: Shape[Any]
    key: str
    if_version: int | None
    values: tuple[Scalar, ...]
    texts: tuple[tuple[str, ...], ...]
    body: bytes


class DeleteRow(msgspec.Struct, frozen=True):
    """One deletion."""

    shape: Shape[Any]
    key: str


class Statements:
    """The SQL of one collection, written once."""

    def __init__(self, shape: Shape[Any]) -> None:
        names = ["key", "seq", *(column(shape, field) for field in shape.scalars), "body"]
        sets = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        into = f"INSERT INTO {table(shape)} (version, {', '.join(names)}) VALUES (1, {', '.join('?' * len(names))})"
        returning = "RETURNING id, version"
        self.upsert = f"{into} ON CONFLICT (key) DO UPDATE SET version = version + 1, {sets} {returning}"
        self.insert = f"{into} ON CONFLICT (key) DO NOTHING {returning}"
        sets = ", ".join(f"{name} = ?" for name in names)
        self.update = (
            f"UPDATE {table(shape)} SET version = version + 1, {sets} WHERE key = ? AND version = ? {returning}"
        )
        self.delete = f"DELETE FROM {table(shape)} WHERE key = ? RETURNING id"
        self.sides = [
            (f"DELETE FROM {side} WHERE id = ?", f"INSERT INTO {side} (value, id) VALUES (?, ?)")
            for side in (side_table(shape, field) for field in shape.multis)
        ]
        self.bury = f"INSERT OR REPLACE INTO {gone_table(shape)} (seq, key) VALUES (?, ?)"
        self.unbury = f"DELETE FROM {gone_table(shape)} WHERE key = ?"


class Writes:
    """Carries out rows in the writer's transaction, and keeps the counters until ``flush``.

    A seq is taken inside the write transaction, which SQLite lets one connection hold at a time: the order of seq is
    the order of commits, and whoever sees a seq sees all before it.
    """

    def __init__(self) -> None:
        self._statements: dict[int, Statements] = {}
        self._counters: dict[str, list[int]] = {}
        self._analyzed: dict[str, int] = {}

    def carry_out(self, connection: sqlite3.Connection, rows: Sequence[PutRow | DeleteRow]) -> list[int]:
        """Return each put's new version, and 1 or 0 for each delete. The caller undoes all if one raises."""
        before = {name: list(counter) for name, counter in self._counters.items()}
        try:
            return [
                self._put(connection, row) if isinstance(row, PutRow) else self._delete(connection, row) for row in rows
            ]
        except BaseException:
            self._counters = before
            raise

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write the counters; the last thing before COMMIT."""
        rows = [(seq, records, name) for name, (seq, records) in self._counters.items()]
        self._counters = {}
        if rows:
            connection.executemany("UPDATE counters SET seq = ?, records = ? WHERE collection = ?", rows)
        grown = {name: records for _, records, name in rows if records > self._analyzed.get(name, FEW) * GROWTH}
        if grown:
            analyze(connection, grown)
            self._analyzed |= grown

    def forget(self) -> None:
        """Forget the counters of a transaction that was undone."""
        self._counters = {}

    def _put(self, connection: sqlite3.Connection, row: PutRow) -> int:
        shape, guard = row.shape, row.if_version
        statements = self._of(shape)
        counter = self._counter(connection, shape.collection.name)
        counter[0] += 1
        values = [row.key, counter[0], *row.values, row.body]
        if guard:
            cursor = connection.execute(statements.update, [*values, row.key, guard])
        else:
            cursor = connection.execute(statements.upsert if guard is None else statements.insert, values)
        found = cursor.fetchall()
        if not found:
            raise Conflict(f"documents: {shape.collection.name}: another version than {guard} is there")
        id_, version = found[0]
        for (clear, add), texts in zip(statements.sides, row.texts, strict=True):
            if version > 1:
                connection.execute(clear, [id_])
            connection.executemany(add, [(text, id_) for text in texts])
        if version == 1:
            counter[1] += 1
            if shape.collection.feed:
                connection.execute(statements.unbury, [row.key])
        return int(version)

    def _delete(self, connection: sqlite3.Connection, row: DeleteRow) -> int:
        statements = self._of(row.shape)
        found = connection.execute(statements.delete, [row.key]).fetchall()
        if not found:
            return 0
        counter = self._counter(connection, row.shape.collection.name)
        counter[0] += 1
        counter[1] -= 1
        for clear, _ in statements.sides:
            connection.execute(clear, found[0])
        if row.shape.collection.feed:
            connection.execute(statements.bury, [counter[0], row.key])
        return 1

    def _of(self, shape: Shape[Any]) -> Statements:
        found = self._statements.get(id(shape))
        if found is None:
            found = self._statements[id(shape)] = Statements(shape)
        return found

    def _counter(self, connection: sqlite3.Connection, name: str) -> list[int]:
        counter = self._counters.get(name)
        if counter is None:
            row = connection.execute("SELECT seq, records FROM counters WHERE collection = ?", [name]).fetchone()
            counter = self._counters[name] = list(row)
        return counter
