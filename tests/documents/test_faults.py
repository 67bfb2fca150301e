"""What was acknowledged survives; what was not is not there in halves; a store that comes back is used again."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.documents import Delete, Documents, Put
from shared.documents.mongo import open_mongo
from shared.documents.sqlite import open_sqlite
from shared.errors import Conflict, StorageFull, Unavailable
from tests.documents.conftest import Open
from tests.documents.hard_writer import SIZE
from tests.documents.records import FED, ITEMS, Item
from tests.servers.disk import small_disk
from tests.servers.mongodb import MongoDB

ROOT = Path(__file__).parents[2]


def _kill_a_writer(*where: str, batches: int) -> set[str]:
    """Run a writer in a process of its own, kill it after so many batches; return those that were acknowledged."""
    command = [sys.executable, "-m", "tests.documents.hard_writer", *where]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = {process.stdout.readline().strip() for _ in range(batches)}
        process.send_signal(signal.SIGKILL)
        return acknowledged | {line.strip() for line in process.stdout if line.endswith("\n")}


async def _check_whole_batches(documents: Documents, acknowledged: set[str]) -> None:
    changes = await documents.changes(FED, limit=1_000_000)
    assert all(change.document for change in changes)
    kept = Counter(change.document.patient for change in changes if change.document)
    assert acknowledged <= kept.keys()
    assert set(kept.values()) == {SIZE}
    assert await documents.count(FED) == sum(kept.values())


@pytest.mark.slow
async def test_kill_9_leaves_all_that_was_acknowledged_and_no_half_of_a_batch_in_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"

    acknowledged = await asyncio.to_thread(_kill_a_writer, "sqlite", str(path), "0", batches=60)

    async with open_sqlite(path) as documents:
        await documents.declare(FED)
        assert len(acknowledged) >= 60
        await _check_whole_batches(documents, acknowledged)
        await documents.put(FED, Item("1"))


@pytest.mark.slow
async def test_two_processes_write_one_sqlite_file_and_a_third_follows_the_feed(tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"
    async with open_sqlite(path) as documents:
        await documents.declare(FED)
        known, after = dict[str, Item | None](), 0
        writers = [asyncio.to_thread(_kill_a_writer, "sqlite", str(path), lane, batches=40) for lane in ("3", "6")]
        writing = asyncio.ensure_future(asyncio.gather(*writers))

        while True:
            done = writing.done()
            page = await documents.changes(FED, after=after, limit=50)
            known |= {change.key: change.document for change in page}
            after = page[-1].seq if page else after
            if done and not page:
                break

        await _check_whole_batches(documents, set[str]().union(*await writing))
        assert known == {item.uid: item for item in (await documents.find(FED, limit=1_000_000)).documents}


@pytest.mark.servers
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_kill_9_leaves_all_that_was_acknowledged_and_no_half_of_a_batch_in_mongodb(
    own_mongodb: MongoDB, mongo_database: str, driver: str
) -> None:
    where = ("mongo", own_mongodb.uri, mongo_database, driver, "0")

    acknowledged = await asyncio.to_thread(_kill_a_writer, *where, batches=15)

    async with open_mongo(own_mongodb.uri, mongo_database, driver=driver) as documents:
        await documents.declare(FED)
        await _check_whole_batches(documents, acknowledged)
        await documents.put(FED, Item("1"))


@pytest.mark.servers
async def test_a_batch_whose_writer_died_between_commit_and_place_is_completed_by_the_next_reader(
    own_mongodb: MongoDB, mongo_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.documents import mongo_feed

    async with open_mongo(own_mongodb.uri, mongo_database) as one, open_mongo(own_mongodb.uri, mongo_database) as other:
        await one.declare(FED)
        await other.declare(FED)
        await one.put(FED, Item("0"))
        with monkeypatch.context() as patched:

            async def die(*_: object) -> None:
                raise Unavailable("the writer died here")

            patched.setattr(mongo_feed.Feed, "_put_in_place", die)
            with pytest.raises(Unavailable):
                await one.write(Put(FED, Item("1")), Put(FED, Item("2")))
        assert await other.get(FED, "1") is None

        changes = await other.changes(FED)

        assert [change.key for change in changes] == ["0", "1", "2"]
        assert await other.get(FED, "1") == Item("1")
        assert await one.put(FED, Item("1"), if_version=1) == 2


@pytest.mark.servers
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_a_database_that_restarts_is_used_again(own_mongodb: MongoDB, mongo_database: str, driver: str) -> None:
    uri = f"{own_mongodb.uri}&serverSelectionTimeoutMS=300"
    async with open_mongo(uri, mongo_database, driver=driver) as documents:
        await documents.declare(FED, ITEMS)
        await documents.put(FED, Item("1"))

        await asyncio.to_thread(own_mongodb.kill9)
        for items in (FED, ITEMS):
            with pytest.raises(Unavailable):
                await documents.put(items, Item("2"))
            with pytest.raises(Unavailable):
                await documents.find(items)
        with pytest.raises(Unavailable):
            await documents.ping()
        await asyncio.to_thread(own_mongodb.start)

        await _until_it_answers(documents)
        assert await documents.put(FED, Item("1"), if_version=1) == 2
        assert [change.key for change in await documents.changes(FED)] == ["1"]


async def _until_it_answers(documents: Documents) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                return await documents.ping()
            except Unavailable:
                await asyncio.sleep(0.05)


async def test_a_caller_that_is_cancelled_does_no_harm_to_others(opens: Open) -> None:
    async with opens() as documents:
        await documents.declare(FED)
        tasks = [asyncio.create_task(documents.put(FED, Item(f"{number}"))) for number in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::3]:
            task.cancel()

        outcomes = await asyncio.gather(*tasks, return_exceptions=True)

        for number, outcome in enumerate(outcomes):
            if isinstance(outcome, Unavailable):
                await documents.put(FED, Item(f"{number}"))
            else:
                assert outcome == 1 or (number % 3 == 0 and isinstance(outcome, asyncio.CancelledError))
        seen = {change.key for change in await documents.changes(FED)}
        assert {f"{number}" for number in range(20) if number % 3} <= seen
        assert await documents.count(FED) == len(seen)


async def test_all_or_nothing_in_sqlite_whatever_else_shares_the_transaction(tmp_path: Path) -> None:
    async with open_sqlite(tmp_path / "documents.sqlite") as documents:
        await documents.declare(FED, ITEMS)
        await documents.put(ITEMS, Item("0"))

        outcomes = await asyncio.gather(
            documents.write(Put(ITEMS, Item("1")), Delete(ITEMS, "0"), Put(FED, Item("1")), Put(ITEMS, Item("1"), 9)),
            documents.write(Put(ITEMS, Item("2")), Put(FED, Item("2"))),
            documents.put(ITEMS, Item("3", number=2**70)),
            documents.put(ITEMS, Item("4")),
            return_exceptions=True,
        )

        assert [type(outcome) for outcome in outcomes] == [Conflict, type(None), OverflowError, int]
        assert {item.uid for item in (await documents.find(ITEMS)).documents} == {"0", "2", "4"}
        assert [change.key for change in await documents.changes(FED)] == ["2"]
        assert await documents.count(ITEMS) == 3


@pytest.fixture
def small_folder(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder with room for 4 MiB."""
    with small_disk(tmp_path / "small", 4) as folder:
        yield folder


