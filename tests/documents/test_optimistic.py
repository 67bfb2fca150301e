"""Changing one record beside others who change it too."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from shared.documents import Collection, Documents, Eq
from shared.documents.optimistic import change, derive
from shared.documents.sqlite import open_sqlite
from shared.errors import Conflict


class Record(msgspec.Struct, frozen=True):
    key: str
    number: int = 0


SOURCES = Collection(name="sources", type=Record, key="key", fields=("number",))
DERIVED = Collection(name="derived", type=Record, key="key")


@pytest.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "documents.sqlite") as found:
        await found.declare(SOURCES, DERIVED)
        yield found


async def test_of_many_who_add_at_once_none_is_lost(documents: Documents) -> None:
    async def add(old: Record | None) -> Record | None:
        await asyncio.sleep(0)
        return Record("a", (old.number if old else 0) + 1)

    await asyncio.gather(*(change(documents, SOURCES, "a", add) for _ in range(20)))

    assert await documents.get(SOURCES, "a") == Record("a", 20)


async def test_a_derived_record_follows_its_source_even_if_an_older_look_is_written_last(documents: Documents) -> None:
    await documents.put(SOURCES, Record("a", 1))
    await documents.put(DERIVED, Record("a", 2))
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(old: Record | None) -> Record | None:
        source = await documents.get(SOURCES, "a")
        looked.set()
        await go_on.wait()
        return source

    async def quick(old: Record | None) -> Record | None:
        return await documents.get(SOURCES, "a")

    late = asyncio.create_task(derive(documents, DERIVED, "a", slow))
    await looked.wait()
    await documents.put(SOURCES, Record("a", 2))
    await derive(documents, DERIVED, "a", quick)
    go_on.set()

    assert await late == Record("a", 2)
    assert await documents.get(DERIVED, "a") == Record("a", 2)


async def test_what_changes_nothing_writes_nothing(documents: Documents) -> None:
    async def same(old: Record | None) -> Record | None:
        return Record("a", 1)

    await change(documents, SOURCES, "a", same)
    await change(documents, SOURCES, "a", same)

    found = await documents.get_versioned(SOURCES, "a")
    assert found == (Record("a", 1), 1)


async def test_a_record_that_never_comes_to_rest_is_a_conflict_and_not_a_hang(documents: Documents) -> None:
    async def restless(old: Record | None) -> Record | None:
        return Record("a", (old.number if old else 0) + 1)

    with pytest.raises(Conflict):
        await derive(documents, DERIVED, "a", restless)


async def test_all_pages_are_found(documents: Documents) -> None:
    for n in range(520):
        await documents.put(SOURCES, Record(f"k{n}", 7))

    assert len(await documents.find_all(SOURCES, Eq("number", 7))) == 520
