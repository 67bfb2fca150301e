"""A backup holds what a home holds, reads only what is new, and is kept as long as it says."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared import clock
from shared.backup import cut, home_files
from shared.backup.repository import Repository
from shared.errors import Damaged, SettingsError
from tests.backup.fixtures import IDENTIFIED, a_home, backed_up, chunks_of, contents, restored, to, written

__all__ = ["to"]
BLOB = "centre/blobs/archive/blobs/1.2/00/01/1.2.3.dcm"


def test_a_restored_home_has_every_file_and_nothing_disposable(tmp_path: Path, to: Repository) -> None:
    home = a_home(tmp_path / "home")
    written(home, "centre/search/index/0/meta.json", b"made again")
    written(home, "gateway/ingest/scratch/part", b"half a request")
    written(home, "gateway/ingest/csv/new/reports.csv", b"not taken yet")

    made = backed_up(home, to)
    restored(to, tmp_path / "other")

    found = contents(tmp_path / "other")
    expected = contents(home)
    assert found == {path: data for path, data in expected.items() if "search" not in path and "scratch" not in path}
    assert found["gateway/ingest/csv/new/reports.csv"] == b"not taken yet"
    assert made.unread == {}


def test_a_store_behind_a_link_is_backed_up(tmp_path: Path, to: Repository) -> None:
    home = a_home(tmp_path / "home")
    (home / "centre" / "blobs").rename(tmp_path / "disk")
    (home / "centre" / "blobs").symlink_to(tmp_path / "disk")

    backed_up(home, to)
    restored(to, tmp_path / "other")

    assert contents(tmp_path / "other")[BLOB] == b"pixels"


def test_the_second_backup_reads_blobs_that_are_new_and_no_others(tmp_path: Path, to: Repository) -> None:
    home = a_home(tmp_path / "home")
    first = backed_up(home, to)
    written(home, BLOB.replace("1.2.3", "1.2.4"), b"more pixels")

    second = backed_up(home, to)

    databases = 2
    assert first.read == 2 + databases
    assert second.read == 1 + databases
    restored(to, tmp_path / "other")
    assert contents(tmp_path / "other") == contents(home)


def test_a_blob_that_was_written_over_is_read_again(tmp_path: Path, to: Repository) -> None:
    home = a_home(tmp_path / "home")
    backed_up(home, to)
    written(home, BLOB, b"pixely")  # of the same length

    backed_up(home, to)

    restored(to, tmp_path / "new")
    restored(to, tmp_path / "old", backup=0)
    assert contents(tmp_path / "new")[BLOB] == b"pixely"
    assert contents(tmp_path / "old")[BLOB] == b"pixels"


def test_blobs_that_come_and_go_while_the_backup_runs_are_those_of_its_instant(
    tmp_path: Path, to: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blob that a record of the cut may name is there, whether it came or went meanwhile."""
    home = a_home(tmp_path / "home")
    came = BLOB.replace("1.2.3", "1.2.4")
    blobs_of, copy_of = home_files.blob_files, cut.copy

    def then_one_comes(where: Path) -> Iterator[tuple[str, Path]]:
        yield from blobs_of(where)
        written(home, came, b"came before the cut")

    def then_one_goes(databases: dict[Path, Path]) -> None:
        copy_of(databases)
        (home / BLOB).unlink()

    monkeypatch.setattr(home_files, "blob_files", then_one_comes)
    monkeypatch.setattr(cut, "copy", then_one_goes)

    backed_up(home, to)

    restored(to, tmp_path / "other")
    found = contents(tmp_path / "other")
    assert (found[came], found[BLOB]) == (b"came before the cut", b"pixels")


def test_identified_bytes_that_are_not_those_that_came_are_named_and_replace_no_good_copy(
    tmp_path: Path, to: Repository
) -> None:
    home = a_home(tmp_path / "home")
    path = f"{IDENTIFIED}/{hashlib.sha256(b'as it came').hexdigest()}"
    written(home, path, b"as it came")
    backed_up(home, to)
    written(home, path, b"as it cane")
    written(home, BLOB, b"others are copied")

    made = backed_up(home, to)

    assert made.unread == {path: "its bytes are not those that came"}
    restored(to, tmp_path / "other")
    assert contents(tmp_path / "other")[path] == b"as it came"
    assert contents(tmp_path / "other")[BLOB] == b"others are copied"


def test_a_backup_that_was_broken_off_is_none_and_the_next_one_is_whole(
    tmp_path: Path, to: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home(tmp_path / "home")
    with monkeypatch.context() as patched, pytest.raises(Damaged):
        patched.setattr(cut, "copy", broken_off)
        backed_up(home, to)
    assert to.roots() == []

    backed_up(home, to)

    restored(to, tmp_path / "other")
    assert contents(tmp_path / "other") == contents(home)


def broken_off(_: object) -> None:
    raise Damaged("damaged-database")


def test_what_was_deleted_is_in_no_file_once_its_last_backup_has_expired(
    tmp_path: Path, to: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home(tmp_path / "home")
    backed_up(home, to, keep_days=10)
    (chunk,) = chunks_of(to, BLOB, tmp_path)
    (home / BLOB).unlink()
    backed_up(home, to, keep_days=10)
    assert chunk.exists()

    monkeypatch.setattr(clock, "utc_now", lambda: datetime.now(UTC) + timedelta(days=11))
    backed_up(home, to, keep_days=10)

    assert not chunk.exists()
    assert len(to.roots()) == 1
    restored(to, tmp_path / "other")
    assert contents(tmp_path / "other") == contents(home)


def test_two_runs_do_not_write_to_the_same_backups_at_once(tmp_path: Path, to: Repository) -> None:
    home = a_home(tmp_path / "home")
    to.make()

    with to.writing(), pytest.raises(SettingsError, match="another process"):
        backed_up(home, to)
