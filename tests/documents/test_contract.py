"""What every document store does with single records and with batches."""

import asyncio

import msgspec
import pytest

from shared.documents import Collection, Delete, Documents, Eq, Put
from shared.documents.mongo import open_mongo
from shared.errors import Conflict, JmidError, SettingsError
from tests.documents.conftest import Open
from tests.documents.records import FED, FIELDS, ITEMS, Item, State

BOTH = pytest.mark.parametrize("items", [ITEMS, FED], ids=["plain", "feed"])
Items = Collection[Item]
GOOD = "mongodb://127.0.0.1:1"


@BOTH
async def test_what_is_put_is_got(documents: Documents, items: Items) -> None:
    await documents.declare(items)
    item = Item(
        "1.2",
        "P1",
        2**53 + 1,
        0.1,
        "ｶﾀｶﾅ",
        True,
        State.DONE,
        ("CT", "SR"),
        {"a": [1, None], "ä.$": []},
        bytes(range(256)),
    )

    await documents.put(items, item)

    assert await documents.get(items, "1.2") == item
    assert await documents.get(items, "1.3") is None


@BOTH
async def test_versions_count_from_one(documents: Documents, items: Items) -> None:
    await documents.declare(items)

    versions = [await documents.put(items, Item("1", number=number)) for number in (5, 6, 7)]

    assert versions == [1, 2, 3]
    assert await documents.get_versioned(items, "1") == (Item("1", number=7), 3)
    assert await documents.get_versioned(items, "2") is None


@BOTH
async def test_a_guarded_put_writes_only_over_its_version(documents: Documents, items: Items) -> None:
    await documents.declare(items)

    assert await documents.put(items, Item("1", number=1), if_version=0) == 1
    assert await documents.put(items, Item("1", number=2), if_version=1) == 2
    for wrong in (0, 1, 3):
        with pytest.raises(Conflict):
            await documents.put(items, Item("1", number=9), if_version=wrong)
    with pytest.raises(Conflict):
        await documents.put(items, Item("new"), if_version=1)

    assert await documents.get_versioned(items, "1") == (Item("1", number=2), 2)
    assert await documents.count(items) == 1


@BOTH
async def test_a_deleted_record_is_gone_and_can_come_again(documents: Documents, items: Items) -> None:
    await documents.declare(items)
    await documents.put(items, Item("1", modalities=("CT",)))
    await documents.put(items, Item("1", modalities=("CT", "MR")))

    assert await documents.delete(items, "1")
    assert not await documents.delete(items, "1")

    assert await documents.get(items, "1") is None
    assert await documents.get_many(items, ["1"]) == {}
    assert (await documents.find(items)).documents == []
    assert (await documents.find(items, Eq("modalities", "CT"))).documents == []
    assert await documents.count(items) == 0
    assert await documents.put(items, Item("1"), if_version=0) == 1


@BOTH
async def test_many_are_got_at_once(documents: Documents, items: Items) -> None:
    await documents.declare(items)
    await documents.write(*[Put(items, Item(f"{number}", number=number)) for number in range(0, 40, 2)])

    found = await documents.get_many(items, [f"{number}" for number in range(1400)])

    assert found == {f"{number}": Item(f"{number}", number=number) for number in range(0, 40, 2)}
    assert await documents.get_many(items, []) == {}


@BOTH
async def test_a_batch_is_carried_out_in_order(documents: Documents, items: Items) -> None:
    await documents.declare(items)

    await documents.write(
        Put(items, Item("1", number=1)),
        Put(items, Item("2", number=1)),
        Delete(items, "1"),
        Put(items, Item("2", number=2), if_version=1),
        Put(items, Item("1", number=3), if_version=0),
        Delete(items, "none"),
    )
    await documents.write()

    assert await documents.get_versioned(items, "1") == (Item("1", number=3), 1)
    assert await documents.get_versioned(items, "2") == (Item("2", number=2), 2)