async def test_a_full_disk_stores_nothing_and_is_used_again_when_there_is_room(small_folder: Path) -> None:
    filler = small_folder / "filler"
    filler.write_bytes(bytes(1 << 20))
    async with open_sqlite(small_folder / "documents.sqlite") as documents:
        await documents.declare(FED)
        kept = await _fill(
            lambda name: documents.write(*[Put(FED, Item(f"{name}{n}", body=bytes(50_000))) for n in "abc"])
        )

        assert kept
        assert await documents.count(FED) == 3 * kept
        with pytest.raises(StorageFull):
            await documents.put(FED, Item("large", body=bytes(1_000_000)))
        assert await documents.get(FED, "large") is None

        filler.unlink()
        await documents.put(FED, Item("small"))
        assert len(await documents.changes(FED, limit=1000)) == 3 * kept + 1


async def _fill(write: Callable[[str], object]) -> int:
    for number in range(100):
        try:
            await write(f"{number}")  # type: ignore[misc]
        except StorageFull:
            return number
    pytest.fail("the disk was never full")


async def test_what_was_deleted_stands_in_no_file_after_an_orderly_end(tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"
    async with open_sqlite(path) as store:
        await store.declare(ITEMS)
        await store.put(ITEMS, Item("withdrawn-patient"))
        other = sqlite3.connect(path)  # the end of this store is not that of the last connection
        assert other.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() > (0,)
        await store.delete(ITEMS, "withdrawn-patient")

    found = [each.name for each in tmp_path.iterdir() if b"withdrawn-patient" in each.read_bytes()]
    other.close()
    assert found == []
