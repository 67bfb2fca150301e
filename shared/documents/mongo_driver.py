"""MongoDB's drivers, behind one face: motor, or its successor, PyMongo's own async client.

The only module that imports motor, pymongo or bson. A driver's error ends here: its text can quote a document, so ours
says only its class and code, and is raised without it as a cause.
"""

import inspect
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pymongo
from bson.errors import BSONError
from pymongo import DeleteOne, IndexModel, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    DocumentTooLarge,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.errors import Invalid, SettingsError, StorageFull, Unavailable

__all__ = ["DeleteOne", "InsertOne", "ReplaceOne", "UpdateOne"]

Bson = dict[str, Any]
DUPLICATE_KEY = 11000
_OUT_OF_DISK_SPACE = 14031
_EXAMPLE = "it takes embedded or an address such as mongodb://user:password@host:27017/?replicaSet=rs0"
_DEFAULTS = {"serverSelectionTimeoutMS": 5_000, "connectTimeoutMS": 5_000, "socketTimeoutMS": 60_000}


@asynccontextmanager
async def open_database(uri: str, database: str, driver: str) -> AsyncIterator[Any]:
    """Yield the database; what is written there is on the disks of a majority when the write returns."""
    try:
        named = {name.lower() for name in pymongo.uri_parser.parse_uri(uri, warn=False)["options"]}
        options = {name: value for name, value in _DEFAULTS.items() if name.lower() not in named}
        client = _client(driver)(uri, **options)
    except (ConfigurationError, ValueError) as error:  # without it as a cause: its text can hold the password
        raise SettingsError(f"JMID_DOCUMENTS has a wrong value ({type(error).__name__}); {_EXAMPLE}") from None
    try:
        yield client.get_database(
            database, write_concern=WriteConcern(w="majority", j=True), read_concern=ReadConcern("majority")
        )
    finally:
        closing = client.close()
        if inspect.isawaitable(closing):
            await closing


def _client(driver: str) -> Any:
    match driver:
        case "motor":
            from motor.motor_asyncio import AsyncIOMotorClient

            return AsyncIOMotorClient
        case "pymongo":
            return pymongo.AsyncMongoClient
    raise SettingsError("JMID_DOCUMENTS_DRIVER has a wrong value; it takes motor or pymongo")


@contextmanager
def ours() -> Iterator[None]:
    """Turn a driver's error into ours."""
    try:
        yield
    except DocumentTooLarge:
        raise Invalid("document-too-large", "MongoDB takes documents up to 16 MiB") from None
    except PyMongoError as error:
        code = error.code if isinstance(error, OperationFailure) else None
        text = f"documents: {type(error).__name__}{'' if code is None else f' {code}'}"
        raise (StorageFull(text) if code == _OUT_OF_DISK_SPACE else Unavailable(text)) from None
    except (BSONError, OverflowError) as error:
        raise ValueError(f"MongoDB cannot hold a value of this document: {type(error).__name__}") from None


async def bulk(collection: Any, operations: Sequence[Any], *, ordered: bool) -> list[int]:
    """Carry out the operations; return the places of those refused because their key is there already.

    Ordered: the first refusal ends it.
    """
    if not operations:
        return []
    with ours():
        try:
            await collection.bulk_write(list(operations), ordered=ordered)
        except BulkWriteError as error:
            refusals = error.details.get("writeErrors", [])
            if error.details.get("writeConcernErrors") or any(each["code"] != DUPLICATE_KEY for each in refusals):
                code = next((each["code"] for each in refusals if each["code"] != DUPLICATE_KEY), None)
                raise OperationFailure("bulk write", code) from None
            return [each["index"] for each in refusals]
    return []


async def insert(collection: Any, document: Bson) -> bool:
    """Insert; return False if its key is there already."""
    with ours():
        try:
            await collection.insert_one(document)
        except DuplicateKeyError:
            return False
    return True


async def update(collection: Any, where: Bson, change: Bson, *, upsert: bool = False) -> bool:
    """Update one; return whether there was one."""
    with ours():
        try:
            result = await collection.update_one(where, change, upsert=upsert)
        except DuplicateKeyError:  # somebody else inserted it at the same moment
            result = await collection.update_one(where, change)
    return bool(result.matched_count)


async def delete(collection: Any, where: Bson) -> bool:
    """Delete one; return whether there was one."""
    with ours():
        return bool((await collection.delete_one(where)).deleted_count)


async def find_one(collection: Any, where: Bson, fields: Sequence[str]) -> Bson | None:
    """Return the first that is found, with these fields."""
    with ours():
        record: Bson | None = await collection.find_one(where, list(fields))
    return record


async def find(
    collection: Any,
    where: Bson,
    fields: Sequence[str],
    *,
    sort: Sequence[tuple[str, int]] = (),
    skip: int = 0,
    limit: int = 0,
) -> list[Bson]:
    """Return all that is found, with these fields."""
    with ours():
        cursor = collection.find(where, list(fields), skip=skip, limit=limit, sort=list(sort) or None)
        records: list[Bson] = await cursor.to_list(None)
    return records


async def count(collection: Any, where: Bson) -> int:
    """Return how many are found."""
    with ours():
        return int(await collection.count_documents(where))


async def make_indexes(collection: Any, wanted: Mapping[str, Sequence[tuple[str, int]]]) -> None:
    """Make the indexes that are missing; drop those that nobody declares any more."""
    with ours():
        present = await collection.index_information()
        for name in present.keys() - wanted.keys() - {"_id_"}:
            await collection.drop_index(name)
        missing = [IndexModel(list(keys), name=name) for name, keys in wanted.items() if name not in present]
        if missing:
            await collection.create_indexes(missing)
