"""Versions of the records of a collection in MongoDB, and their migration.

``jmid_schema`` has one document a collection, ``{_id: name, version}``. While a migration runs, the field ``m`` of a
record says to which version it was brought; afterwards it means nothing.
"""

from collections.abc import Sequence
from typing import Any

from shared.documents import mongo_driver as driver
from shared.documents import mongo_query as query
from shared.documents.migration import BATCH, Row, Rows
from shared.documents.mongo_feed import Bson, Feed
from shared.documents.shape import Shape

SCHEMA = "jmid_schema"


class MongoAtRest:
    """See shared.documents.migration.AtRest."""

    def __init__(self, shape: Shape[Any], database: Any, counters: Any) -> None:
        self._shape, self._name = shape, shape.collection.name
        self._records, self._schema, self._counters = database[self._name], database[SCHEMA], counters

    async def stored_version(self) -> int | None:
        """Return the version of the records; 1 if they are of before there were versions, None if there are none."""
        if self._shape.collection.feed:  # a batch that was committed comes into place first
            await Feed(self._shape, self._records, self._counters).settled()
        if not await driver.find(self._records, query.live(self._shape), ["_id"], limit=1):
            return None
        record = await driver.find_one(self._schema, {"_id": self._name}, ["version"])
        return int(record["version"]) if record else 1

    async def write_down(self, version: int) -> None:
        """Write down of which version the records are."""
        await driver.update(self._schema, {"_id": self._name}, {"$set": {"version": version}}, upsert=True)

    async def rows(self, target: int, after: Any | None) -> Rows:
        where = query.live(self._shape) if after is None else {"k": {"$gt": after}}
        records = await driver.find(self._records, where, ["b", "v", "m"], sort=[("k", 1)], limit=BATCH)
        rows = [Row(each["_id"], each["v"], each["b"]) for each in records if each.get("m", 0) < target]
        return Rows(rows, records[-1]["_id"] if len(records) == BATCH else None)

    async def replace(self, target: int, rows: Sequence[Row]) -> None:
        await driver.bulk(self._records, [self._update(target, row) for row in rows], ordered=False)

    async def finish(self, target: int) -> None:
        if target == self._shape.collection.version:
            await self._remember_fields()
        await self.write_down(target)

    def _update(self, target: int, row: Row) -> Any:
        change: Bson = {"b": row.body, "m": target}
        if target == self._shape.collection.version:
            document = self._shape.decode(row.body)
            change["f"] = query.fields_of(self._shape, self._shape.values(document), self._shape.texts(document))
        unmarked = {"_id": row.id, "v": row.version, "m": {"$not": {"$gte": target}}}
        return driver.UpdateOne(unmarked, {"$set": change})

    async def _remember_fields(self) -> None:
        """Write down that every record has the fields that are declared now, so that declaring does not write them."""
        change = {"$set": {"kept": query.kept(self._shape)}}
        await driver.update(self._counters, {"_id": f"fields {self._name}"}, change, upsert=True)
