"""What a search asks of the store goes by an index, in SQLite and in MongoDB. The searches are real requests."""

import re
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pymongo
import pytest
import pytest_asyncio

from services.archive.deps import ArchiveDeps
from services.archive.query import search
from services.archive.query.parameters import Level, parse
from services.archive.records import COLLECTIONS, STUDIES, SeriesRecord, StudyRecord
from services.archive.records import SERIES as SERIES_RECORDS
from shared.documents import Collection, Condition, Order, Put, mongo_query, sqlite_query
from shared.documents.mongo import open_mongo
from shared.documents.shape import Shape, terms
from shared.documents.sqlite import open_sqlite
from shared.documents.sqlite_threads import connect
from tests.archive.conftest import Archive
from tests.documents.test_explain import _is_beyond_secantusdb, _stages
from tests.servers.mongodb import MongoDB, NamedMongoDB

UID = "1.2.3.4"
SEARCHES = [
    (Level.STUDY, "", {}),
    (Level.STUDY, "PatientID=P1", {}),
    (Level.STUDY, "PatientName=YAMADA*", {}),
    (Level.STUDY, "PatientName=yama&fuzzymatching=true", {}),
    (Level.STUDY, "ReferringPhysicianName=SATO*", {}),
    (Level.STUDY, "StudyDate=20240501-20240531&ModalitiesInStudy=CT", {}),
    (Level.STUDY, "StudyDate=20240531", {}),
    (Level.STUDY, "AccessionNumber=A1", {}),
    (Level.STUDY, "StudyInstanceUID=1.2.3,1.2.4", {}),
    (Level.STUDY, "PatientBirthDate=19500101-19501231", {}),
    (Level.STUDY, "limit=25&offset=50", {}),
    (Level.SERIES, "", {"0020000D": UID}),
    (Level.SERIES, "Modality=CT", {"0020000D": UID}),
    (Level.SERIES, "Modality=MR&PatientID=P1", {}),
    (Level.SERIES, "SeriesInstanceUID=1.2.3", {}),
    (Level.INSTANCE, "", {"0020000D": UID}),
    (Level.INSTANCE, "", {"0020000D": UID, "0020000E": UID}),
    (Level.INSTANCE, "SOPInstanceUID=1.2.3", {}),
    (Level.INSTANCE, "SOPClassUID=1.2.840.10008.5.1.4.1.1.2&limit=10", {}),
    (Level.INSTANCE, "limit=25&offset=50", {}),
]


class Find(msgspec.Struct, frozen=True):
    """One find that a search made."""

    collection: Collection[Any]
    where: tuple[Condition, ...]
    order: tuple[Order, ...]


class Spy:
    """Notes every find and passes everything on."""

    def __init__(self, documents: Any) -> None:
        self._documents = documents
        self.finds: list[Find] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    async def find(self, collection: Any, *where: Condition, order: Any = (), **more: Any) -> Any:
        self.finds.append(Find(collection, where, tuple(order)))
        return await self._documents.find(collection, *where, order=order, **more)


async def finds_of(deps: ArchiveDeps) -> list[Find]:
    """Return every find that the searches make."""
    spy = Spy(deps.documents)
    spied = ArchiveDeps(**{**vars(deps), "documents": spy})
    for level, text, fixed in SEARCHES:
        await search.search(parse(level, parse_qsl(text, keep_blank_values=True), fixed.items()), spied, "/dicom-web")
    assert {each.collection.name for each in spy.finds} == {"studies", "series", "instances"}
    return spy.finds


def records() -> list[Put[Any]]:
    studies = [
        StudyRecord(study_instance_uid=f"1.2.{n}", patient_id=f"P{n % 9}", study_date=f"202405{n % 28 + 1:02}")
        for n in range(300)
    ]
    series = [
        SeriesRecord(series_instance_uid=f"1.2.{n}.1", study_instance_uid=f"1.2.{n}", modality="CT") for n in range(300)
    ]
    return [*(Put(STUDIES, each) for each in studies), *(Put(SERIES_RECORDS, each) for each in series)]


async def test_sqlite_never_scans_a_table(archive: Archive, tmp_path: Path) -> None:
    finds = await finds_of(archive.deps)
    path = tmp_path / "filled.sqlite"
    async with open_sqlite(path) as documents:
        await documents.declare(*COLLECTIONS)
        await documents.write(*records())

    scanned = []
    for each in finds:
        sql, values = sqlite_query.find_sql(Shape(each.collection), each.where, each.order, 25, 0, None)
        with closing(connect(path, read_only=True)) as connection:
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        if any(re.match(r"SCAN d_\w+$", step) for step in steps):
            scanned.append((each.collection.name, each.where, each.order, steps))

    assert not scanned, "\n".join(map(str, scanned))


@pytest_asyncio.fixture
async def database(mongodb: MongoDB | NamedMongoDB, mongo_database: str) -> AsyncIterator[Any]:
    async with open_mongo(mongodb.uri, mongo_database, driver="pymongo") as documents:
        await documents.declare(*COLLECTIONS)
        await documents.write(*records()[:100], *records()[300:400])
        with pymongo.MongoClient[dict[str, Any]](mongodb.uri) as client:
            yield client[mongo_database]


@pytest.mark.servers
async def test_mongodb_never_scans_a_collection(
    archive: Archive, database: Any, mongodb: MongoDB | NamedMongoDB
) -> None:
    finds = await finds_of(archive.deps)

    def goes_by_index(name: str, asked: dict[str, Any], sort: dict[str, int]) -> bool:
        command = {"find": name, "filter": asked, "sort": sort, "limit": 26}
        plan = database.command({"explain": command, "verbosity": "queryPlanner"})["queryPlanner"]
        return "COLLSCAN" not in _stages(plan)

    scanned = []
    for each in finds:
        shape = Shape(each.collection)
        total = terms(each.order, each.collection.key)
        for asked in mongo_query.filters_of(shape, each.where, total, None):
            sort = dict(mongo_query.sort_of(shape, total))
            good = goes_by_index(each.collection.name, asked, sort)
            if not good and isinstance(mongodb, MongoDB):
                # where SecantusDB scans, MongoDB takes the index of one field and filters what that leaves
                good = _is_beyond_secantusdb(asked) or any(
                    goes_by_index(each.collection.name, {field: value}, {}) for field, value in asked.items()
                )
            if not good:
                scanned.append((each.collection.name, asked, sort))

    assert not scanned, "\n".join(map(str, scanned))
