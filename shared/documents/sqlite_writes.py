"""The writes of one transaction: upsert, delete, numbering and counting."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import msgspec

from shared.documents.shape import Scalar, Shape
from shared.documents.sqlite_schema import analyze
from shared.documents.sqlite_statements import Statements
from shared.errors import Conflict

MANY, SOME = 50, 10
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


class Writes:
    """Carries out rows in the writer's transaction, and keeps the counters until ``flush``.

    A seq is taken inside the write transaction, which SQLite lets one connection hold at a time: the order of seq is
    the order of commits, and whoever sees a seq sees all before it.
    """

    def __init__(self) -> None:
        self._statements: dict[str, Statements] = {}
        self._counters: dict[str, list[int]] = {}
        self._analyzed: dict[str, int] = {}

    def carry_out(self, connection: sqlite3.Connection, rows: Sequence[PutRow | DeleteRow]) -> int:
        """Return the last put's new version, or 1 or 0 for a delete. The caller undoes all if one raises."""
        before, result = {name: list(counter) for name, counter in self._counters.items()}, 0
        try:
            for run in _runs(rows):
                if len(run) > 1:
                    self._put_many(connection, run)
                elif isinstance(run[0], PutRow):
                    result = self._put(connection, run[0])
                else:
                    result = self._delete(connection, run[0])
        except BaseException:
            self._counters = before
            raise
        return result

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
        written = cursor.fetchall()
        if not written:
            raise Conflict(f"documents: {shape.collection.name}: another version than {guard} is there")
        id_, version = written[0]
        for (clear, add), texts in zip(statements.sides, row.texts, strict=True):
            if version > 1:
                connection.execute(clear, [id_])
            connection.executemany(add, [(text, id_) for text in texts])
        if version == 1:
            counter[1] += 1
            if shape.collection.feed:
                connection.execute(statements.unbury, [row.key])
        return int(version)

    def _put_many(self, connection: sqlite3.Connection, rows: Sequence[PutRow]) -> None:
        """Upsert unguarded records of one collection in one statement: each takes the interpreter back once."""
        shape = rows[0].shape
        statements = self._of(shape)
        keys = list(dict.fromkeys(row.key for row in rows))
        known = connection.execute(statements.count_among(len(keys)), keys).fetchone()[0]
        counter = self._counter(connection, shape.collection.name)
        values = list[Scalar | bytes]()
        for seq, row in enumerate(rows, counter[0] + 1):
            values += [row.key, seq, *row.values, row.body]
        connection.execute(statements.upsert_many(len(rows)), values)
        counter[0] += len(rows)
        counter[1] += len(keys) - known
        if known:
            for clear in statements.clear_sides(len(keys)):
                connection.execute(clear, keys)
        if shape.collection.feed and known < len(keys):
            connection.execute(statements.unbury_all(len(keys)), keys)
        newest = {row.key: row.texts for row in rows}
        for number in range(len(shape.multis)):
            pairs = [each for key, texts in newest.items() for text in texts[number] for each in (key, text)]
            for start in range(0, len(pairs), 2 * MANY):
                some = pairs[start : start + 2 * MANY]
                connection.execute(statements.fill_side(number, len(some) // 2), some)

    def _delete(self, connection: sqlite3.Connection, row: DeleteRow) -> int:
        statements = self._of(row.shape)
        deleted = connection.execute(statements.delete, [row.key]).fetchall()
        if not deleted:
            return 0
        counter = self._counter(connection, row.shape.collection.name)
        counter[0] += 1
        counter[1] -= 1
        for clear, _ in statements.sides:
            connection.execute(clear, deleted[0])
        if row.shape.collection.feed:
            connection.execute(statements.bury, [counter[0], row.key])
        return 1

    def _of(self, shape: Shape[Any]) -> Statements:
        prepared = self._statements.get(shape.collection.name)
        if prepared is None or prepared.shape is not shape:
            prepared = self._statements[shape.collection.name] = Statements(shape)
        return prepared

    def _counter(self, connection: sqlite3.Connection, name: str) -> list[int]:
        counter = self._counters.get(name)
        if counter is None:
            row = connection.execute("SELECT seq, records FROM counters WHERE collection = ?", [name]).fetchone()
            counter = self._counters[name] = list(row)
        return counter


def _runs(rows: Sequence[PutRow | DeleteRow]) -> Iterator[list[Any]]:
    """Yield the rows in order, unguarded puts into one collection together: 50, 10 or 1, so that few statements do."""
    alike = groupby(rows, lambda row: row.shape.collection.name if isinstance(row, PutRow) and _is_free(row) else None)
    for name, group in alike:
        rest = list(group)
        while rest:
            size = next(size for size in (MANY, SOME, 1) if size <= len(rest)) if name is not None else 1
            yield rest[:size]
            rest = rest[size:]


def _is_free(row: PutRow) -> bool:
    return row.if_version is None
