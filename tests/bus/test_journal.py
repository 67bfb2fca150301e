"""What only the journal has: a file, a disk that can be full, a clock, other processes."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from shared import clock
from shared.bus import Delivery, Queue, RetryPolicy, writer
from shared.bus import journal_tables as tables
from shared.bus.codec import encode
from shared.bus.fate import Again, UnroutableError
from shared.bus.journal import open_journal
from shared.errors import Conflict, StorageFull, Unavailable
from shared.events import Event, InstancesReceived
from tests.bus.conftest import POLICY, STUDIES, Recorder, consuming, study_changed, until, until_depth
from tests.servers.disk import small_disk

RECEIVED = Queue("received", (InstancesReceived,))


@pytest.fixture
def small_folder(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder with room for 24 MiB."""
    with small_disk(tmp_path / "small", 24) as folder:
        yield folder


def large_event(name: str) -> InstancesReceived:
    blobs = tuple(f"{number:064d}" for number in range(200))
    return InstancesReceived.first(name, correlation_id="r", site="a", receipt_id="r", blobs=blobs)


async def test_a_disk_that_gets_full_refuses_to_publish_loses_nothing_and_can_be_drained(small_folder: Path) -> None:
    kept: list[str] = []
    recorder = Recorder()

    async with open_journal(small_folder / "bus.sqlite", POLICY) as bus:
        await bus.declare(RECEIVED)
        with pytest.raises(StorageFull):
            for number in range(2000):
                await bus.publish(large_event(str(number)))
                kept.append(large_event(str(number)).id)
        with pytest.raises(Unavailable):
            await bus.ping()
    async with open_journal(small_folder / "bus.sqlite", POLICY) as bus, consuming(bus, "received", recorder):
        await until_depth(bus, "received", ready=0, unacked=0)

    assert len(kept) > 50
    assert sorted(recorder.ids) == sorted(kept)


