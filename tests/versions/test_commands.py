"""``jmid migrate`` and ``jmid rebuild`` as an operator meets them."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from services import data_versions
from shared.documents import Collection
from shared.documents.sqlite import open_sqlite
from shared.runtime.home import claimed
from shared.service import Role, Service
from tests.cli.test_cli import jmid, one_line
from tests.versions.homes import LONG, NAMES, answers, unpacked
from tests.versions.test_homes import answered, assert_same


class Old(msgspec.Struct, frozen=True):
    uid: str
    size: str


class New(msgspec.Struct, frozen=True):
    uid: str
    size: int


def _to_number(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "size": int(record["size"])}


OLD = Collection("things", Old, key="uid", fields=("size",))
NEW = Collection("things", New, key="uid", fields=("size",), upgrades=(_to_number,))


def nothing(_: object) -> Any:
    raise NotImplementedError


@pytest.fixture
def migrate(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Return what runs the command for a system of one service, whose collection is of version 2."""
    app = typer.Typer()
    service = Service(name="thing", role=Role.CENTRE, opens=nothing, collections=(NEW,))
    app.command()(data_versions.migrate((service,)))

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["--home", str(tmp_path), *arguments], env={"COLUMNS": "200"})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, one_line(result.output)

    return run


def put(home: Path, *records: Old) -> None:
    async def work() -> None:
        async with open_sqlite(home / "centre" / "documents.sqlite") as documents:
            await documents.declare(OLD)
            for record in records:
                await documents.put(OLD, record)

    asyncio.run(work())


def sizes(home: Path) -> list[int]:
    async def work() -> list[int]:
        async with open_sqlite(home / "centre" / "documents.sqlite") as documents:
            await documents.declare(NEW)
            return [record.size for record in (await documents.find(NEW)).documents]

    return asyncio.run(work())


def test_migrate_says_what_it_did_and_then_that_there_is_nothing_to_do(
    tmp_path: Path, migrate: Callable[..., tuple[int, str]]
) -> None:
    put(tmp_path, Old("1", "10"), Old("2", "20"))

    tried = migrate("--dry-run")
    done = migrate()
    again = migrate()

    assert tried == (0, "centre: things: 2 records would be brought to version 2, 0 failed")
    assert done == (0, "centre: things: 2 records brought to version 2, 0 failed")
    assert again == (0, "centre: things: version 2, nothing to do")
    assert sizes(tmp_path) == [10, 20]


def test_migrate_fails_for_a_record_that_cannot_be_and_says_no_value_of_it(
    tmp_path: Path, migrate: Callable[..., tuple[int, str]]
) -> None:
    put(tmp_path, Old("1", "10"), Old("2", "Yamada Hanako"))

    code, text = migrate()

    assert code == 1
    assert "1 records brought to version 2, 1 failed" in text
    assert "Yamada" not in text


def test_migrate_does_not_run_beside_services_of_the_home(
    tmp_path: Path, migrate: Callable[..., tuple[int, str]]
) -> None:
    with claimed(tmp_path, alone=False), pytest.raises(Exception, match="is in use"):
        migrate()


@pytest.mark.slow
def test_a_home_that_a_newer_release_wrote_is_not_started(tmp_path: Path) -> None:
    home = unpacked(NAMES[0], tmp_path) / "embedded" / "home"
    with closing(sqlite3.connect(home / "centre" / "documents.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE schema_versions (collection TEXT PRIMARY KEY, version INTEGER NOT NULL)")
        connection.execute("INSERT INTO schema_versions VALUES ('studies', 99)")

    code, text = jmid("run", "archive", "--home", str(home), "--port", "0")

    assert code == 2
    assert "records of studies are of version 99" in one_line(text)
    assert "Traceback" not in text


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_this_code_makes_again_of_an_earlier_home_answers_as_before(tmp_path: Path, name: str) -> None:
    """If this fails for metadata or answers, the code makes them differently now: add one to its maker's version."""
    folder = unpacked(name, tmp_path) / "embedded"
    home = str(folder / "home")

    migrated = jmid("migrate", "--home", home)
    metadata = jmid("rebuild", "metadata", "--again", "--home", home)
    made = jmid("rebuild", "answers", "--again", "--home", home)
    index = jmid("rebuild", "index", "--home", home)

    assert [code for code, _ in (migrated, metadata, made, index)] == [0, 0, 0, 0]
    assert "2 Studies: 6 Instances made again, 0 up to date, 0 evicted, 0 failed" in one_line(metadata[1])
    assert_same(answered(folder / "home", LONG, answers(folder)), answers(folder))
