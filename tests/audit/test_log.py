"""The writer: one chain whoever writes, what is due when, and what happens while nothing can be written."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from shared.audit.record import START, AuditRecord, chained, digest_of
from shared.audit.seals import LOG
from shared.audit.window import FEED_S, WINDOW_S, Windows
from shared.audit.words import Action, EventKind
from shared.documents import Put
from shared.errors import Unavailable
from tests.audit.chains import HANAKO, STUDY, read_of, trail, writer


def test_the_bytes_that_are_hashed_stay_the_same() -> None:
    record = AuditRecord(
        key="000000000000001", at="2026-11-28T00:00:00.000Z", source="a/centre", kind=EventKind.READ, action=Action.READ
    )

    digest = digest_of(START, record)

    assert digest == "4bf891c2523a0cd7362291e7c51b12555fce1d546b107f263a6bf56660793746"


def test_reads_of_one_study_by_one_person_are_two_records_a_window() -> None:
    now = [100.0]
    windows = Windows(lambda: now[0], lambda: now[0])
    first = windows.add(read_of())
    written = windows.take("a")
    for _ in range(999):
        now[0] += 0.01
        assert not windows.add(read_of())

    within, now[0] = windows.take("a"), 100.0 + WINDOW_S
    at_the_end = windows.take("a")

    assert first
    assert [each.count for each in written] == [1]
    assert within == []
    assert [(each.count, each.at[17:23], each.until[17:23]) for each in at_the_end] == [(999, "40.010", "49.990")]
    assert len(windows) == 0


@pytest.mark.parametrize(
    "other", [read_of("study:2.25.2"), read_of(who=HANAKO._replace(subject="s-2")), read_of()._replace(reason="x")]
)
def test_what_differs_in_more_than_its_route_is_a_record_of_its_own(other: Any) -> None:
    windows = Windows(lambda: 1.0, lambda: 1.0)
    windows.add(read_of())

    assert not windows.add(read_of()._replace(route="GET /other"))
    assert windows.add(other)


def test_who_follows_a_feed_has_a_longer_window() -> None:
    now = [0.0]
    windows = Windows(lambda: now[0], lambda: now[0])
    windows.add(read_of()._replace(kind=EventKind.FEED))
    windows.take("a")
    windows.add(read_of()._replace(kind=EventKind.FEED))

    now[0] = WINDOW_S
    assert windows.take("a") == []
    now[0] = FEED_S
    assert len(windows.take("a")) == 1


async def test_a_change_is_durable_when_record_returns_and_a_read_soon_after(tmp_path: Path) -> None:
    async with trail(tmp_path) as own:
        running = asyncio.create_task(own.log.run())
        own.log.note(read_of())
        await own.log.record(read_of()._replace(kind=EventKind.CHANGE))

        records = await own.records()
        running.cancel()

    assert {each.kind for each in records} == {EventKind.RETRIEVE, EventKind.CHANGE}
    assert records[0].who == ("s-1", "hanako")
    assert records[0].objects == (STUDY,)


async def test_two_writers_make_one_chain_without_a_gap(tmp_path: Path) -> None:
    async with trail(tmp_path) as own:
        logs = [own.log, writer(own.documents, own.keys)]
        for number in range(60):
            logs[number % 2].note(read_of(f"study:2.25.{number}"))
            if number % 6 == 5:
                assert await asyncio.gather(*(log.flush() for log in logs)) == [True, True]
        records, (faults, check) = await own.records(), await own.looked_at()

    assert sorted(each.of("study")[0] for each in records) == sorted(f"2.25.{number}" for number in range(60))
    assert faults == []
    assert check.number == 60


async def test_a_write_whose_answer_was_lost_is_not_repeated(tmp_path: Path) -> None:
    async with trail(tmp_path) as own:
        write = own.documents.write

        async def lost(*operations: Any) -> None:
            await write(*operations)
            raise ConnectionError

        own.documents.write = lost  # type: ignore[method-assign]
        own.log.note(read_of("study:2.25.1"))
        assert not await own.log.flush()
        own.documents.write = write  # type: ignore[method-assign]
        await writer(own.documents, own.keys).flush()
        own.log.note(read_of("study:2.25.2"))
        assert await own.log.flush()
        records, (faults, _) = await own.records(), await own.looked_at()

    assert [each.of("study")[0] for each in records] == ["2.25.1", "2.25.2"]
    assert faults == []


async def test_a_write_that_was_cut_in_the_middle_goes_on_where_it_ended(tmp_path: Path) -> None:
    async with trail(tmp_path) as own:
        write = own.documents.write

        async def cut(*operations: Any) -> None:
            await write(operations[0])
            raise ConnectionError

        own.documents.write = cut  # type: ignore[method-assign]
        for number in range(3):
            own.log.note(read_of(f"study:2.25.{number}"))
        assert not await own.log.flush()
        own.documents.write = write  # type: ignore[method-assign]
        other = writer(own.documents, own.keys)
        other.note(read_of("study:2.25.9"))
        await other.flush()
        assert await own.log.flush()
        records, (faults, _) = await own.records(), await own.looked_at()

    assert [each.of("study")[0] for each in records] == ["2.25.0", "2.25.9", "2.25.1", "2.25.2"]
    assert faults == []


async def test_while_nothing_can_be_written_reads_are_refused_and_nothing_is_forgotten(tmp_path: Path) -> None:
    async with trail(tmp_path) as own:
        write = own.documents.write

        async def full(*_: Any) -> None:
            raise OSError

        own.documents.write = full  # type: ignore[method-assign]
        own.log.note(read_of())
        assert not await own.log.flush()
        with pytest.raises(Unavailable, match="no patient's data is served"):
            own.log.check()
        running = asyncio.create_task(own.log.run())
        with pytest.raises(Unavailable, match="cannot be written"):
            await own.log.record(read_of("study:2.25.2"))
        running.cancel()

        own.documents.write = write  # type: ignore[method-assign]
        assert await own.log.flush()
        own.log.check()
        records = await own.records()

    assert [each.of("study")[0] for each in records] == ["2.25.1", "2.25.2"]


async def test_a_store_that_never_answers_counts_as_one_that_cannot_be_written(tmp_path: Path) -> None:
    async with trail(tmp_path) as own:
        log = writer(own.documents, own.keys, audit_write_s=0.01)

        async def hanging(*_: Any) -> None:
            await asyncio.Event().wait()

        own.documents.write = hanging  # type: ignore[method-assign]
        log.note(read_of())

        assert not await log.flush()
        assert log.is_failing


async def test_a_place_in_the_chain_is_taken_once(tmp_path: Path) -> None:
    async with trail(tmp_path) as own:
        own.log.note(read_of())
        await own.log.flush()
        first = (await own.records())[0]
        forged = chained((await writer(own.documents, own.keys).read_tip())._replace(number=0), [first])[0]

        with pytest.raises(Exception, match=r"audit_log|Conflict|version"):
            await own.documents.write(Put(LOG, forged, if_version=0))
