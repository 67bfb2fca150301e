"""Writes collections that keep a change feed in MongoDB: an exact order without transactions.

Each such collection has one counter document ``{_id, seq, batch}``. A write

1. reads ``seq`` = n (or guesses that nobody else wrote since it last did) and the versions of its keys, and decides
   what its operations come to;
2. replaces ``{_id, seq: n}`` by ``{seq: n + m, batch: the m new records}``. This is the commit: one document, so
   atomic, and only one of several writers finds n. The others begin again, so guards decided in step 1 hold;
3. puts the records in their places, each only over a smaller seq: it may be repeated, by anybody, at any time.

Whoever reads the counter, to write or to read the feed, first repeats step 3 for the batch it finds there. So when a
reader looks at the records up to seq n, all of them are in place, and none can come into place later: it misses
nothing, without waiting, leases or clocks; a writer that was killed after step 2 is completed by the next who looks.
Calls that wait together share one batch, and ``write`` is all or nothing, as in SQLite.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shared.documents import mongo_driver as driver
from shared.documents.shape import Shape
from shared.errors import Conflict, JmidError, Unavailable

Bson = dict[str, Any]
BATCH = 200
BATCH_BYTES = 8 << 20
"""The counter document holds the batch, and MongoDB takes documents up to 16 MiB."""


class Operation(msgspec.Struct, frozen=True):
    """One upsert, or without a record, one deletion. record: without _id, v and s."""

    key: str
    record: Bson | None
    if_version: int | None = None


class Call(msgspec.Struct, eq=False):
    """Operations of one caller, all or nothing, and what they came to."""

    operations: Sequence[Operation]
    done: asyncio.Future[list[int]]


class Decision(msgspec.Struct, frozen=True):
    """batch: the new records.  results: per call its versions (1 or 0 for a deletion), or None where a guard failed."""

    batch: list[Bson]
    results: list[list[int] | None]


def decide(calls: Sequence[Sequence[Operation]], versions: Mapping[str, int], seq: int) -> Decision:
    """Return what the calls come to, one after the other.

    versions: of the keys that exist.  seq: of the last record before these.
    """
    now, batch, results = dict(versions), dict[str, Bson](), list[list[int] | None]()
    for operations in calls:
        tried = _try(operations, now)
        results.append(tried)
        if tried is None:
            continue
        for operation, result in zip(operations, tried, strict=True):
            if operation.record is not None:
                now[operation.key] = result
                batch[operation.key] = {"_id": operation.key, "v": result, **operation.record}
            elif result:
                del now[operation.key]
                batch[operation.key] = {"_id": operation.key}
    return Decision([{**record, "s": seq + number} for number, record in enumerate(batch.values(), 1)], results)


def _try(operations: Sequence[Operation], versions: Mapping[str, int]) -> list[int] | None:
    now, results = dict[str, int](), list[int]()
    for operation in operations:
        version = now.get(operation.key, versions.get(operation.key, 0))
        if operation.if_version is not None and operation.if_version != version:
            return None
        result = min(version, 1) if operation.record is None else version + 1
        now[operation.key] = 0 if operation.record is None else result
        results.append(result)
    return results


class Feed:
    """Writes one collection that keeps a feed."""

    def __init__(self, shape: Shape[Any], records: Any, counters: Any) -> None:
        self._name, self._records, self._counters = shape.collection.name, records, counters
        self._lock = asyncio.Lock()
        self._waiting: list[Call] = []
        self._in_place = -1
        """The last seq up to which we know all records to be in their places."""

    async def declare(self) -> None:
        """Make the counter."""
        await driver.insert(self._counters, {"_id": self._name, "seq": 0, "batch": []})

    async def write(self, operations: Sequence[Operation]) -> list[int]:
        """Carry out all or nothing; return each put's new version, and 1 or 0 for a deletion."""
        call = Call(operations, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        try:
            async with self._lock:
                while not call.done.done():
                    await self._carry_out(self._take())
        except asyncio.CancelledError:
            if call in self._waiting:
                self._waiting.remove(call)
            raise
        return call.done.result()

    async def settled(self) -> int:
        """Return the last seq, up to which all records are in their places."""
        counter = await driver.find_one(self._counters, {"_id": self._name}, ["seq"])
        seq = int(counter["seq"]) if counter else 0
        if seq > self._in_place:
            counter = await driver.find_one(self._counters, {"_id": self._name}, ["seq", "batch"])
            if counter:
                seq = int(counter["seq"])
                await self._put_in_place(counter["batch"])
                self._in_place = max(self._in_place, seq)
        return seq

    def _take(self) -> list[Call]:
        """Return the calls that make up the next batch, at least one."""
        taken, records, size = list[Call](), 0, 0
        for call in self._waiting:
            records += len(call.operations)
            size += sum(len(operation.record["b"]) for operation in call.operations if operation.record)
            if taken and (records > BATCH or size > BATCH_BYTES):
                break
            taken.append(call)
        del self._waiting[: len(taken)]
        return taken

    async def _carry_out(self, calls: Sequence[Call]) -> None:
        try:
            results = await self._committed([call.operations for call in calls])
        except JmidError as error:
            _fail(calls, error)
        except BaseException:
            _fail(calls, Unavailable("documents: the writer was stopped"))
            raise
        else:
            for call, result in zip(calls, results, strict=True):
                if call.done.done():
                    continue
                if result is None:
                    call.done.set_exception(Conflict(f"documents: {self._name}: another version is there"))
                else:
                    call.done.set_result(result)

    async def _committed(self, calls: Sequence[Sequence[Operation]]) -> list[list[int] | None]:
        keys = list(dict.fromkeys(operation.key for operations in calls for operation in operations))
        seq = self._in_place
        while True:
            if seq < 0:
                seq = await self.settled()
            records = await driver.find(self._records, {"_id": {"$in": keys}}, ["v"])
            decision = decide(calls, {each["_id"]: each["v"] for each in records if "v" in each}, seq)
            if not decision.batch:
                return decision.results
            last = seq + len(decision.batch)
            change = {"$set": {"seq": last, "batch": decision.batch}}
            if await driver.update(self._counters, {"_id": self._name, "seq": seq}, change):
                await self._put_in_place(decision.batch)
                self._in_place = max(self._in_place, last)
                return decision.results
            seq = -1  # another process wrote; what we know is old

    async def _put_in_place(self, batch: Sequence[Bson]) -> None:
        """Put each record over a smaller seq; what has a larger one already is refused by its key, and stays."""
        refused = await driver.bulk(self._records, [_replace(record, upsert=True) for record in batch], ordered=False)
        # Two that insert the same key at the same moment are both refused once, whichever has the larger seq.
        again = [_replace(batch[place], upsert=False) for place in refused]
        await driver.bulk(self._records, again, ordered=False)


def _replace(record: Bson, *, upsert: bool) -> Any:
    older = {"$not": {"$gte": record["s"]}}  # or from the time before there was a feed
    return driver.ReplaceOne({"_id": record["_id"], "s": older}, record, upsert=upsert)


def _fail(calls: Sequence[Call], error: JmidError) -> None:
    for call in calls:
        if not call.done.done():
            call.done.set_exception(error)
