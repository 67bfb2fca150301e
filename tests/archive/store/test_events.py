"""What the archive says of what it has stored."""

import dataclasses
import hashlib
import io
from pathlib import Path
from typing import Any, cast

import pydicom
import pytest

from services.archive.records import PENDING
from services.archive.store import change_ledger
from services.archive.store.change_ledger import publish_pending
from services.archive.store.store import Store
from shared.bus import Bus
from shared.documents import Documents, Put
from shared.events import Event, InstancesStored, LinkKeys
from shared.lease import Lease
from tests.archive.conftest import Archive
from tests.archive.store.test_basics import changed


class Listener:
    """A bus that remembers what is published."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def publish(self, *events: Event) -> None:
        self.events += events


@pytest.fixture
def ct(shared_data: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((shared_data / "dicom" / "ct-philips").glob("I*"))]


async def test_the_event_carries_keys_digests_and_sizes(archive: Archive, ct: list[bytes], lease: Lease) -> None:
    values: dict[str, Any] = {"PatientID": "P1", "AccessionNumber": "A1", "StudyDate": "20240531"}
    named = [changed(data, **values, InstitutionName="osaka") for data in ct[:3]]
    listener = Listener()

    await archive.store.take(named)
    await publish_pending(dataclasses.replace(archive.deps, bus=cast("Bus", listener)), lease)

    (event,) = (each for each in listener.events if isinstance(each, InstancesStored))
    digests = {hashlib.sha256(data).hexdigest(): len(data) for data in named}
    assert dict(zip(event.sha256, event.sizes_bytes, strict=True)) == digests
    assert len(event.sop_instance_uids) == 3
    assert event.keys == LinkKeys("P1", "A1", event.study_instance_uid, "CT", "20240531")
    assert event.study_site == "osaka"


class Torn:
    """A store without transactions, and a process that is killed after the first collection was written."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    async def write(self, *operations: Put[Any]) -> None:
        first = operations[0].collection
        await self._documents.write(*(each for each in operations if each.collection == first))
        raise Killed


class Killed(BaseException):
    """The end of the process."""


async def test_what_a_killed_write_left_is_told_once_whatever_batches_come_next(
    archive: Archive, ct: list[bytes], lease: Lease
) -> None:
    listener = Listener()
    deps = dataclasses.replace(archive.deps, bus=cast("Bus", listener))
    torn = Store(dataclasses.replace(deps, documents=cast("Documents", Torn(deps.documents))))

    with pytest.raises(Killed):
        await torn.take(ct[:4])
    await Store(deps).take(ct[1:3])
    assert await publish_pending(deps, lease) == 1  # the killed write's row waits for its other Instances
    await Store(deps).take(ct[:4])
    assert await publish_pending(deps, lease) == 2

    stored = [each for each in listener.events if isinstance(each, InstancesStored)]
    uids = [uid for event in stored for uid in event.sop_instance_uids]
    assert sorted(uids) == sorted(str(pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID) for data in ct[:4])
    assert all(len(e.sha256) == len(e.sizes_bytes) == len(e.sop_instance_uids) for e in stored)
    assert await deps.documents.count(PENDING) == 0


async def test_a_write_that_took_longer_than_its_rows_are_waited_for_is_told_all_the_same(
    archive: Archive, ct: list[bytes], lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener()
    deps = dataclasses.replace(archive.deps, bus=cast("Bus", listener))

    class Stopped(Torn):
        async def write(self, *operations: Put[Any]) -> None:
            if not stopped:
                stopped.append(True)
                await self._documents.write(operations[0])
                assert await publish_pending(deps, lease) == 1  # given up by the publisher
                operations = operations[1:]
            await self._documents.write(*operations)

    stopped: list[bool] = []
    monkeypatch.setattr(change_ledger, "GIVE_UP_S", -1.0)
    await Store(dataclasses.replace(deps, documents=cast("Documents", Stopped(deps.documents)))).take(ct[:2])
    await publish_pending(deps, lease)

    uids = [uid for event in listener.events if isinstance(event, InstancesStored) for uid in event.sop_instance_uids]
    assert len(uids) == len(set(uids)) == 2
