"""A damaged database is found at start, before anything of it is lost, and while it runs."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from shared import sqlite_check
from shared.documents import Collection, Put
from shared.documents.sqlite import open_sqlite
from shared.errors import Damaged, DamagedStore
from shared.runtime.databases import check_before_opening
from shared.runtime.ports import PortSettings
from shared.sqlite_check import Fault, check

ROWS = 60


def begun(path: Path) -> sqlite3.Connection:
    """Return a connection to a database whose rows, one commit each, are all in its log."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)")
    for number in range(ROWS):
        connection.execute("INSERT INTO t (v) VALUES (?)", [f"{number}" * 400])
    return connection


def copied(source: Path, target: Path) -> Path:
    """Copy a database with its log, as a power cut leaves it."""
    for ending in ("", "-wal"):
        target.with_name(target.name + ending).write_bytes(source.with_name(source.name + ending).read_bytes())
    return target


@pytest.fixture
def database(tmp_path: Path) -> Path:
    connection = begun(tmp_path / "original.sqlite")
    found = copied(tmp_path / "original.sqlite", tmp_path / "documents.sqlite")
    connection.close()
    return found


def log_of(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


FRAME = 24 + 4096


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def frames(database: Path) -> int:
    return (log_of(database).stat().st_size - 32) // FRAME


def rows(database: Path) -> int:
    connection = sqlite3.connect(database)
    try:
        count: int = connection.execute("SELECT count(*) FROM t").fetchone()[0]
    except sqlite3.OperationalError:  # not even the table
        count = 0
    connection.close()
    return count


def test_a_log_that_is_whole_and_one_that_power_cut_off_are_no_damage(database: Path, tmp_path: Path) -> None:
    cut = copied(database, tmp_path / "cut.sqlite")
    os.truncate(log_of(cut), log_of(cut).stat().st_size - 1000)
    longer = copied(database, tmp_path / "longer.sqlite")
    with log_of(longer).open("ab") as file:
        file.write(os.urandom(3 * FRAME))

    assert check(database) == check(cut) == check(longer) == []


@pytest.mark.parametrize("at", [0, 9, 32 + 8, 32 + 5 * FRAME + 500], ids=["magic", "header", "salt", "page"])
def test_a_flipped_bit_in_the_log_is_found_before_sqlite_cuts_it(database: Path, at: int) -> None:
    flip(log_of(database), at)

    (found,) = check(database)

    assert (found.fault, found.is_damage) == (Fault.LOG, True)
    assert log_of(database).stat().st_size > 32  # it is as it was
    assert rows(database) < ROWS  # what SQLite makes of it


def test_the_last_commit_alone_may_be_a_power_cut(database: Path) -> None:
    flip(log_of(database), 32 + (frames(database) - 1) * FRAME + 500)

    (found,) = check(database)

    assert (found.fault, found.is_damage) == (Fault.LOG_END, False)


def test_a_log_that_began_anew_over_an_older_one_is_no_damage(tmp_path: Path) -> None:
    connection = begun(tmp_path / "original.sqlite")
    connection.execute("PRAGMA wal_checkpoint(RESTART)")
    connection.execute("INSERT INTO t (v) VALUES ('again')")
    database = copied(tmp_path / "original.sqlite", tmp_path / "documents.sqlite")
    connection.close()

    assert check(database) == []
    assert rows(database) == ROWS + 1


def killed(tmp_path: Path, *, after: str = "") -> Path:
    """Return a database as the end of its process left it, with the log's index beside it."""
    connection = begun(tmp_path / "original.sqlite")
    if after:
        connection.execute(after).fetchall()
    database = copied(tmp_path / "original.sqlite", tmp_path / "documents.sqlite")
    index = database.with_name(database.name + "-shm")
    index.write_bytes((tmp_path / "original.sqlite-shm").read_bytes())
    connection.close()
    return database


@pytest.mark.parametrize("keeps", [0, 32, 32 + 10 * FRAME, 32 + 20 * FRAME + 100, -1])
def test_a_log_that_lost_its_end_is_found_by_its_index(tmp_path: Path, keeps: int) -> None:
    database = killed(tmp_path)
    os.truncate(log_of(database), keeps if keeps >= 0 else log_of(database).stat().st_size - 1)

    (found,) = check(database)

    assert (found.fault, found.is_damage) == (Fault.LOG, True)


def test_a_log_that_is_gone_is_found_by_its_index(tmp_path: Path) -> None:
    database = killed(tmp_path)
    log_of(database).unlink()

    assert [each.fault for each in check(database)] == [Fault.LOG]


def test_an_index_that_promises_no_more_than_there_is_says_nothing(tmp_path: Path) -> None:
    whole = killed(tmp_path)
    (tmp_path / "b").mkdir()
    copied_back = killed(tmp_path / "b", after="PRAGMA wal_checkpoint(PASSIVE)")
    os.truncate(log_of(copied_back), 0)

    assert check(whole) == check(copied_back) == []
    assert rows(copied_back) == ROWS


def zero_a_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[2 * 4096 : 3 * 4096] = bytes(4096)
    path.write_bytes(data)


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    path.write_bytes(b"x" * 8192)


@pytest.mark.parametrize("damage", [zero_a_page, cut_in_half, overwrite])
async def test_damaged_pages_do_not_open(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    database = tmp_path / "documents.sqlite"
    begun(database).close()  # the log is in the database now
    damage(database)

    assert [each.fault for each in check(database)] == [Fault.PAGES]
    with pytest.raises(Damaged, match=r"documents.sqlite: damaged pages.*jmid check"):
        await check_before_opening(PortSettings(), tmp_path, 20.0)


async def test_a_database_that_was_in_use_and_is_gone_or_empty_is_lost_not_new(tmp_path: Path) -> None:
    database = tmp_path / "documents.sqlite"
    assert check(database) == []

    sqlite_check.note_made(database)
    gone = check(database)
    database.touch()

    assert gone == check(database)
    assert gone[0].fault is Fault.LOST
    with pytest.raises(Damaged, match="lost"):
        await check_before_opening(PortSettings(), tmp_path, 20.0)


def test_a_check_that_has_no_time_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_check, "_STEPS", 1)
    begun(tmp_path / "documents.sqlite").close()

    (found,) = check(tmp_path / "documents.sqlite", seconds=0)

    assert (found.fault, found.is_damage) == (Fault.UNFINISHED, False)


class Row(msgspec.Struct):
    key: str
    text: str = ""


async def test_damage_that_is_met_later_makes_the_store_not_ready(tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"
    collection = Collection("rows", Row, key="key")
    async with open_sqlite(path) as documents:
        await documents.declare(collection)
        await documents.write(*(Put(collection, Row(str(number), "x" * 2000)) for number in range(200)))
    page = path.read_bytes().index(b"x" * 2000) // 4096 + 40  # behind what every opening reads
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xff" * 40 * 4096)

    async with open_sqlite(path) as documents:
        await documents.declare(collection)
        await documents.ping()
        with pytest.raises(DamagedStore, match="SQLITE_CORRUPT"):
            [row async for row in documents.every(collection)]
        with pytest.raises(DamagedStore, match="jmid check"):
            await documents.ping()