async def test_a_consumer_goes_on_when_a_full_disk_has_room_again(
    small_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ballast = small_folder / "ballast"
    recorder = Recorder()

    async with open_journal(small_folder / "bus.sqlite", POLICY) as bus:
        await bus.declare(RECEIVED)
        await bus.publish(large_event("one"))
        with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(bytes(4096))
        with pytest.raises(StorageFull):
            await bus.publish(large_event("two"))
        async with consuming(bus, "received", recorder):
            await until(lambda: "StorageFull" in caplog.text)
            ballast.unlink()
            await until(lambda: recorder.ids == [large_event("one").id])
            await until_depth(bus, "received", ready=0, unacked=0)
            await bus.publish(large_event("two"))
            await until(lambda: recorder.ids == [large_event("one").id, large_event("two").id])


async def test_a_consumer_of_another_process_wakes_at_the_next_look_within_a_tenth_of_a_second(tmp_path: Path) -> None:
    recorder = Recorder()

    async with open_journal(tmp_path / "j") as here, open_journal(tmp_path / "j") as there:
        await here.declare(STUDIES)
        async with consuming(there, "studies", recorder):
            for number in range(5):
                await here.publish(study_changed(str(number)))
                await until(lambda expected=number + 1: len(recorder.ids) == expected)  # type: ignore[misc]

    assert writer.LOOK_S < 0.1


def delayed(longest_delay_s: float) -> sqlite3.Connection:
    """Return the tables with one message, which was taken and is to come again in 60 s."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(tables.SCHEMA)
    tables.declare(connection, [STUDIES])
    tables.publish(connection, [("id", "study.changed", b"{}", False)])
    (taken,), _ = tables.claim(connection, "studies", "owner", 1, longest_delay_s=longest_delay_s)
    tables.delay(connection, taken, Again(60, "Conflict"))
    return connection


def test_a_clock_that_starts_anew_does_not_hold_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "machine_s", lambda: 1_000_000.0)
    connection = delayed(longest_delay_s=60)

    too_early = tables.claim(connection, "studies", "owner", 1, longest_delay_s=60)
    monkeypatch.setattr(clock, "machine_s", lambda: 900_000.0)
    set_back, _ = tables.claim(connection, "studies", "owner", 1, longest_delay_s=60)

    assert too_early == ([], 60)
    assert [each.deliveries for each in set_back] == [2]


@pytest.mark.parametrize("jump_s", [30 * 86_400.0, -30 * 86_400.0, -600.0])
def test_a_wall_clock_that_jumps_neither_hurries_nor_holds_a_retry(
    monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    now = time.time()
    monkeypatch.setattr(clock, "machine_s", lambda: 1000.0)
    connection = delayed(longest_delay_s=3600)

    monkeypatch.setattr(time, "time", lambda: now + jump_s)
    early = tables.claim(connection, "studies", "owner", 1, longest_delay_s=3600)
    monkeypatch.setattr(clock, "machine_s", lambda: 1060.0)
    due, _ = tables.claim(connection, "studies", "owner", 1, longest_delay_s=3600)

    assert early == ([], 60)
    assert len(due) == 1


def test_what_waited_when_the_machine_went_down_is_due_when_it_is_up() -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(tables.SCHEMA)
    tables.declare(connection, [STUDIES])
    tables.publish(connection, [("id", "study.changed", b"{}", False)])
    tables.follow_boot(connection, "one")
    (taken,), _ = tables.claim(connection, "studies", "owner", 1, longest_delay_s=3600)
    tables.delay(connection, taken, Again(3600, "Conflict"))

    tables.follow_boot(connection, "one")
    still, _ = tables.claim(connection, "studies", "owner", 1, longest_delay_s=3600)
    tables.follow_boot(connection, "two")
    due, _ = tables.claim(connection, "studies", "owner", 1, longest_delay_s=3600)

    assert (len(still), len(due)) == (0, 1)


async def test_oldest_first_and_a_retry_before_what_came_later(tmp_path: Path) -> None:
    async def fail_first(delivery: Delivery) -> list[Event]:
        if delivery.deliveries == 1 and delivery.event.id == study_changed("0").id:
            raise Conflict("again")
        await asyncio.sleep(0.03)
        return []

    recorder = Recorder(fail_first)
    events = [study_changed(str(number)) for number in range(15)]

    async with open_journal(tmp_path / "j", RetryPolicy((0.05,))) as bus:
        await bus.declare(STUDIES)
        await bus.publish(*events)
        async with consuming(bus, "studies", recorder, prefetch=1):
            await until(lambda: len(recorder.ids) == 16)

    assert [each for each in recorder.ids[1:] if each != events[0].id] == [event.id for event in events[1:]]
    assert recorder.ids.index(events[0].id, 1) < 10


async def test_one_bad_call_does_not_spoil_those_that_share_its_transaction(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "j") as bus:
        await bus.declare(STUDIES)

        results = await asyncio.gather(
            bus.publish(study_changed("one")),
            bus.publish(study_changed("undone"), large_event("nobody takes it")),
            bus.publish(study_changed("two")),
            return_exceptions=True,
        )

        assert [type(result) for result in results] == [type(None), UnroutableError, type(None)]
        await until_depth(bus, "studies", ready=2)


@pytest.mark.parametrize(
    "call",
    [
        partial(tables.claim, queue="q", owner="o", limit=1, longest_delay_s=1),
        partial(tables.publish, messages=[]),
        partial(tables.give_back, owner="o"),
        partial(tables.owners),
        partial(tables.dead, queue="q", limit=1),
        partial(tables.replay, queue="q", event_ids=["e"]),
        partial(tables.drop, queue="q", event_ids=["e"]),
    ],
    ids=lambda call: call.func.__name__,
)
def test_nothing_that_is_asked_of_a_long_journal_scans_it(call: Callable[[sqlite3.Connection], object]) -> None:
    statements: list[str] = []
    connection = sqlite3.connect(":memory:")
    connection.executescript(tables.SCHEMA)
    connection.set_trace_callback(statements.append)

    call(connection)

    connection.set_trace_callback(None)
    plans = [row[3] for sql in statements for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert [plan for plan in plans if plan.startswith("SCAN") and "by_owner" not in plan] == []


async def test_a_journal_of_the_release_before_keeps_what_is_in_it_and_gets_the_order(tmp_path: Path) -> None:
    path = tmp_path / "bus.sqlite"
    before = tables.SCHEMA.replace("    urgent INTEGER NOT NULL DEFAULT 0,\n", "")
    with sqlite3.connect(path) as connection:
        connection.executescript(before)
        tables.declare(connection, [STUDIES])
        event = study_changed("one")
        row = ("studies", event.id, event.topic, encode(event))
        connection.execute("INSERT INTO messages (queue, event_id, topic, body) VALUES (?, ?, ?, ?)", row)
    recorder = Recorder()

    async with open_journal(path, POLICY) as bus, consuming(bus, "studies", recorder):
        await until(lambda: recorder.ids == [event.id])

    assert before != tables.SCHEMA
