"""The document store in MongoDB, for places that run several machines. Design and guarantees: docs/ports.md."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import groupby
from typing import Any, TypeVar

import msgspec

from shared.documents import (
    Change,
    Collection,
    Condition,
    Delete,
    Documents,
    Migrated,
    Order,
    Page,
    Put,
    Query,
    migration,
)
from shared.documents import mongo_driver as driver
from shared.documents import mongo_query as query
from shared.documents.mongo_driver import open_database
from shared.documents.mongo_feed import Bson, Feed, Operation
from shared.documents.mongo_migration import MongoAtRest
from shared.documents.mongo_plain import Plain
from shared.documents.shape import Shape, terms
from shared.errors import Conflict, Unavailable

T = TypeVar("T", bound=msgspec.Struct)

OWN = "jmid_meta"
"""The collection of the counters of feeds, and of which fields each collection keeps up to date."""
KEYS_AT_ONCE = 500
PING_S = 5.0


@asynccontextmanager
async def open_mongo(uri: str, database: str, *, driver: str = "motor") -> AsyncIterator["MongoDocuments"]:
    """Yield the document store in this database. driver: motor or pymongo."""
    async with open_database(uri, database, driver) as opened:
        yield MongoDocuments(opened)


class MongoDocuments(Documents):
    """See shared.documents.Documents."""

    def __init__(self, database: Any) -> None:
        self._database, self._own = database, database[OWN]
        self._shapes: dict[str, Shape[Any]] = {}
        self._feeds: dict[str, Feed] = {}

    async def declare(self, *collections: Collection[Any]) -> None:
        for collection in collections:
            shape = Shape(collection)
            at_rest = self._at_rest(shape)
            stored = await at_rest.stored_version()
            migration.check(collection, stored)
            if stored is None:
                await at_rest.write_down(collection.version)
            records = self._database[collection.name]
            self._shapes[collection.name] = shape
            if collection.feed and collection.name not in self._feeds:
                self._feeds[collection.name] = Feed(shape, records, self._own)
                await self._feeds[collection.name].declare()
            await driver.make_indexes(records, query.indexes(shape))
            await self._follow_fields(shape)

    async def stored_version(self, collection: Collection[Any]) -> int | None:
        return await self._at_rest(Shape(collection)).stored_version()

    async def migrate(self, collection: Collection[Any], *, dry_run: bool = False) -> AsyncIterator[Migrated]:
        shape = Shape(collection)
        at_rest = self._at_rest(shape)
        async for each in migration.migrate(shape, at_rest, await at_rest.stored_version(), dry_run=dry_run):
            yield each

    async def get_versioned(self, collection: Collection[T], key: str) -> tuple[T, int] | None:
        shape = self._shape(collection)
        record = await driver.find_one(self._records(shape), {"_id": key}, ["b", "v"])
        return (shape.decode(record["b"]), record["v"]) if record and "b" in record else None

    async def get_many(self, collection: Collection[T], keys: Sequence[str]) -> dict[str, T]:
        shape = self._shape(collection)
        by_key = dict[str, T]()
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = list(keys[start : start + KEYS_AT_ONCE])
            each = await driver.find(self._records(shape), {"_id": {"$in": some}}, ["b"])
            by_key |= {record["_id"]: shape.decode(record["b"]) for record in each if "b" in record}
        return by_key

    async def put(self, collection: Collection[T], document: T, *, if_version: int | None = None) -> int:
        shape = self._shape(collection)
        operation = _operation(shape, Put(collection, document, if_version))
        if feed := self._feeds.get(collection.name):
            return (await feed.write([operation]))[0]
        return await self._plain(shape).put(operation)

    async def write(self, *operations: Put[Any] | Delete[Any]) -> None:
        for name, run in groupby(operations, lambda operation: operation.collection.name):
            some = list(run)
            shape = self._shape(some[0].collection)
            ready = [_operation(shape, operation) for operation in some]
            await (self._feeds[name] if name in self._feeds else self._plain(shape)).write(ready)

    async def delete(self, collection: Collection[T], key: str) -> bool:
        shape = self._shape(collection)
        if feed := self._feeds.get(collection.name):
            return bool((await feed.write([Operation(key, None)]))[0])
        return await self._plain(shape).delete(key)

    async def find_page(self, collection: Collection[T], asked: Query) -> Page[T]:
        shape = self._shape(collection)
        where = shape.checked(asked.where, asked.order)
        total = terms(asked.order, collection.key)
        place = None if asked.after is None else shape.place(asked.after, total[:-1])
        filters = query.filters_of(shape, where, total, place)
        records = await self._rows(shape, filters, total, asked.offset, asked.limit + 1)
        documents = [shape.decode(each["b"]) for each in records[: asked.limit]]
        more = len(records) > asked.limit and bool(documents)
        return Page(documents, shape.token(documents[-1], total[:-1]) if more else None)

    async def count(self, collection: Collection[T], *where: Condition) -> int:
        shape = self._shape(collection)
        where = shape.checked(where)
        return await driver.count(self._records(shape), query.filter_of(shape, where))

    async def changes(self, collection: Collection[T], *, after: int = 0, limit: int = 100) -> list[Change[T]]:
        shape = self._shape(collection)
        feed = self._feeds.get(collection.name)
        if feed is None:
            raise ValueError(f"{collection.name} keeps no change feed")
        last = await feed.settled()
        if last <= after:
            return []
        records = await driver.find(
            self._records(shape), {"s": {"$gt": after, "$lte": last}}, ["s", "b"], sort=[("s", 1)], limit=limit
        )
        return [Change(each["s"], each["_id"], shape.decode(each["b"]) if "b" in each else None) for each in records]

    async def ping(self) -> None:
        try:
            async with asyncio.timeout(PING_S):
                await driver.update(self._own, {"_id": "ping"}, {"$inc": {"times": 1}}, upsert=True)
        except TimeoutError:
            raise Unavailable(f"documents: no answer in {PING_S:g} s") from None

    async def close(self) -> None:
        """Leave it to ``open_mongo``, which owns the client."""

    async def _rows(
        self, shape: Shape[Any], filters: Sequence[Bson], total: Sequence[Order], offset: int, limit: int
    ) -> list[Bson]:
        """Return the bodies of the results of the filters, one after the other."""
        sort = query.sort_of(shape, total)
        if len(filters) == 1:
            return await driver.find(self._records(shape), filters[0], ["b"], sort=sort, skip=offset, limit=limit)
        records: list[Bson] = []
        for each in filters:  # what is to be skipped after a token is few, and can be read
            if (missing := offset + limit - len(records)) > 0:
                records += await driver.find(self._records(shape), each, ["b"], sort=sort, limit=missing)
        return records[offset:]

    def _shape(self, collection: Collection[T]) -> Shape[T]:
        shape = self._shapes.get(collection.name)
        if shape is None:
            raise ValueError(f"the collection {collection.name} is not declared")
        return shape

    def _at_rest(self, shape: Shape[Any]) -> MongoAtRest:
        return MongoAtRest(shape, self._database, self._own)

    def _records(self, shape: Shape[Any]) -> Any:
        return self._database[shape.collection.name]

    def _plain(self, shape: Shape[Any]) -> Plain:
        return Plain(shape.collection.name, self._records(shape))

    async def _follow_fields(self, shape: Shape[Any]) -> None:
        """Fill in fields, and the feed, that earlier writers did not know; remember what is kept up to date."""
        name, wanted = shape.collection.name, query.kept(shape)
        remembered = await driver.find_one(self._own, {"_id": f"fields {name}"}, ["kept"])
        kept = remembered["kept"] if remembered else None
        if kept == wanted:
            return
        if kept is not None and not set(wanted) <= set(kept):
            await self._fill_in(shape)
        change = {"$set": {"kept": wanted}}
        await driver.update(self._own, {"_id": f"fields {name}"}, change, upsert=True)

    async def _fill_in(self, shape: Shape[Any]) -> None:
        """Write every record again as it is, over the version it was read at."""
        where = query.live(shape)
        while True:
            records = await driver.find(self._records(shape), where, ["b", "v"], sort=[("k", 1)], limit=KEYS_AT_ONCE)
            if not records:
                return
            where = {"k": {"$gt": records[-1]["_id"]}}
            for each in records:
                with suppress(Conflict):  # whoever was faster knows all fields too
                    await self.put(shape.collection, shape.decode(each["b"]), if_version=each["v"])


def _operation(shape: Shape[Any], operation: Put[Any] | Delete[Any]) -> Operation:
    if isinstance(operation, Delete):
        return Operation(operation.key, None)
    document = operation.document
    key = shape.key_of(document)
    fields = query.fields_of(shape, shape.values(document), shape.texts(document))
    record: Bson = {"k": key, "f": fields, "b": shape.encode(document)}
    return Operation(key, record, operation.if_version)
