"""Other bytes of a known Instance: only of an evicted one, and only by a gateway that names those of the first time."""

import msgspec
import pytest

from services.archive.housekeeping.eviction import evict
from services.archive.records import INSTANCES, InstanceRecord, InstanceState
from services.archive.store.acceptance import Sender
from services.archive.store.batch import Sent
from services.archive.store.conflicts import takes_the_place
from shared.lease import Lease
from tests.archive.conftest import Archive
from tests.archive.housekeeping.test_eviction import slices  # noqa: F401 - a fixture
from tests.archive.store.test_basics import changed

GATEWAY = Sender(is_gateway=True)
UID = "2.25.1"


async def record(archive: Archive) -> InstanceRecord:
    found = await archive.deps.documents.get(INSTANCES, UID)
    assert found is not None
    return found


async def evicted(archive: Archive, slices: list[bytes], lease: Lease) -> tuple[InstanceRecord, bytes]:  # noqa: F811
    """Store and evict an Instance; return its record and the same content as another profile makes it."""
    first, other = (changed(slices[0], SOPInstanceUID=UID, StudyDescription=text) for text in ("first", "other"))
    await archive.store.take([first], sender=GATEWAY)
    old = await record(archive)
    await evict(archive.deps, lease, old.study_instance_uid)
    return old, other


async def test_an_evicted_instance_comes_back_deidentified_anew_and_its_first_digest_is_kept(
    archive: Archive,
    slices: list[bytes],  # noqa: F811
    lease: Lease,
) -> None:
    old, other = await evicted(archive, slices, lease)

    (outcome,) = await archive.store.take([Sent(other, "", old.sha256)], sender=GATEWAY)

    now = await record(archive)
    assert outcome.failure is None
    assert (now.state, now.first_sha256, now.sha256 != old.sha256) == (InstanceState.STORED, old.sha256, True)


@pytest.mark.parametrize(("named", "sender"), [("", GATEWAY), ("0" * 64, GATEWAY), ("right", Sender())])
async def test_without_the_digest_of_the_first_time_or_a_gateway_other_bytes_are_refused(
    archive: Archive,
    slices: list[bytes],  # noqa: F811
    lease: Lease,
    named: str,
    sender: Sender,
) -> None:
    old, other = await evicted(archive, slices, lease)

    (outcome,) = await archive.store.take([Sent(other, "", old.sha256 if named == "right" else named)], sender=sender)

    assert outcome.failure is not None
    assert outcome.failure.reason == 0x0111
    assert (await record(archive)).state is InstanceState.EVICTED


@pytest.mark.parametrize("state", [InstanceState.STORED, InstanceState.DAMAGED])
async def test_bytes_that_are_here_are_never_replaced(
    archive: Archive,
    slices: list[bytes],  # noqa: F811
    state: InstanceState,
) -> None:
    await archive.store.take([changed(slices[0], SOPInstanceUID=UID)], sender=GATEWAY)
    old = msgspec.structs.replace(await record(archive), state=state)

    assert not takes_the_place(old, old.sha256)
