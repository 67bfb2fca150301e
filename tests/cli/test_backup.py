"""``jmid backup`` and ``jmid restore`` as an operator calls them."""

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.__main__ import app
from tests.backup.fixtures import a_home, contents


class Operator:
    """Calls jmid with a backup key, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.home, self.to, self.key = a_home(folder / "home"), folder / "backups", folder / "backup.key"
        self.environ = {"COLUMNS": "400", "JMID_BACKUP_KEY": str(self.key)}

    def jmid(self, *arguments: str) -> tuple[int, str]:
        """Return the exit code and what was said, in one line; an error is -1 and its text."""
        done = CliRunner().invoke(app, arguments, env=self.environ)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            return -1, str(done.exception)
        return done.exit_code, " ".join(done.output.split())

    def backup(self, *options: str) -> tuple[int, str]:
        return self.jmid("backup", "--home", str(self.home), "--to", str(self.to), *options)

    def restore(self, *options: str) -> tuple[int, str]:
        return self.jmid("restore", "--from", str(self.to), *options)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def test_a_home_is_backed_up_listed_verified_and_restored(operator: Operator, tmp_path: Path) -> None:
    code, said = operator.backup("--new-key")
    assert (code, "4 files of" in said, "kept until" in said) == (0, True, True)
    assert operator.key.stat().st_mode & 0o077 == 0

    assert "4" in operator.restore("--list")[1]
    code, said = operator.restore("--verify")
    assert (code, "agree with their digests" in said) == (0, True)
    assert operator.restore("--home", str(tmp_path / "other"))[0] == 0

    assert contents(tmp_path / "other") == {**contents(operator.home), "lock": b""}
    with sqlite3.connect(tmp_path / "other" / "gateway" / "bus.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM numbers").fetchone() == (0,)


def test_what_could_not_be_copied_is_named_with_exit_code_3(operator: Operator) -> None:
    folder = operator.home / "gateway/blobs/identified/blobs/+/00/01"
    folder.mkdir(parents=True)
    (folder / ("0" * 64)).write_bytes(b"these have another digest")

    code, said = operator.backup("--new-key")

    assert code == 3
    assert "its bytes are not those that came" in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("JMID_DOCUMENTS", "mongodb://localhost/"),
        ("JMID_GATEWAY_BUS", "amqp://localhost/"),
        ("JMID_BLOBS_ARCHIVE", "s3://bucket/archive"),
    ],
)
def test_a_place_on_servers_is_not_backed_up_by_halves(operator: Operator, variable: str, value: str) -> None:
    operator.environ[variable] = value

    code, said = operator.backup("--new-key")

    assert code == -1
    assert "names a server" in said
    assert not operator.to.exists()


def test_without_a_key_with_another_or_with_one_in_the_home_there_is_no_backup(operator: Operator) -> None:
    assert "JMID_BACKUP_KEY" in operator.backup()[1]
    assert operator.backup("--new-key")[0] == 0
    assert "is there already" in operator.backup("--new-key")[1]

    operator.key.unlink()
    assert "cannot be read" in operator.restore("--verify")[1]
    operator.key.write_bytes(b"something else")
    assert "is no key of jmid backup" in operator.restore("--verify")[1]
    operator.key.unlink()
    assert "another key" in operator.backup("--new-key")[1]
    operator.environ["JMID_BACKUP_KEY"] = str(operator.home / "backup.key")
    assert "must not be in the home" in operator.backup("--new-key")[1]


def test_a_folder_that_is_no_home_or_holds_something_else_is_refused(operator: Operator, tmp_path: Path) -> None:
    assert "is no home" in operator.jmid("backup", "--home", str(tmp_path / "none"), "--to", str(operator.to))[1]
    operator.to.mkdir()
    (operator.to / "thesis.txt").write_text("something of somebody")
    assert "neither empty nor" in operator.backup("--new-key")[1]
    assert operator.to.is_dir()


def test_the_backup_key_is_wrapped_by_the_commands_of_a_kms(operator: Operator) -> None:
    operator.environ |= {"JMID_BACKUP_KEY_WRAP": "rev", "JMID_BACKUP_KEY_UNWRAP": "rev"}

    assert operator.backup("--new-key")[0] == 0
    assert operator.restore("--verify")[0] == 0

    operator.environ |= {"JMID_BACKUP_KEY_WRAP": "", "JMID_BACKUP_KEY_UNWRAP": ""}
    assert "JMID_BACKUP_KEY_UNWRAP names the command" in operator.restore("--verify")[1]


def test_keys_that_lie_outside_the_home_are_in_its_backup(operator: Operator, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "k2.key").write_bytes(b"of the second version")
    operator.environ["JMID_ANONYMIZER_KEYS"] = str(folder)

    assert operator.backup("--new-key")[0] == 0
    assert operator.restore("--home", str(tmp_path / "other"))[0] == 0

    assert (tmp_path / "other" / "gateway" / "keys" / "k2.key").read_bytes() == b"of the second version"
