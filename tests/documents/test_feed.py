"""The change feed of every document store: ordered, complete, whatever the number of writers."""

import asyncio
import random

import pymongo
import pytest

from shared.documents import Change, Delete, Documents, Put
from shared.documents.mongo import open_mongo
from tests.documents.conftest import Open
from tests.documents.records import FED, Item
from tests.servers.mongodb import MongoDB, NamedMongoDB


async def test_the_feed_has_the_newest_state_of_each_key_in_order(documents: Documents) -> None:
    await documents.declare(FED)

    await documents.write(Put(FED, Item("1")), Put(FED, Item("2")), Put(FED, Item("3")))
    await documents.put(FED, Item("1", number=2))
    await documents.delete(FED, "2")

    changes = await documents.changes(FED)
    assert [(change.key, change.document) for change in changes] == [
        ("3", Item("3")),
        ("1", Item("1", number=2)),
        ("2", None),
    ]
    assert [change.seq for change in changes] == sorted({change.seq for change in changes})


async def test_the_feed_is_read_page_after_page(documents: Documents) -> None:
    await documents.declare(FED)
    await documents.write(*[Put(FED, Item(f"{number}")) for number in range(25)])
    await documents.write(*[Delete(FED, f"{number}") for number in range(0, 25, 5)])

    seen, after = list[Change[Item]](), 0
    while page := await documents.changes(FED, after=after, limit=4):
        seen += page
        after = page[-1].seq

    assert len(seen) == 25
    assert {change.key for change in seen if change.document is None} == {"0", "5", "10", "15", "20"}
    assert await documents.changes(FED, after=after) == []


async def test_a_seq_is_never_used_again(documents: Documents) -> None:
    await documents.declare(FED)
    await documents.put(FED, Item("1"))
    await documents.delete(FED, "1")
    (gone,) = await documents.changes(FED)

    await documents.put(FED, Item("1"))

    (back,) = await documents.changes(FED)
    assert back.seq > gone.seq
    assert back.document == Item("1")


async def test_a_failed_write_does_not_show(documents: Documents) -> None:
    await documents.declare(FED)
    await documents.put(FED, Item("1"))

    outcome = await asyncio.gather(
        documents.write(Put(FED, Item("2")), Put(FED, Item("1"), if_version=9)),
        documents.put(FED, Item("3")),
        return_exceptions=True,
    )

    assert isinstance(outcome[0], Exception)
    assert [change.key for change in await documents.changes(FED)] == ["1", "3"]


@pytest.mark.slow
async def test_readers_miss_nothing_while_several_write(opens: Open) -> None:
    """Each reader goes on from the last seq it saw; in the end it must know the newest state of every record."""
    async with opens() as one, opens() as other, opens() as third:
        for store in (one, other, third):
            await store.declare(FED)
        writing = True

        async def write(store: Documents, seed: int) -> None:
            chosen = random.Random(seed)
            for step in range(25):
                keys = chosen.sample(range(12), chosen.choice([1, 1, 5]))
                operations = [
                    Delete(FED, f"{key}") if chosen.random() < 0.3 else Put(FED, Item(f"{key}", f"{seed} {step}"))
                    for key in keys
                ]
                await store.write(*operations)

        async def read(store: Documents, limit: int) -> tuple[dict[str, Item | None], list[int]]:
            known, seqs, after = dict[str, Item | None](), list[int](), 0
            while True:
                last_round = not writing
                page = await store.changes(FED, after=after, limit=limit)
                for change in page:
                    known[change.key] = change.document
                    seqs.append(change.seq)
                    after = change.seq
                if last_round and not page:
                    return known, seqs

        async def write_all() -> None:
            nonlocal writing
            await asyncio.gather(write(one, 1), write(one, 2), write(other, 3), write(other, 4))
            writing = False

        readers = await asyncio.gather(read(one, 3), read(other, 100), read(third, 2), write_all())

        final = {item.uid: item for item in (await one.find(FED, limit=1000)).documents}
        for known, seqs in readers[:3]:
            assert {key: item for key, item in known.items() if item is not None} == final
            assert seqs == sorted(set(seqs))


@pytest.mark.servers
async def test_a_record_whose_batch_is_not_yet_counted_waits_for_those_before_it(
    mongodb: MongoDB | NamedMongoDB, mongo_database: str
) -> None:
    """Records of a batch come into place in any order: whoever sees one early must not step over its elders."""
    async with open_mongo(mongodb.uri, mongo_database) as documents:
        await documents.declare(FED)
        await documents.put(FED, Item("1"))
        with pymongo.MongoClient[dict[str, object]](mongodb.uri) as client:
            record = client[mongo_database].fed.find_one({"_id": "1"}) or pytest.fail("missing")
            client[mongo_database].fed.insert_one({**record, "_id": "early", "k": "early", "s": 3})

        assert [change.key for change in await documents.changes(FED)] == ["1"]
        assert await documents.changes(FED, after=1) == []
