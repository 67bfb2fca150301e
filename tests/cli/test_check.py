"""``jmid check`` finds what is damaged in a home, and says which page of the runbook is for it."""

import asyncio
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.__main__ import app
from services.anonymizer.pseudonyms import key_register, keys
from services.anonymizer.pseudonyms.vault import VAULT
from services.archive.deps import ArchiveDeps
from services.archive.records import COLLECTIONS
from services.archive.settings import ArchiveSettings
from services.archive.store.store import Store
from services.search.case import Case
from services.search.index.case_index import CaseIndex
from shared.runtime.cpu import CpuPool
from shared.runtime.databases import note_made
from shared.runtime.ports import PortSettings, open_ports
from shared.service import Role
from tests.archive.retrieve.fixtures import INSTALLED


def check(home: Path, *options: str) -> tuple[int, str]:
    """Return the exit code and what was printed, in one line."""
    done = CliRunner().invoke(app, ["check", "--home", str(home), *options], env={"COLUMNS": "400"})
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an Instance, an identified blob, keys and an index."""
    asyncio.run(made(tmp_path))
    index = CaseIndex(tmp_path / "centre" / "search" / "index" / "0")
    index.update([Case(id="1.2.3", study_date=20240102)], [], {})
    index.close()
    return tmp_path


async def made(home: Path) -> None:
    centre, gateway = home / "centre", home / "gateway"
    async with open_ports(PortSettings(), Role.CENTRE, centre, ("archive",), {}) as ports:
        await ports.documents.declare(*COLLECTIONS)
        deps = ArchiveDeps(
            ArchiveSettings(accept="any"), ports.documents, ports.blobs["archive"], ports.bus, CpuPool(1)
        )
        (outcome,) = await Store(deps).take([(INSTALLED / "CT_small.dcm").read_bytes()])
        assert outcome.failure is None
    async with open_ports(PortSettings(), Role.GATEWAY, gateway, ("identified",), {}) as ports:
        await ports.blobs["identified"].put(hashlib.sha256(b"identified").hexdigest(), b"identified")
        await ports.documents.declare(key_register.KEY_VERSIONS, VAULT)
        keys.create(gateway / "keys", "jmid")
        await key_register.confirm(ports.documents, keys.load(gateway / "keys"))
    for place in (centre, gateway):
        await note_made(PortSettings(), place)


def test_a_whole_home_has_nothing_damaged(home: Path) -> None:
    assert check(home, "--bytes") == (0, "Nothing is damaged.")


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def blob(home: Path, place: str) -> Path:
    (found,) = (path for path in (home / place).rglob("blobs/**/*") if path.is_file())
    return found


def other_keys(home: Path) -> None:
    (home / "gateway" / "keys" / "k1.key").unlink()
    keys.create(home / "gateway" / "keys", "jmid")


INDEX = "centre/search/index"


def flip_page(path: Path) -> None:
    """Flip the bits of one page's type (SQLite, Database File Format, 1.6)."""
    data = bytearray(path.read_bytes())
    data[4096] ^= 0xFF
    path.write_bytes(data)


def cut_log(home: Path) -> None:
    """Leave documents as a killed process does, and take away half of their log."""
    path, kept = home / "centre" / "documents.sqlite", home / "kept"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    for number in range(20):
        connection.execute(f"PRAGMA user_version={number + 1}")
    kept.mkdir()
    for each in path.parent.glob("documents.sqlite*"):
        (kept / each.name).write_bytes(each.read_bytes())
    connection.close()
    for each in kept.iterdir():
        (path.parent / each.name).write_bytes(each.read_bytes())
    log = path.with_name("documents.sqlite-wal")
    os.truncate(log, log.stat().st_size // 2)


DAMAGES: dict[str, tuple[Callable[[Path], object], str, int]] = {
    "lost": (lambda home: (home / "centre" / "documents.sqlite").write_bytes(b""), "lost", 1),
    "pages": (lambda home: (home / "centre" / "bus.sqlite").write_bytes(b"x" * 9000), "damaged pages", 1),
    "page": (lambda home: flip_page(home / "centre" / "documents.sqlite"), "damaged pages", 1),
    "log": (cut_log, "damaged log", 1),
    "keys": (other_keys, "other secrets under k1", 1),
    "emptied": (lambda home: blob(home, "centre/blobs/archive").write_bytes(b""), "cut short", 1),
    "gone": (lambda home: blob(home, "centre/blobs/archive").unlink(), "bytes are gone", 1),
    "rotten": (lambda home: flip(blob(home, "centre/blobs/archive"), 3000), "another SHA-256", 1),
    "identified": (lambda home: flip(blob(home, "gateway/blobs/identified"), 3), "not those that came", 1),
    "file of the index gone": (lambda home: next((home / INDEX / "0").glob("*.pos")).unlink(), "made again", 0),
    "list of the index gone": (lambda home: (home / INDEX / "0" / "meta.json").unlink(), "made again", 0),
    "index gone": (lambda home: shutil.rmtree(home / INDEX / "0"), "made again", 0),
    "index": (lambda home: flip(next((home / "centre/search/index/0").glob("*.idx")), 9), "made again", 0),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_kind_of_damage_is_found(home: Path, damage: str) -> None:
    do, shown, expected = DAMAGES[damage]
    do(home)

    code, text = check(home, "--bytes")

    assert (code, shown in text) == (expected, True), text


def test_a_record_that_cannot_be_read_is_found(home: Path) -> None:
    connection = sqlite3.connect(home / "centre" / "documents.sqlite")
    connection.execute("UPDATE d_studies SET body = x'c1'")
    connection.commit()
    connection.close()

    code, text = check(home)

    assert code == 1
    assert "centre: studies" in text
    assert "a record cannot be read" in text


def test_a_lost_database_begins_anew_only_when_that_is_said(home: Path) -> None:
    for path in (home / "centre").glob("documents.sqlite*"):
        if not path.name.endswith(".made"):
            path.unlink()

    refused, _ = check(home)
    accepted, text = check(home, "--accept-loss")

    assert (refused, accepted) == (1, 0), text
    assert "begins anew" in text
