"""The service opens with its settings, or says which one is wrong."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.anonymizer.pseudonyms.key_wrapping import is_wrapped
from services.anonymizer.service import SERVICES
from shared.blobs.local import open_local
from shared.bus.journal import open_journal
from shared.documents.sqlite import open_sqlite
from shared.errors import SettingsError
from shared.events import InstancesReceived, ReportReceived
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
        assert set(running.handlers) == {InstancesReceived, ReportReceived}
    first = (place.home / "keys" / "k1.key").read_bytes()

    async with SERVICE.opens(place):
        pass

    assert (place.home / "keys" / "k1.key").read_bytes() == first
    assert (place.home / "keys").stat().st_mode & 0o077 == 0


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

    assert found == {"instances de-identified": 0, "reports de-identified": 0, "in quarantine": 0}


@pytest.mark.parametrize(("name", "value"), [("PROFILE", "nobody"), ("PIXEL_TEXT", "ignore"), ("BATCH_BYTES", "x")])
async def test_a_wrong_setting_is_an_error_at_the_start(place: Place, name: str, value: str) -> None:
    with pytest.raises(SettingsError):
        async with SERVICE.opens(changed(place, environ={f"JMID_ANONYMIZER_{name}": value})):
            pass


async def test_a_site_name_that_no_instance_can_carry_is_an_error(place: Place) -> None:
    with pytest.raises(SettingsError, match="JMID_SITE"):
        async with SERVICE.opens(changed(place, site="九州大学病院")):
            pass
