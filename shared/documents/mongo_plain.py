"""Writes collections without a change feed in MongoDB: every operation is one atomic update of one document."""

from collections.abc import Sequence
from typing import Any

from shared.documents import mongo_driver as driver
from shared.documents.mongo_feed import Bson, Operation
from shared.errors import Conflict

TRIES = 20
"""How often others may write the same key between our read and our write before we give up."""


class Plain:
    """Writes one collection that keeps no feed."""

    def __init__(self, name: str, records: Any) -> None:
        self._name, self._records = name, records

    async def put(self, operation: Operation) -> int:
        """Upsert; return the new version."""
        for _ in range(TRIES):
            version = operation.if_version
            if version is None:
                record = await driver.find_one(self._records, {"_id": operation.key}, ["v"])
                version = record["v"] if record else 0
            if await self._put_over(version, operation):
                return version + 1
            if operation.if_version is not None:
                break
        raise Conflict(f"documents: {self._name}: another version is there")

    async def delete(self, key: str) -> bool:
        """Delete; return whether there was one."""
        return await driver.delete(self._records, {"_id": key})

    async def write(self, operations: Sequence[Operation]) -> None:
        """Carry out in order, stopping at the first that fails; what does not go over a known version goes together."""
        run = list[Operation]()
        for operation in operations:
            if not operation.if_version:
                run.append(operation)
                continue
            await self._bulk(run)
            run = []
            await self.put(operation)
        await self._bulk(run)

    async def _put_over(self, version: int, operation: Operation) -> bool:
        if version == 0:
            return await driver.insert(self._records, {"_id": operation.key, "v": 1, **_record(operation)})
        change = {"$set": {"v": version + 1, **_record(operation)}}
        return await driver.update(self._records, {"_id": operation.key, "v": version}, change)

    async def _bulk(self, run: list[Operation]) -> None:
        for _ in range(TRIES):
            refused = await driver.bulk(self._records, [_request(each) for each in run], ordered=True)
            if not refused:
                return
            run = run[refused[0] :]
            if run[0].if_version == 0:
                raise Conflict(f"documents: {self._name}: another version is there")
            # else another inserted the same key at the same moment
        raise Conflict(f"documents: {self._name}: others write the same keys")


def _record(operation: Operation) -> Bson:
    assert operation.record is not None
    return operation.record


def _request(operation: Operation) -> Any:
    where = {"_id": operation.key}
    if operation.record is None:
        return driver.DeleteOne(where)
    if operation.if_version == 0:
        return driver.InsertOne({**where, "v": 1, **operation.record})
    return driver.UpdateOne(where, {"$set": operation.record, "$inc": {"v": 1}}, upsert=True)
