"""What a backup holds is compared with its digests, and nobody without its key learns what is in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.backup import cut
from shared.backup import restore as reading
from shared.backup.repository import Repository
from shared.errors import Damaged, NotFound, SettingsError
from tests.backup.fixtures import KEY, a_home, backed_up, chunks_of, contents, restored, to

__all__ = ["to"]
BLOB = "centre/blobs/archive/blobs/1.2/00/01/1.2.3.dcm"


@pytest.fixture
def home(tmp_path: Path, to: Repository) -> Path:
    """A home that was backed up once."""
    home = a_home(tmp_path / "home")
    backed_up(home, to)
    return home


def verified(to: Repository, scratch: Path) -> reading.Compared:
    return reading.verify(to, to.roots()[-1], scratch)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def test_a_whole_backup_agrees_with_its_digests(home: Path, to: Repository, tmp_path: Path) -> None:
    compared = verified(to, tmp_path)

    assert compared.wrong == {}
    assert compared.files == 2 + len(contents(home))  # two databases beside the others


@pytest.mark.parametrize("damage", [flipped, Path.unlink, emptied])
def test_a_damaged_copy_is_named_and_stops_no_other(
    home: Path, to: Repository, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    (chunk,) = chunks_of(to, BLOB, tmp_path)
    damage(chunk)

    assert list(verified(to, tmp_path).wrong) == [BLOB]
    assert list(restored(to, tmp_path / "other").wrong) == [BLOB]
    assert contents(tmp_path / "other")["gateway/keys/k1.key"] == b"secrets of the site"


def test_a_run_that_reads_all_again_writes_a_damaged_copy_anew(home: Path, to: Repository, tmp_path: Path) -> None:
    (chunk,) = chunks_of(to, BLOB, tmp_path)
    flipped(chunk)
    backed_up(home, to)
    assert list(verified(to, tmp_path).wrong) == [BLOB]

    backed_up(home, to, again=True)

    assert verified(to, tmp_path).wrong == {}


def test_one_copy_in_the_place_of_another_is_damage(home: Path, to: Repository, tmp_path: Path) -> None:
    (chunk,) = chunks_of(to, BLOB, tmp_path)
    (key,) = chunks_of(to, "gateway/keys/k1.key", tmp_path)
    chunk.write_bytes(key.read_bytes())

    assert list(verified(to, tmp_path).wrong) == [BLOB]


def test_nothing_of_a_home_can_be_read_in_its_backups(home: Path, to: Repository) -> None:
    kept = b"".join(
        path.read_bytes() + str(path.relative_to(to.folder)).encode() for path in to.folder.rglob("*") if path.is_file()
    )

    assert not [text for text in (b"secrets", b"pixels", b"1.2.3", b"gateway", b"SQLite") if text in kept]


def test_another_key_opens_nothing(home: Path, to: Repository) -> None:
    with pytest.raises(SettingsError, match="another key"):
        Repository(to.folder, bytes(32)).check()


def test_a_root_that_was_changed_is_damage_and_one_that_is_not_there_is_not_found(home: Path, to: Repository) -> None:
    (path,) = (to.folder / "backups").iterdir()
    flipped(path)

    with pytest.raises(Damaged):
        to.roots()
    with pytest.raises(NotFound):
        to.root("20200101T000000000000Z")


def test_a_home_that_holds_something_is_left_alone(home: Path, to: Repository) -> None:
    before = contents(home)

    with pytest.raises(SettingsError, match="not empty"):
        restored(to, home)

    assert contents(home) == before


class Ended(Repository):
    """Backups whose reader is killed when it comes to the databases."""

    def __init__(self, folder: Path, databases: set[str]) -> None:
        super().__init__(folder, KEY)
        self.databases = databases

    def get(self, name: bytes) -> bytes:
        if name.hex() in self.databases:
            raise KeyboardInterrupt
        return super().get(name)


def test_a_restore_that_was_ended_does_not_start_and_is_gone_on_with(
    home: Path, to: Repository, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    chunks = {each.name for name in ("bus", "documents") for each in chunks_of(to, f"gateway/{name}.sqlite", tmp_path)}
    with pytest.raises(KeyboardInterrupt):
        restored(Ended(to.folder, chunks), other)
    with pytest.raises(Damaged, match="lost"):  # as a start says
        cut.check([other / "gateway" / "documents.sqlite"])

    assert restored(to, other).wrong == {}

    assert contents(other) == contents(home)
    assert not (other / reading.MARK).exists()
