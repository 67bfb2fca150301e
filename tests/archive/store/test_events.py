"""What the archive says of what it has stored."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any, cast

import pytest

from services.archive.store.change_ledger import publish_pending
from shared.bus import Bus
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
    named = [changed(data, **values) for data in ct[:3]]
    listener = Listener()

    await archive.store.take(named)
    await publish_pending(dataclasses.replace(archive.deps, bus=cast("Bus", listener)), lease)

    (event,) = (each for each in listener.events if isinstance(each, InstancesStored))
    digests = {hashlib.sha256(data).hexdigest(): len(data) for data in named}
    assert dict(zip(event.sha256, event.sizes_bytes, strict=True)) == digests
    assert len(event.sop_instance_uids) == 3
    assert event.keys == LinkKeys("P1", "A1", event.study_instance_uid, "CT", "20240531")