@BOTH
async def test_a_large_batch_is_as_its_operations_one_by_one(documents: Documents, items: Items) -> None:
    await documents.declare(items)
    known = [Item(f"{number}", modalities=("MR", "SR")) for number in range(0, 120, 3)]
    await documents.write(*[Put(items, item) for item in known], Delete(items, "0"))

    batch = [Item(f"{number % 120}", number=number, modalities=("CT", "SR")[: number % 3]) for number in range(173)]
    await documents.write(*[Put(items, item) for item in batch])

    expected = {item.uid: item for item in batch}
    assert await documents.get_many(items, [f"{number}" for number in range(120)]) == expected
    assert await documents.count(items) == 120
    for modality in ("CT", "MR", "SR"):
        holding = [item for item in expected.values() if modality in item.modalities]
        assert await documents.count(items, Eq("modalities", modality)) == len(holding)
    versions = [await documents.get_versioned(items, key) for key in ("0", "1", "3", "60", "61")]
    assert [found[1] for found in versions if found] == [2, 2, 3, 2, 1]


async def test_a_batch_may_be_about_several_collections(documents: Documents) -> None:
    await documents.declare(ITEMS, FED)

    await documents.write(Put(ITEMS, Item("1")), Put(FED, Item("1")), Delete(ITEMS, "1"), Put(ITEMS, Item("2")))

    assert [await documents.count(each) for each in (ITEMS, FED)] == [1, 1]


async def test_a_batch_with_a_failing_guard_changes_nothing_that_has_a_feed(documents: Documents) -> None:
    await documents.declare(FED)
    await documents.put(FED, Item("1"))

    with pytest.raises(Conflict):
        await documents.write(Put(FED, Item("0")), Delete(FED, "1"), Put(FED, Item("2"), if_version=1))

    assert [item.uid for item in (await documents.find(FED)).documents] == ["1"]
    assert len(await documents.changes(FED)) == 1


@BOTH
async def test_of_many_guarded_writers_one_wins_each_version(opens: Open, items: Items) -> None:
    async with opens() as one, opens() as other:
        await asyncio.gather(one.declare(items), other.declare(items))
        await one.put(items, Item("1"))

        async def count_up(store: Documents) -> None:
            for _ in range(8):
                while True:
                    item, version = await store.get_versioned(items, "1") or pytest.fail("gone")
                    try:
                        await store.put(
                            items, msgspec.structs.replace(item, number=item.number + 1), if_version=version
                        )
                        break
                    except Conflict:
                        continue

        await asyncio.gather(*(count_up(store) for store in (one, other, one, other)))

        assert await one.get_versioned(items, "1") == (Item("1", number=32), 33)


@BOTH
async def test_of_many_who_create_a_record_one_succeeds(opens: Open, items: Items) -> None:
    async with opens() as one, opens() as other:
        await one.declare(items)
        await other.declare(items)

        outcomes = await asyncio.gather(
            *(
                store.put(items, Item("1", number=number), if_version=0)
                for number in range(8)
                for store in (one, other)
            ),
            return_exceptions=True,
        )

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 15 + ["int"]


@BOTH
async def test_concurrent_unguarded_writers_all_count(opens: Open, items: Items) -> None:
    async with opens() as one, opens() as other:
        await one.declare(items)
        await other.declare(items)

        await asyncio.gather(
            *(store.put(items, Item("1", number=number)) for number in range(8) for store in (one, other)),
            *(store.write(Put(items, Item("1")), Put(items, Item("2"))) for store in (one, other)),
        )

        assert (await one.get_versioned(items, "1") or (None, 0))[1] == 18


@BOTH
async def test_what_another_has_written_is_seen_at_once(opens: Open, items: Items) -> None:
    async with opens() as one, opens() as other:
        await one.declare(items)
        await other.declare(items)
        assert await other.get(items, "1") is None

        await one.put(items, Item("1", number=4))

        assert await other.get(items, "1") == Item("1", number=4)
        assert (await other.find(items, Eq("number", 4))).documents == [Item("1", number=4)]


@BOTH
async def test_what_was_written_is_there_after_reopening(opens: Open, items: Items) -> None:
    async with opens() as documents:
        await documents.declare(items)
        await documents.put(items, Item("1"))

    async with opens() as documents:
        await documents.declare(items)

        assert await documents.put(items, Item("1")) == 2
        await documents.ping()


