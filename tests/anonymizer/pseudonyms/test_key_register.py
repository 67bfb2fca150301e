"""The register of key versions: other secrets under a known name never make a pseudonym."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.anonymizer.pseudonyms import key_register, keys
from services.anonymizer.pseudonyms.keys import Keyring
from services.anonymizer.pseudonyms.vault import VAULT, seal
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.errors import SettingsError


@pytest_asyncio.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "documents.sqlite") as opened:
        await opened.declare(VAULT, key_register.KEY_VERSIONS)
        yield opened


def ring_of(folder: Path, versions: int = 1) -> Keyring:
    for _ in range(versions):
        keys.create(folder, "jmid")
    return keys.load(folder)


async def test_of_two_makers_of_k1_the_second_is_refused(documents: Documents, tmp_path: Path) -> None:
    one, other = ring_of(tmp_path / "one"), ring_of(tmp_path / "other")

    await key_register.confirm(documents, one)
    with pytest.raises(SettingsError, match="other secrets under k1"):
        await key_register.confirm(documents, other)

    await key_register.confirm(documents, one)
    assert one.current.fingerprint != other.current.fingerprint


async def test_two_that_register_at_the_same_moment_agree_on_one(
    documents: Documents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = ring_of(tmp_path / "one"), ring_of(tmp_path / "other")
    await key_register.confirm(documents, one)

    async def nothing_yet(_: Documents) -> dict[str, key_register.KeyVersion]:
        return {}

    monkeypatch.setattr(key_register, "registered", nothing_yet)  # as the second one saw it before the first wrote
    with pytest.raises(SettingsError, match="other secrets under k1"):
        await key_register.confirm(documents, other)


async def test_a_version_that_the_folder_lacks_is_refused(documents: Documents, tmp_path: Path) -> None:
    both = ring_of(tmp_path / "keys", versions=2)
    await key_register.confirm(documents, both)
    (tmp_path / "keys" / "k1.key").unlink()

    with pytest.raises(SettingsError, match="lacks k1"):
        await key_register.confirm(documents, keys.load(tmp_path / "keys"))


async def test_a_rotation_is_entered(documents: Documents, tmp_path: Path) -> None:
    await key_register.confirm(documents, ring_of(tmp_path / "keys"))
    await key_register.confirm(documents, ring_of(tmp_path / "keys"))

    assert set(await key_register.registered(documents)) == {"k1", "k2"}


async def test_a_home_without_a_register_tries_the_keys_on_its_vault(documents: Documents, tmp_path: Path) -> None:
    ours, others = ring_of(tmp_path / "ours"), ring_of(tmp_path / "others")
    await documents.put(VAULT, seal(ours.current, "patient", "p" * 32, "hospital-1|TX-1"))

    with pytest.raises(SettingsError, match="vault is sealed"):
        await key_register.confirm(documents, others)

    await key_register.confirm(documents, ours)


async def test_lost_keys_are_followed_by_the_next_number(documents: Documents, tmp_path: Path) -> None:
    old = ring_of(tmp_path / "old")
    await key_register.confirm(documents, old)
    await documents.put(VAULT, seal(old.current, "patient", "p" * 32, "hospital-1|TX-1"))

    made = keys.create(tmp_path / "new", "jmid", after=await key_register.registered(documents))
    await key_register.give_up(documents, ["k2"])

    assert made.version == "k2"
    await key_register.confirm(documents, keys.load(tmp_path / "new"))


def test_a_fingerprint_is_of_all_secrets_and_the_domain(tmp_path: Path) -> None:
    one = keys.create(tmp_path / "a", "jmid", patient=b"k" * 32)
    other = keys.create(tmp_path / "b", "jmid", patient=b"k" * 32)

    assert one.fingerprint == keys.load(tmp_path / "a").current.fingerprint
    assert one.fingerprint != other.fingerprint
    assert one.patient.hex()[:8] not in one.fingerprint


def test_whoever_makes_a_version_second_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = keys.create(tmp_path, "jmid")
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))  # as a second maker saw the folder before the first wrote

    with pytest.raises(keys.AlreadyMade, match="another process"):
        keys.create(tmp_path, "project")

    monkeypatch.undo()
    assert keys.load(tmp_path).current.fingerprint == first.fingerprint
