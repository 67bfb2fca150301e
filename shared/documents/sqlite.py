"""The embedded document store: one SQLite file, safe for several processes of one machine.

Writes go through one thread and share fsyncs; searches run in a few reader threads; a read by key runs where it is
asked, because the way to a thread and back takes longer than the read. Design and guarantees: docs/ports.md.
"""

# ruff: noqa: S608 - the names in the SQL come from Collections, the values are bound

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from shared.documents import Change, Collection, Condition, Delete, Documents, Migrated, Page, Put, Query, migration
from shared.documents import sqlite_query as query
from shared.documents import sqlite_rows as rows
from shared.documents import sqlite_schema as schema
from shared.documents.shape import Scalar, Shape
from shared.documents.sqlite_migration import SqliteAtRest, stored_version
from shared.documents.sqlite_names import table
from shared.documents.sqlite_threads import Readers, Writer, connect
from shared.documents.sqlite_writes import DeleteRow, PutRow, Writes
from shared.errors import JmidError, Unavailable

T = TypeVar("T", bound=msgspec.Struct)
R = TypeVar("R")

KEYS_AT_ONCE = 500
KEYS_INLINE = 50
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

    async def stored_version(self, collection: Collection[Any]) -> int | None:
        return await self._writer.run(partial(stored_version, shape=Shape(collection)))

    async def migrate(self, collection: Collection[Any], *, dry_run: bool = False) -> AsyncIterator[Migrated]:
        shape = Shape(collection)
        at_rest = SqliteAtRest(shape, self._writer, self._readers)
        stored = await self.stored_version(collection)
        async for each in migration.migrate(shape, at_rest, stored, dry_run=dry_run):
            yield each

    async def get_versioned(self, collection: Collection[T], key: str) -> tuple[T, int] | None:
        shape = self._shape(collection)
        sql = f"SELECT body, version FROM {table(shape)} WHERE key = ?"
        row = await self._read(rows.fetch_row, sql, [key], inline=True)
        return (shape.decode(row[0]), row[1]) if row else None

    async def get_many(self, collection: Collection[T], keys: Sequence[str]) -> dict[str, T]:
        shape = self._shape(collection)
        by_key = dict[str, T]()
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[start : start + KEYS_AT_ONCE]
            sql = f"SELECT body FROM {table(shape)} WHERE key IN ({', '.join('?' * len(some))})"
            documents = shape.decode_many(*await self._read(rows.fetch, sql, some, inline=len(some) <= KEYS_INLINE))
            by_key |= {shape.key_of(document): document for document in documents if document is not None}
        return by_key

    async def put(self, collection: Collection[T], document: T, *, if_version: int | None = None) -> int:
        return await self._carry_out([self._row(Put(collection, document, if_version))])

    async def write(self, *operations: Put[Any] | Delete[Any]) -> None:
        if operations:
            await self._carry_out([self._row(operation) for operation in operations])

    async def delete(self, collection: Collection[T], key: str) -> bool:
        return bool(await self._carry_out([DeleteRow(self._shape(collection), key)]))

    async def find_page(self, collection: Collection[T], asked: Query) -> Page[T]:
        shape = self._shape(collection)
        where, limit, offset = shape.checked(asked.where, asked.order), asked.limit, asked.offset
        if offset and not where and asked.after is None and offset > await self._records(shape) // 2:
            sql, values = query.find_from_end_sql(shape, asked.order, limit + 1, offset)
        else:
            common = [each for each in query.may_be_common(shape, where) if await self._is_common(shape, each)]
            sql, values = query.find_sql(shape, where, asked.order, limit + 1, offset, asked.after, common)
        read = shape.decode_many(*await self._read(rows.fetch, sql, values))
        documents = [document for document in read[:limit] if document is not None]
        more = len(read) > limit and bool(documents)
        return Page(documents, shape.token(documents[-1], query.order_of(shape, asked.order)) if more else None)

    async def count(self, collection: Collection[T], *where: Condition) -> int:
        shape = self._shape(collection)
        where = shape.checked(where)
        if not where:
            return await self._records(shape)
        row = await self._read(rows.fetch_row, *query.count_sql(shape, where))
        return int(row[0])

    async def changes(self, collection: Collection[T], *, after: int = 0, limit: int = 100) -> list[Change[T]]:
        shape = self._shape(collection)
        if not collection.feed:
            raise ValueError(f"{collection.name} keeps no change feed")
        values = [after, limit, after, limit, limit]
        fetched = await self._read(rows.fetch_changes, query.changes_sql(shape), values)
        return rows.changes(shape, *fetched)

    async def ping(self) -> None:
        if damage := self._writer.damage or self._readers.damage:
            raise damage
        try:
            await self._writer.run(_touch)
        except JmidError as error:
            raise Unavailable(str(error)) from error

    async def close(self) -> None:
        await self._readers.close()
        if self._inline:
            self._inline.close()
            self._inline = None
        await self._writer.close()  # the last of all: what was deleted stands in the log until that is written back

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

    async def _carry_out(self, operations: Sequence[PutRow | DeleteRow]) -> int:
        return await self._writer.run(partial(self._writes.carry_out, rows=operations))

    async def _is_common(self, shape: Shape[Any], condition: Condition) -> bool:
        row = await self._read(rows.fetch_row, *query.is_common_sql(shape, condition), inline=True)
        return int(row[0]) == query.COMMON

    async def _records(self, shape: Shape[Any]) -> int:
        row = await self._read(rows.fetch_row, query.RECORDS, [shape.collection.name], inline=True)
        return int(row[0]) if row else 0

    async def _read(
        self,
        fetch: Callable[[sqlite3.Connection, str, Sequence[Scalar]], R],
        sql: str,
        values: Sequence[Scalar],
        *,
        inline: bool = False,
    ) -> R:
        """Read in a thread, or where it is asked if that is sure to take microseconds."""
        if inline and not self._readers.closed:
            try:
                self._inline = self._inline or connect(self._path, timeout_s=0, read_only=True)
                return fetch(self._inline, sql, values)
            except sqlite3.DatabaseError:  # such as a lock that a thread can wait for, or damage that it tells
                pass
        return await self._readers.run(lambda connection: fetch(connection, sql, values))


def _touch(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO pinged VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET times = times + 1")
