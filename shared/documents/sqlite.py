"""The embedded document store: one SQLite file, safe for several processes of one machine.

Writes go through one thread and share fsyncs; searches run in a few reader threads; a read by key runs where it is
asked, because the way to a thread and back takes longer than the read. Design and guarantees: docs/ports.md.
"""

# ruff: noqa: S608 - the names in the SQL come from Collections, the values are bound

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from shared.documents import Change, Collection, Condition, Delete, Documents, Order, Page, Put
from shared.documents import sqlite_query as query
from shared.documents import sqlite_schema as schema
from shared.documents.shape import Scalar, Shape
from shared.documents.sqlite_threads import Readers, Writer, connect
from shared.documents.sqlite_writes import DeleteRow, PutRow, Writes
from shared.errors import JmidError, Unavailable

T = TypeVar("T", bound=msgspec.Struct)

KEYS_AT_ONCE = 500
KEYS_INLINE = 16
"""Up to this many records are read by key in the event loop itself."""


@asynccontextmanager
async def open_sqlite(path: Path) -> AsyncIterator["SqliteDocuments"]:
    """Yield the document store in this file; it is made if it does not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    documents = SqliteDocuments(path)
    try:
        await documents.declare()
        yield documents
    finally:
        await documents.close()


class SqliteDocuments(Documents):
    """See shared.documents.Documents."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._shapes: dict[str, Shape[Any]] = {}
        self._writes = Writes()
        self._writer = Writer(path, self._writes.flush, self._writes.forget)
        self._readers = Readers(path)
        self._inline: sqlite3.Connection | None = None

    async def declare(self, *collections: Collection[Any]) -> None:
        shapes = [Shape(collection) for collection in collections]
        await self._writer.run(partial(schema.declare, shapes=shapes))
        self._shapes.update((shape.collection.name, shape) for shape in shapes)

    async def get(self, collection: Collection[T], key: str) -> T | None:
        found = await self.get_versioned(collection, key)
        return found[0] if found else None

    async def get_versioned(self, collection: Collection[T], key: str) -> tuple[T, int] | None:
        shape = self._shape(collection)
        rows = await self._by_key(f"SELECT body, version FROM {schema.table(shape)} WHERE key = ?", [key])
        return (shape.decode(rows[0][0]), rows[0][1]) if rows else None

    async def get_many(self, collection: Collection[T], keys: Sequence[str]) -> dict[str, T]:
        shape = self._shape(collection)
        found = dict[str, T]()
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = list(keys[start : start + KEYS_AT_ONCE])
            marks = ", ".join("?" * len(some))
            rows = await self._by_key(f"SELECT key, body FROM {schema.table(shape)} WHERE key IN ({marks})", some)
            found |= {key: shape.decode(body) for key, body in rows}
        return found

    async def put(self, collection: Collection[T], document: T, *, if_version: int | None = None) -> int:
        return (await self._carry_out([self._row(Put(collection, document, if_version))]))[0]

    async def write(self, *operations: Put[Any] | Delete[Any]) -> None:
        if operations:
            await self._carry_out([self._row(operation) for operation in operations])

    async def delete(self, collection: Collection[T], key: str) -> bool:
        return bool((await self._carry_out([DeleteRow(self._shape(collection), key)]))[0])

    async def find(
        self,
        collection: Collection[T],
        *where: Condition,
        order: Sequence[Order] = (),
        limit: int = 100,
        offset: int = 0,
        after: str | None = None,
    ) -> Page[T]:
        shape = self._shape(collection)
        shape.check(where, order)
        sql, values = query.find_sql(shape, where, order, limit + 1, offset, after)
        rows = await self._readers.run(lambda connection: connection.execute(sql, values).fetchall())
        found = [shape.decode(row[0]) for row in rows[:limit]]
        more = len(rows) > limit and bool(found)
        return Page(found, shape.token(found[-1], query.order_of(shape, order)) if more else None)

    async def count(self, collection: Collection[T], *where: Condition) -> int:
        shape = self._shape(collection)
        shape.check(where)
        sql, values = query.count_sql(shape, where)
        rows = await self._readers.run(lambda connection: connection.execute(sql, values).fetchall())
        return int(rows[0][0])

    async def changes(self, collection: Collection[T], *, after: int = 0, limit: int = 100) -> list[Change[T]]:
        shape = self._shape(collection)
        if not collection.feed:
            raise ValueError(f"{collection.name} keeps no change feed")
        sql = query.changes_sql(shape)
        values = [after, limit, after, limit, limit]
        rows = await self._readers.run(lambda connection: connection.execute(sql, values).fetchall())
        return [Change(seq, key, None if body is None else shape.decode(body)) for seq, key, body in rows]

    async def ping(self) -> None:
        try:
            await self._writer.run(_touch)
        except JmidError as error:
            raise Unavailable(str(error)) from error

    async def close(self) -> None:
        await self._writer.close()
        await self._readers.close()
        if self._inline:
            self._inline.close()
            self._inline = None

    def _shape(self, collection: Collection[T]) -> Shape[T]:
        shape = self._shapes.get(collection.name)
        if shape is None:
            raise ValueError(f"the collection {collection.name} is not declared")
        return shape

    def _row(self, operation: Put[Any] | Delete[Any]) -> PutRow | DeleteRow:
        shape = self._shape(operation.collection)
        if isinstance(operation, Delete):
            return DeleteRow(shape, operation.key)
        document = operation.document
        return PutRow(
            shape=shape,
            key=shape.key_of(document),
            if_version=operation.if_version,
            values=shape.values(document),
            texts=shape.texts(document),
            body=shape.encode(document),
        )

    async def _carry_out(self, rows: Sequence[PutRow | DeleteRow]) -> list[int]:
        return await self._writer.run(partial(self._writes.carry_out, rows=rows))

    async def _by_key(self, sql: str, values: Sequence[Scalar]) -> list[Any]:
        if len(values) <= KEYS_INLINE and not self._writer.closed:
            try:
                self._inline = self._inline or connect(self._path, timeout_s=0, read_only=True)
                return self._inline.execute(sql, values).fetchall()
            except sqlite3.OperationalError:  # such as a lock that a thread can wait for
                pass
        return await self._readers.run(lambda connection: connection.execute(sql, values).fetchall())


def _touch(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO pinged VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET times = times + 1")
