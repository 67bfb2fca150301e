"""Databases that are written to are copied as they were at one instant."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from shared.backup import cut
from shared.errors import Damaged
from tests.backup.fixtures import a_home

BETWEEN = 25
"""Databases whose turn comes between the two: without them a wrong copy could be right by chance."""


class Writer:
    """Writes each number to the first database and then to the second, until it is stopped."""

    def __init__(self, first: Path, second: Path) -> None:
        self.paths, self.stopped, self.written = (first, second), threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self) -> None:
        with closing(self.connected(0)) as first, closing(self.connected(1)) as second:
            number = 0
            while not self.stopped.is_set():
                number += 1
                for connection in (first, second):
                    connection.execute("INSERT INTO numbers VALUES (?)", (number,))
                if number > 20:
                    self.written.set()

    def connected(self, index: int) -> sqlite3.Connection:
        connection = sqlite3.connect(self.paths[index], isolation_level=None, timeout=60)
        connection.execute("PRAGMA synchronous=OFF")
        return connection


def made(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE numbers (n INTEGER)")
    return path


def highest(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT coalesce(max(n), 0) FROM numbers").fetchone()[0])


def test_two_databases_are_copied_as_they_were_at_one_instant_while_both_are_written(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home") / "gateway"
    writer = Writer(home / "documents.sqlite", home / "bus.sqlite")
    between = [made(tmp_path / f"between-{number}") for number in range(BETWEEN)]
    writer.thread.start()
    assert writer.written.wait(60)

    found = []
    for number in range(6):
        copies = [tmp_path / f"{number}-{name}" for name in ("first", "second")]
        others = {path: tmp_path / f"{number}-{path.name}" for path in between}
        cut.copy({writer.paths[0]: copies[0], **others, writer.paths[1]: copies[1]})
        found.append(tuple(map(highest, copies)))
    writer.stopped.set()
    writer.thread.join(60)

    assert all(first - 1 <= second <= first for first, second in found), found
    assert found[0][0] > 0
    assert found[-1][0] > found[0][0]  # it went on meanwhile


def test_a_database_whose_pages_are_damaged_is_no_backup(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home") / "gateway"
    path = home / "documents.sqlite"
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)

    with pytest.raises(Damaged, match="damaged pages"):
        cut.copy({path: tmp_path / "copy"})


def test_a_database_that_is_gone_though_it_was_in_use_is_no_backup(tmp_path: Path) -> None:
    path = a_home(tmp_path / "home") / "gateway" / "bus.sqlite"
    path.unlink()

    with pytest.raises(Damaged, match="lost"):
        cut.check([path])
