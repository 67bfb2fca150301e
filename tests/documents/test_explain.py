"""Every kind of query goes by an index, in both stores."""

from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pymongo
import pytest
import pytest_asyncio

from shared.documents import Condition, Eq, In, Order, Prefix, Put, Range, Wildcard, mongo_query, sqlite_query
from shared.documents.mongo import open_mongo
from shared.documents.shape import Shape, terms
from shared.documents.sqlite import open_sqlite
from shared.documents.sqlite_threads import connect
from tests.documents.records import FED, Item
from tests.servers.mongodb import MongoDB, NamedMongoDB

QUERIES: list[tuple[tuple[Condition, ...], tuple[Order, ...]]] = [
    ((), ()),
    ((), (Order("uid", True),)),
    ((), (Order("patient"),)),
    ((), (Order("patient", True),)),
    ((), (Order("name"),)),
    ((), (Order("dose", True),)),
    ((Eq("patient", "P7"),), ()),
    ((Eq("patient", "P7"),), (Order("number", True),)),
    ((In("patient", ("P7", "P9")),), ()),
    ((Range("number", 5, 9),), (Order("number"),)),
    ((Range("number", 5),), ()),
    ((Prefix("patient", "P1"),), ()),
    ((Wildcard("name", "N1*3?"),), ()),
    ((Eq("modalities", "MR"),), ()),
    ((Prefix("modalities", "M"),), ()),
    ((Eq("uid", "5"),), ()),
    ((Prefix("uid", "5"),), ()),
    ((Eq("patient", "P7"), Range("number", 3, 90)), (Order("number"),)),
]
ITEMS = [Item(f"{n}", f"P{n % 50}", n, float(n), f"N{n}", modalities=("CT", "MR")[: n % 3]) for n in range(400)]
AFTER = [query for query in QUERIES if all(term.field in ("uid", "patient", "number") for term in query[1])]


@pytest_asyncio.fixture
async def file(tmp_path: Path) -> AsyncIterator[Path]:
    path = tmp_path / "documents.sqlite"
    async with open_sqlite(path) as documents:
        await documents.declare(FED)
        await documents.write(*[Put(FED, item) for item in ITEMS])
        yield path


def _sqlite_plan(path: Path, sql: str, values: Sequence[Any]) -> list[str]:
    with closing(connect(path, read_only=True)) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize(("where", "order"), QUERIES)
async def test_sqlite_finds_and_counts_by_an_index(
    file: Path, where: tuple[Condition, ...], order: tuple[Order, ...]
) -> None:
    shape = Shape(FED)

    found = _sqlite_plan(file, *sqlite_query.find_sql(shape, where, order, 25, 10, None))
    counted = _sqlite_plan(file, *sqlite_query.count_sql(shape, where))

    assert not [step for step in (*found, *counted) if step.startswith("SCAN d_fed") and "INDEX" not in step]


@pytest.mark.parametrize(("where", "order"), AFTER)
async def test_sqlite_goes_on_after_a_token_by_an_index(
    file: Path, where: tuple[Condition, ...], order: tuple[Order, ...]
) -> None:
    shape = Shape(FED)
    token = shape.token(ITEMS[200], sqlite_query.order_of(shape, order))

    plan = _sqlite_plan(file, *sqlite_query.find_sql(shape, where, order, 25, 0, token))

    assert any(step.startswith(("SEARCH d_fed", "SEARCH m_fed")) for step in plan)
    assert not [step for step in plan if step.startswith("SCAN d_fed")]


async def test_sqlite_skips_over_an_index_that_holds_all_it_needs(file: Path) -> None:
    sql, values = sqlite_query.find_sql(Shape(FED), (), (Order("patient"),), 25, 300, None)

    plan = _sqlite_plan(file, sql, values)

    assert any("COVERING INDEX i_fed_patient" in step for step in plan)


async def test_sqlite_reads_the_feed_by_an_index(file: Path) -> None:
    plan = _sqlite_plan(file, sqlite_query.changes_sql(Shape(FED)), [1, 10, 1, 10, 10])

    assert any("SEARCH d_fed USING INDEX i_fed_seq" in step for step in plan)
    assert any("SEARCH g_fed USING INTEGER PRIMARY KEY" in step for step in plan)


@pytest_asyncio.fixture
async def database(mongodb: MongoDB | NamedMongoDB, mongo_database: str) -> AsyncIterator[Any]:
    async with open_mongo(mongodb.uri, mongo_database, driver="pymongo") as documents:
        await documents.declare(FED)
        await documents.write(*[Put(FED, item) for item in ITEMS[:200]])
        with pymongo.MongoClient[dict[str, Any]](mongodb.uri) as client:
            yield client[mongo_database]


def _stages(plan: Any) -> set[str]:
    """Return the names of all stages of a plan."""
    if isinstance(plan, dict):
        own = {plan["stage"]} if isinstance(plan.get("stage"), str) else set()
        return own.union(*(_stages(part) for name, part in plan.items() if name != "rejectedPlans"))
    return set[str]().union(*(_stages(part) for part in plan)) if isinstance(plan, list) else set()


def _mongo_stages(database: Any, where: dict[str, Any], sort: list[tuple[str, int]]) -> set[str]:
    command = {"find": FED.name, "filter": where, "sort": dict(sort), "limit": 26}
    return _stages(database.command({"explain": command, "verbosity": "queryPlanner"})["queryPlanner"])


def _is_beyond_secantusdb(asked: dict[str, Any]) -> bool:
    """Return whether MongoDB goes by an index where SecantusDB scans: $and, $regex, $elemMatch, two ranges."""
    operators = [each for each in asked.values() if isinstance(each, dict)]
    return len(operators) > 1 or any(word in str(asked) for word in ("$and", "$regex", "$elemMatch"))


@pytest.mark.servers
@pytest.mark.parametrize("goes_on", [False, True])
async def test_mongodb_never_scans_a_collection(database: Any, mongodb: MongoDB | NamedMongoDB, goes_on: bool) -> None:
    shape = Shape(FED)

    scanned = []
    for where, order in QUERIES:
        total = terms(order, "uid")
        place = shape.place(shape.token(ITEMS[100], total[:-1]), total[:-1]) if goes_on else None
        for each in mongo_query.filters_of(shape, where, total, place):
            stages = _mongo_stages(database, each, mongo_query.sort_of(shape, total))
            if ("COLLSCAN" in stages or "IXSCAN" not in stages) and not (
                isinstance(mongodb, MongoDB) and _is_beyond_secantusdb(each)
            ):
                scanned.append((each, order, stages))

    assert not scanned


@pytest.mark.servers
async def test_mongodb_reads_the_feed_by_an_index(database: Any) -> None:
    stages = _mongo_stages(database, {"s": {"$gt": 5, "$lte": 100}}, [("s", 1)])

    assert "IXSCAN" in stages
    assert "COLLSCAN" not in stages
