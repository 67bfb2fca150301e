"""Records of an earlier version are brought to the present one; records of another version are not worked on."""

from typing import Any

import msgspec
import pytest

from shared.documents import Collection, Documents, Eq, Migrated, Put
from shared.errors import IncompatibleData
from tests.documents.conftest import Open

MANY = 1203


class First(msgspec.Struct, frozen=True):
    uid: str
    name: str = ""


class Third(msgspec.Struct, frozen=True):
    uid: str
    names: tuple[str, ...]
    length: int


def _to_second(record: dict[str, Any]) -> dict[str, Any]:
    return {"uid": record["uid"], "names": record["name"].split()}


def _to_third(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "length": sum(map(len, record["names"]))}


def _refuses_odd(record: dict[str, Any]) -> dict[str, Any]:
    if int(record["uid"]) % 2:
        raise ValueError
    return _to_second(record)


FIRST = Collection("things", First, key="uid", fields=("name",), feed=True)
PLAIN = Collection("plain", First, key="uid", fields=("name",))
UPGRADES = (_to_second, _to_third)


def third(first: Collection[First]) -> Collection[Third]:
    return Collection(first.name, Third, key="uid", fields=("names", "length"), feed=first.feed, upgrades=UPGRADES)


@pytest.fixture(params=[FIRST, PLAIN], ids=["with-a-feed", "without"])
def first(request: pytest.FixtureRequest) -> Collection[First]:
    found: Collection[First] = request.param
    return found


async def filled(documents: Documents, first: Collection[First], count: int) -> None:
    await documents.declare(first)
    for start in range(0, count, 200):
        some = range(start, min(count, start + 200))
        await documents.write(*(Put(first, First(str(number), f"a{number} b")) for number in some))


async def migrated(documents: Documents, collection: Collection[Any], *, dry_run: bool = False) -> list[Migrated]:
    return [each async for each in documents.migrate(collection, dry_run=dry_run)]


async def test_all_records_are_brought_over_two_versions_and_found_by_their_new_fields(
    opens: Open, first: Collection[First]
) -> None:
    async with opens() as old:
        await filled(old, first, MANY)

    async with opens() as new:
        steps = await migrated(new, third(first))
        await new.declare(third(first))

        assert [each for each in steps if each.records == MANY] == [Migrated(2, MANY, 0), Migrated(3, MANY, 0)]
        assert await new.get(third(first), "7") == Third("7", ("a7", "b"), 3)
        assert await new.count(third(first), Eq("names", "b")) == MANY
        assert await new.count(third(first), Eq("length", 3)) == 10


async def test_a_second_migration_changes_nothing(opens: Open, first: Collection[First]) -> None:
    async with opens() as old:
        await filled(old, first, 3)

    async with opens() as new:
        await migrated(new, third(first))
        again = await migrated(new, third(first))

        assert again == []
        await new.declare(third(first))
        assert await new.get(third(first), "2") == Third("2", ("a2", "b"), 3)


async def test_a_migration_that_was_stopped_is_continued(opens: Open, first: Collection[First]) -> None:
    async with opens() as old:
        await filled(old, first, MANY)

    async with opens() as stopped:
        async for each in stopped.migrate(third(first)):
            if each.records >= 500:
                break
    async with opens() as new:
        with pytest.raises(IncompatibleData):
            await new.declare(third(first))
        steps = await migrated(new, third(first))
        await new.declare(third(first))

        assert max(each.records for each in steps if each.version == 2) == MANY - 500
        page = await new.find(third(first), limit=MANY)
        assert {record.names[1] for record in page.documents} == {"b"}
        assert len(page.documents) == MANY


async def test_a_migration_keeps_versions_and_tells_no_follower(opens: Open) -> None:
    async with opens() as old:
        await filled(old, FIRST, 3)
        await old.put(FIRST, First("1", "c"))
        before = [(change.seq, change.key) for change in await old.changes(FIRST)]

    async with opens() as new:
        await migrated(new, third(FIRST))
        await new.declare(third(FIRST))

        assert [(change.seq, change.key) for change in await new.changes(third(FIRST))] == before
        assert await new.get_versioned(third(FIRST), "1") == (Third("1", ("c",), 1), 2)


async def test_older_records_are_refused_with_what_to_do(opens: Open, first: Collection[First]) -> None:
    async with opens() as old:
        await filled(old, first, 1)

    async with opens() as new:
        with pytest.raises(IncompatibleData, match="jmid migrate"):
            await new.declare(third(first))
        assert await new.stored_version(third(first)) == 1


async def test_newer_records_are_refused_and_never_migrated_back(opens: Open, first: Collection[First]) -> None:
    async with opens() as new:
        await new.declare(third(first))
        await new.put(third(first), Third("1", ("a",), 1))

    async with opens() as old:
        with pytest.raises(IncompatibleData, match="newer release"):
            await old.declare(first)
        with pytest.raises(IncompatibleData, match="newer release"):
            await migrated(old, first)


async def test_a_collection_without_records_takes_any_version(opens: Open, first: Collection[First]) -> None:
    async with opens() as old:
        await filled(old, first, 1)
        await old.delete(first, "0")

    async with opens() as new:
        await new.declare(third(first))
        await new.put(third(first), Third("1", ("a",), 1))

        assert await new.stored_version(third(first)) == 3


async def test_a_dry_run_counts_and_writes_nothing(opens: Open, first: Collection[First]) -> None:
    async with opens() as old:
        await filled(old, first, 3)

        steps = await migrated(old, third(first), dry_run=True)

        assert steps == [Migrated(2, 3, 0)]
        assert await old.get(first, "2") == First("2", "a2 b")
        assert await old.stored_version(first) == 1


async def test_a_record_that_cannot_be_upgraded_stops_no_other_and_keeps_the_old_version(
    opens: Open, first: Collection[First]
) -> None:
    halting: Collection[Third] = msgspec.structs.replace(third(first), upgrades=(_refuses_odd, _to_third))
    async with opens() as old:
        await filled(old, first, 4)

    async with opens() as new:
        steps = await migrated(new, halting)

        assert steps == [Migrated(2, 2, 2)]
        assert await new.stored_version(halting) == 1
        assert await migrated(new, third(first)) == [Migrated(2, 2, 0), Migrated(3, 4, 0)]
        await new.declare(third(first))
        assert await new.get(third(first), "1") == Third("1", ("a1", "b"), 3)