@BOTH
async def test_a_field_declared_later_is_filled_in(opens: Open, items: Items) -> None:
    bare = Collection(items.name, Item, key="uid", fields=("patient",), feed=items.feed)
    written = [Item(f"{number}", "P", number, None, modalities=("CT", "SR")[: number % 3]) for number in range(30)]
    async with opens() as documents:
        await documents.declare(bare)
        await documents.write(*[Put(bare, item) for item in written])

    async with opens() as documents:
        await documents.declare(items)

        assert (await documents.find(items, Eq("number", 7))).documents == [written[7]]
        assert await documents.count(items, Eq("modalities", "SR")) == 10
        assert await documents.count(items) == 30


@BOTH
async def test_a_field_that_was_not_declared_for_a_while_is_filled_in_again(opens: Open, items: Items) -> None:
    bare = Collection(items.name, Item, key="uid", fields=("patient",), feed=items.feed)
    async with opens() as documents:
        await documents.declare(items)
        await documents.put(items, Item("1", number=1, modalities=("CT",)))
    async with opens() as documents:
        await documents.declare(bare)
        await documents.put(bare, Item("1", number=2, modalities=("MR",)))

    async with opens() as documents:
        await documents.declare(items)

        assert (
            await documents.count(items, Eq("number", 2)) == await documents.count(items, Eq("modalities", "MR")) == 1
        )
        assert (
            await documents.count(items, Eq("number", 1)) == await documents.count(items, Eq("modalities", "CT")) == 0
        )


async def test_a_feed_declared_later_has_what_was_there(opens: Open) -> None:
    fed = Collection(ITEMS.name, Item, key="uid", fields=FIELDS, feed=True)
    async with opens() as documents:
        await documents.declare(ITEMS)
        await documents.write(*[Put(ITEMS, Item(f"{number}")) for number in range(5)])

    async with opens() as documents:
        await documents.declare(fed)

        assert {change.key for change in await documents.changes(fed)} == {"0", "1", "2", "3", "4"}


async def test_what_is_not_declared_is_refused(documents: Documents) -> None:
    with pytest.raises(ValueError, match="not declared"):
        await documents.get(ITEMS, "1")

    await documents.declare(ITEMS)

    with pytest.raises(ValueError, match="does not declare the field body"):
        await documents.find(ITEMS, Eq("body", "x"))
    with pytest.raises(ValueError, match="no change feed"):
        await documents.changes(ITEMS)
    with pytest.raises(ValueError, match="has no field size"):
        await documents.declare(Collection("wrong", Item, key="uid", fields=("size",)))
    with pytest.raises(ValueError, match="is not a str, a number"):
        await documents.declare(Collection("wrong", Item, key="uid", fields=("inner",)))


async def test_an_error_does_not_repeat_what_the_record_holds(documents: Documents) -> None:
    await documents.declare(FED, ITEMS)
    await documents.put(ITEMS, Item("SECRET", "SECRET", name="SECRET"))

    texts = list[str]()
    for items in (FED, ITEMS):
        for item in (Item("SECRET", "SECRET", name="SECRET"), Item("SECRET", "SECRET", number=2**70)):
            try:
                await documents.put(items, item, if_version=7)
            except (JmidError, ValueError, OverflowError) as error:
                cause, context = error.__cause__, None if error.__suppress_context__ else error.__context__
                texts.append(f"{error!r} {cause!r} {context!r}")

    assert len(texts) == 4
    assert not [text for text in texts if "SECRET" in text]


@BOTH
async def test_a_store_answers_a_ping(documents: Documents, items: Items) -> None:
    await documents.declare(items)

    await documents.ping()
    await documents.ping()


@pytest.mark.parametrize(
    ("uri", "driver"), [("nonsense", "motor"), ("mongodb://user:SECRET@:x/", "pymongo"), (GOOD, "x")]
)
async def test_a_wrong_address_or_driver_is_a_wrong_setting(uri: str, driver: str) -> None:
    with pytest.raises(SettingsError, match="JMID_DOCUMENTS") as wrong:
        async with open_mongo(uri, "some", driver=driver):
            pytest.fail("it opened")

    assert "SECRET" not in repr(wrong.value)
