"""The service opens with its settings, or says which one is wrong."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.anonymizer.pixels import text_detector
from services.anonymizer.pseudonyms import keys
from services.anonymizer.pseudonyms.key_wrapping import is_wrapped
from services.anonymizer.pseudonyms.vault import VAULT, seal
from services.anonymizer.service import SERVICES
from shared.blobs.local import open_local
from shared.bus.journal import open_journal
from shared.documents.sqlite import open_sqlite
from shared.errors import SettingsError
from shared.events import InstancesReceived, RecallWanted, ReportReceived
from shared.events.patients import OptOutRemembered, PatientWithdrawn
from shared.service import Place, Role
from tests.anonymizer.instances.test_handler import here

[SERVICE] = SERVICES


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(open_journal(tmp_path / "bus.sqlite"))
        documents = await stack.enter_async_context(open_sqlite(tmp_path / "documents.sqlite"))
        blobs = {name: await stack.enter_async_context(open_local(tmp_path / name)) for name in SERVICE.blobs}
        await documents.declare(*SERVICE.collections)
        yield Place(Role.GATEWAY, "hospital-1", tmp_path, "http://127.0.0.1:9", {}, bus, documents, blobs, here)


def changed(place: Place, **changes: object) -> Place:
    return Place(**{**vars(place), **changes})


async def test_the_first_start_makes_keys_for_the_owner_alone_and_the_second_keeps_them(place: Place) -> None:
    async with SERVICE.opens(place) as running:
        assert set(running.handlers) == {
            InstancesReceived,
            ReportReceived,
            PatientWithdrawn,
            OptOutRemembered,
            RecallWanted,
        }
    first = (place.home / "keys" / "k1.key").read_bytes()

    async with SERVICE.opens(place):
        pass

    assert (place.home / "keys" / "k1.key").read_bytes() == first
    assert (place.home / "keys").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("setting", ["PIXEL_TEXT=mask", "SEARCH_PIXELS=true"])
async def test_it_does_not_start_to_mask_or_search_without_a_detector(
    place: Place, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_detector, "available", lambda: False)
    name, _, value = f"JMID_ANONYMIZER_{setting}".partition("=")
    environ = {"JMID_ANONYMIZER_PIXEL_TEXT": "review", name: value}

    with pytest.raises(SettingsError, match=f"{name}.*needs the text detector"):
        async with SERVICE.opens(changed(place, environ=environ)):
            pass


@pytest.mark.parametrize("make", [False, True], ids=["absent", "empty"])
async def test_a_key_folder_that_is_named_is_never_made(place: Place, tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "mounted"
    if make:
        folder.mkdir()
    environ = {"JMID_ANONYMIZER_KEYS": str(folder)}

    with pytest.raises(SettingsError, match=f"JMID_ANONYMIZER_KEYS.*jmid keys new {folder}"):
        async with SERVICE.opens(changed(place, environ=environ)):
            pass

    assert not list(tmp_path.rglob("*.key"))


async def test_a_named_key_folder_with_keys_serves(place: Place, tmp_path: Path) -> None:
    keys.create(tmp_path / "mounted", "jmid")

    async with SERVICE.opens(changed(place, environ={"JMID_ANONYMIZER_KEYS": str(tmp_path / "mounted")})):
        pass

    assert not (place.home / "keys").exists()


async def test_a_home_that_lost_its_keys_does_not_start(place: Place) -> None:
    made = keys.create(place.home / "keys", "jmid")
    await place.documents.put(VAULT, seal(made, "patient", "p" * 32, "hospital-1|TX-1"))
    (place.home / "keys" / "k1.key").unlink()

    with pytest.raises(SettingsError, match="restore the folder"):
        async with SERVICE.opens(place):
            pass

    assert not list((place.home / "keys").glob("*.key"))


async def test_keys_that_a_command_wraps_serve_as_plain_ones_do(place: Place) -> None:
    environ = {"JMID_ANONYMIZER_KEY_WRAP": "rev", "JMID_ANONYMIZER_KEY_UNWRAP": "rev"}
    async with SERVICE.opens(changed(place, environ=environ)):
        stored = (place.home / "keys" / "k1.key").read_bytes()
    async with SERVICE.opens(changed(place, environ=environ)):
        pass

    with pytest.raises(SettingsError, match="JMID_ANONYMIZER_KEY_UNWRAP"):
        async with SERVICE.opens(place):
            pass

    assert is_wrapped(stored)
    assert (place.home / "keys" / "k1.key").read_bytes() == stored


async def test_status_counts_what_was_done_and_what_waits(place: Place) -> None:
    async with SERVICE.opens(place) as running:
        assert running.status is not None
        found = await running.status()

    names = ("instances de-identified", "reports de-identified", "in quarantine", "opt-outs open")
    assert found == dict.fromkeys(names, 0)


@pytest.mark.parametrize(("name", "value"), [("PROFILE", "nobody"), ("PIXEL_TEXT", "ignore"), ("BATCH_BYTES", "x")])
async def test_a_wrong_setting_is_an_error_at_the_start(place: Place, name: str, value: str) -> None:
    with pytest.raises(SettingsError):
        async with SERVICE.opens(changed(place, environ={f"JMID_ANONYMIZER_{name}": value})):
            pass


async def test_a_site_name_that_no_instance_can_carry_is_an_error(place: Place) -> None:
    with pytest.raises(SettingsError, match="JMID_SITE"):
        async with SERVICE.opens(changed(place, site="九州大学病院")):
            pass
