"""One process at a time holds a lease, whatever is killed, stopped or lost on the way; on every document store."""

import asyncio
import signal
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shared.documents import Documents, Put
from shared.errors import Conflict, Unavailable
from shared.lease import LEASES, Lease, LeaseLost, LeaseRecord, Leases, held, leases_of
from tests.documents.conftest import Open
from tests.documents.lease_holder import COUNTED, NAME
from tests.documents.lease_processes import TAKEN_S, TTL_S, Processes
from tests.documents.records import ITEMS, Item


@pytest_asyncio.fixture
async def two(opens: Open) -> AsyncIterator[tuple[Leases, Leases]]:
    """Yield the leases of two processes in one store."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(opens()) for _ in range(2)]
        for store in stores:
            await store.declare(LEASES, ITEMS)
        yield Leases(stores[0], "first", TTL_S), Leases(stores[1], "second", TTL_S)


async def test_two_holders_never_work_at_once_and_each_fence_is_higher(two: tuple[Leases, Leases]) -> None:
    working: list[str] = []
    fences: list[int] = []

    async def turns(leases: Leases) -> None:
        for _ in range(3):
            async with leases.held("work") as lease:
                working.append(leases.owner)
                await asyncio.sleep(0.05)
                assert working == [leases.owner]
                fences.append(lease.fence)
                working.clear()

    await asyncio.gather(*(turns(leases) for leases in two))

    assert fences == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
async def test_a_holder_that_renews_keeps_the_lease_longer_than_its_time_to_live(two: tuple[Leases, Leases]) -> None:
    first, second = two
    async with first.held("work") as lease:
        waiting = asyncio.create_task(second.held("work").__aenter__())
        await asyncio.sleep(1.5 * TTL_S)

        assert not waiting.done()
        await lease.check()
        waiting.cancel()


async def test_leases_of_different_names_do_not_wait_for_each_other(two: tuple[Leases, Leases]) -> None:
    async with asyncio.timeout(TAKEN_S), two[0].held("one"), two[1].held("other") as lease:
        await lease.check()


async def test_a_released_lease_is_taken_before_its_time_to_live_is_over(opens: Open) -> None:
    async with opens() as store:
        await store.declare(LEASES)
        async with held(store, "work", "first", 60.0):
            pass
        async with asyncio.timeout(TAKEN_S), held(store, "work", "second", 60.0) as lease:
            assert lease.fence == 2


async def test_work_that_fails_releases_the_lease_and_its_error_is_seen(two: tuple[Leases, Leases]) -> None:
    async def work(_: Lease) -> None:
        raise ValueError("of the work")

    with pytest.raises(ValueError, match="of the work"):
        await two[0].work_under_lease("work", work)

    record = await two[1].documents.get(LEASES, "work")
    assert record is not None
    assert record.owner == ""


async def test_who_has_lost_the_lease_is_cancelled_and_cannot_write(two: tuple[Leases, Leases]) -> None:
    first, second = two
    ended = False
    with pytest.raises(LeaseLost):
        async with first.held("work") as lease:
            await _steal(second.documents, "work")

            with pytest.raises(LeaseLost):
                await lease.write(Put(ITEMS, Item("1")))
            await asyncio.sleep(TAKEN_S)
            ended = True

    assert not ended
    assert await second.documents.get(ITEMS, "1") is None
    record = await second.documents.get(LEASES, "work")
    assert record is not None
    assert record.owner == "thief", "the lease of another was released"


@pytest.mark.slow
async def test_a_loop_whose_lease_was_taken_waits_for_it_and_goes_on(two: tuple[Leases, Leases]) -> None:
    first, second = two
    fences: list[int] = []
    stolen = asyncio.Event()

    async def work(lease: Lease) -> None:
        fences.append(lease.fence)
        if len(fences) == 2:
            return
        await _steal(second.documents, "work")
        stolen.set()
        await asyncio.sleep(TAKEN_S)

    async with asyncio.timeout(TAKEN_S):
        await first.work_under_lease("work", work)

    assert fences == [1, 3]


async def test_a_guard_of_the_work_that_fails_does_not_lose_the_lease(two: tuple[Leases, Leases]) -> None:
    first, _ = two
    await first.documents.put(ITEMS, Item("1"))
    async with first.held("work") as lease:
        for _ in range(2):
            with pytest.raises(Conflict):
                await lease.write(Put(ITEMS, Item("1"), if_version=7))

        await lease.write(Put(ITEMS, Item("1", number=2), if_version=1))


async def test_a_write_whose_answer_was_lost_does_not_lose_the_lease(two: tuple[Leases, Leases]) -> None:
    async def unanswered(*operations: Any) -> None:
        await store.write(*operations)
        raise Unavailable("the answer was lost")

    store = two[0].documents
    deaf = _Changed(store, write=unanswered)
    async with held(deaf, "work", "first", 60.0) as lease:
        with pytest.raises(Unavailable):
            await lease.check()
        deaf.write = store.write

        with pytest.raises(Conflict):  # once: the version of the unanswered write is read
            await lease.check()
        await lease.check()


@pytest.mark.slow
async def test_a_holder_that_cannot_renew_stops_before_another_may_begin(two: tuple[Leases, Leases]) -> None:
    async def refused(*_: Any) -> None:
        raise Unavailable("no answer")

    first, second = two
    away = _Changed(first.documents, write=refused)
    waiting = asyncio.create_task(_when_taken(second))
    ended = float("inf")
    with pytest.raises(LeaseLost):
        async with held(away, "work", "away", TTL_S):
            try:
                await asyncio.sleep(TAKEN_S)
            finally:
                ended = time.monotonic()

    assert ended <= await waiting


async def test_a_cancelled_holder_releases_and_stays_cancelled(two: tuple[Leases, Leases]) -> None:
    working = asyncio.Event()

    async def work(_: Lease) -> None:
        working.set()
        await asyncio.sleep(TAKEN_S)

    task = asyncio.create_task(two[0].work_under_lease("work", work))
    await working.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    record = await two[1].documents.get(LEASES, "work")
    assert record is not None
    assert record.owner == ""


async def test_who_is_cancelled_while_it_takes_a_lease_lets_it_go_again(two: tuple[Leases, Leases]) -> None:
    store, taking = two[0].documents, asyncio.Event()

    async def slow(*arguments: Any, **options: Any) -> int:
        version = await store.put(*arguments, **options)
        taking.set()
        await asyncio.sleep(0.05)  # written, and not answered yet
        return version

    task = asyncio.create_task(Leases(_Changed(store, put=slow), "slow", 60.0).work_under_lease("work", _never))
    await taking.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    record = await two[1].documents.get(LEASES, "work")
    assert record is not None
    assert (record.owner, record.fence) == ("", 1)


async def test_a_lease_whose_last_renewal_was_not_answered_is_let_go(two: tuple[Leases, Leases]) -> None:
    async def unanswered(*operations: Any) -> None:
        await store.write(*operations)
        raise Unavailable("the answer was lost")

    store = two[0].documents
    async with held(_Changed(store, write=unanswered), "work", "first", 60.0) as lease:
        with pytest.raises(Unavailable):
            await lease.check()

    record = await two[1].documents.get(LEASES, "work")
    assert record is not None
    assert record.owner == ""


async def test_the_time_to_live_is_a_setting(opens: Open) -> None:
    async with opens() as store:
        assert leases_of(store, {"JMID_LEASE_TTL_S": "3"}).ttl_s == 3.0
        assert leases_of(store, {}).owner != leases_of(store, {}).owner


@pytest.mark.slow
async def test_a_killed_holder_is_followed_after_its_time_to_live(processes: Processes) -> None:
    victim = processes.start()
    victim_fence = await processes.fence(victim)
    victim.send_signal(signal.SIGKILL)

    async with asyncio.timeout(TAKEN_S), processes.store() as store, held(store, NAME, "next", TTL_S) as lease:
        assert lease.fence == victim_fence + 1
        counted = await store.get(ITEMS, COUNTED)
        assert counted is not None
        assert counted.number >= 1


@pytest.mark.slow
async def test_a_stopped_holder_that_wakes_up_writes_nothing(processes: Processes) -> None:
    paused = processes.start()
    await processes.fence(paused)
    await processes.pause(paused)
    async with asyncio.timeout(TAKEN_S), processes.store() as store, held(store, NAME, "next", TTL_S) as lease:
        old = await store.get_versioned(ITEMS, COUNTED)
        assert old is not None
        await lease.write(Put(ITEMS, Item(COUNTED, number=1_000_000), old[1]))

        paused.send_signal(signal.SIGCONT)
        await processes.lost(paused)

        assert await store.get_versioned(ITEMS, COUNTED) == (Item(COUNTED, number=1_000_000), old[1] + 1)
        await lease.check()


@pytest_asyncio.fixture(params=["sqlite", pytest.param("mongo-motor", marks=pytest.mark.servers)])
async def processes(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Processes]:
    from shared.documents.mongo import open_mongo
    from shared.documents.sqlite import open_sqlite

    if request.param == "sqlite":
        path = tmp_path / "documents.sqlite"
        found = Processes(["sqlite", str(path)], lambda: open_sqlite(path))
    else:
        uri, database = request.getfixturevalue("mongodb").uri, f"test_{uuid.uuid4().hex}"
        found = Processes(["mongo", uri, database, "motor"], lambda: open_mongo(uri, database))
    yield found
    found.close()


async def _never(_: Lease) -> None:
    raise AssertionError("nothing works under a lease that was let go")


class _Changed:
    """A document store some of whose methods, named, do something else."""

    write: Any

    def __init__(self, store: Documents, **changed: Any) -> None:
        self._store = store
        vars(self).update(changed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def _steal(documents: Documents, name: str) -> None:
    """Write the lease's record as a holder does that waited for its time to live while this one was stopped."""
    while True:
        found = await documents.get_versioned(LEASES, name)
        assert found is not None
        try:
            stolen = LeaseRecord(name=name, owner="thief", fence=found[0].fence + 1, ttl_s=TTL_S)
            await documents.put(LEASES, stolen, if_version=found[1])
        except Conflict:
            continue
        return


async def _when_taken(leases: Leases) -> float:
    await asyncio.sleep(0.1)
    async with leases.held("work"):
        return time.monotonic()
