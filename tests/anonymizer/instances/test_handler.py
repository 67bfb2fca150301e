"""What becomes of received Instances: stored, recorded, announced, or quarantined; and a replay changes nothing."""

import hashlib
import io
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydicom
import pytest

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.instances.handler import deidentify_instances
from services.anonymizer.policy import Policy
from services.anonymizer.records import AUDIT, COLLECTIONS, QUARANTINE
from shared.blobs.local import open_local
from shared.documents.sqlite import open_sqlite
from shared.errors import NotFound, StorageFull
from shared.events import Event, InputDeidentified, InputRefused, InstancesDeidentified, InstancesReceived
from shared.metrics import REGISTRY
from tests.anonymizer.instances.planted import ct


async def here(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


@pytest.fixture
async def deps(tmp_path: Path, jmid: Policy) -> AsyncIterator[AnonymizerDeps]:
    async with AsyncExitStack() as stack:
        identified = await stack.enter_async_context(open_local(tmp_path / "identified"))
        deidentified = await stack.enter_async_context(open_local(tmp_path / "deidentified"))
        documents = await stack.enter_async_context(open_sqlite(tmp_path / "documents.sqlite"))
        await documents.declare(*COLLECTIONS)
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        yield AnonymizerDeps(identified, deidentified, documents, here, jmid, 1 << 20, scratch)


def damaged_counted() -> float:
    return REGISTRY.get_sample_value("jmid_damaged_total", {"service": "anonymizer"}) or 0.0


async def received(deps: AnonymizerDeps, *files: bytes) -> InstancesReceived:
    blobs = [hashlib.sha256(data).hexdigest() for data in files]
    for blob, data in zip(blobs, files, strict=True):
        await deps.identified.put(blob, data)
    return InstancesReceived.first(
        "receipt-1",
        correlation_id="receipt-1",
        site="hospital-1",
        occurred_at=datetime(2024, 3, 12, tzinfo=UTC),
        receipt_id="receipt-1",
        blobs=tuple(blobs),
    )


def of_type(events: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in events if type(event) is kind]


async def test_a_received_instance_is_stored_recorded_and_announced(deps: AnonymizerDeps) -> None:
    event = await received(deps, ct("utf-8").data)

    events = await deidentify_instances(event, deps)

    [told] = of_type(events, InstancesDeidentified)
    [instance] = told.instances
    audit = await deps.documents.get(AUDIT, event.blobs[0])
    stored = await deps.deidentified.get(instance.blob)
    assert instance.blob == f"instances/{instance.sop_instance_uid}.dcm"
    assert len(stored) == instance.size_bytes
    assert audit is not None
    assert audit.digest == instance.sha256 == hashlib.sha256(stored).hexdigest()
    assert (audit.profile, audit.keys_version, audit.counts["uid"] > 3) == ("jmid/3", "k1", True)
    assert (told.keys.modality, told.keys.study_date) == ("CT", "20240312")
    assert of_type(events, InputDeidentified)[0].blobs == event.blobs


async def test_what_cannot_be_read_is_quarantined_beside_what_can(deps: AnonymizerDeps) -> None:
    event = await received(deps, b"no DICOM at all", ct("default").data)

    events = await deidentify_instances(event, deps)

    row = await deps.documents.get(QUARANTINE, event.blobs[0])
    assert row is not None
    assert (row.reason, row.state, row.size_bytes) == ("not-dicom", "waiting", 15)
    assert of_type(events, InputRefused)[0].reasons == {event.blobs[0]: "not-dicom"}
    assert of_type(events, InputDeidentified)[0].blobs == event.blobs[1:]


@pytest.mark.parametrize("left", [b"", ct("default").data[:-1] + b"x"], ids=["emptied", "changed"])
async def test_bytes_that_are_no_more_those_that_came_never_leave(deps: AnonymizerDeps, left: bytes) -> None:
    event = await received(deps, ct("default").data, ct("utf-8").data)
    await deps.identified.put(event.blobs[0], left)
    before = damaged_counted()

    events = await deidentify_instances(event, deps)

    assert of_type(events, InputRefused)[0].reasons == {event.blobs[0]: "damaged-at-rest"}
    assert damaged_counted() == before + 1
    assert of_type(events, InputDeidentified)[0].blobs == event.blobs[1:]


async def test_a_replay_says_and_stores_the_same(deps: AnonymizerDeps) -> None:
    event = await received(deps, ct("utf-8").data, ct("default").data)

    first = await deidentify_instances(event, deps)
    second = await deidentify_instances(event, deps)

    assert first == second
    assert await deps.documents.count(AUDIT) == 2


async def test_a_replay_after_the_identified_bytes_are_gone_says_the_same(deps: AnonymizerDeps) -> None:
    event = await received(deps, ct("utf-8").data)
    first = await deidentify_instances(event, deps)
    await deps.identified.delete(event.blobs[0])

    assert await deidentify_instances(event, deps) == first


async def test_bytes_that_never_were_there_are_a_permanent_error(deps: AnonymizerDeps) -> None:
    event = await received(deps, ct("utf-8").data)
    await deps.identified.delete(event.blobs[0])

    with pytest.raises(NotFound):
        await deidentify_instances(event, deps)


async def test_no_record_or_event_holds_an_identifying_value(deps: AnonymizerDeps) -> None:
    planted = ct("utf-8")
    event = await received(deps, planted.data, b"Saionji")

    events = await deidentify_instances(event, deps)

    rows = [await deps.documents.get(AUDIT, event.blobs[0]), await deps.documents.get(QUARANTINE, event.blobs[1])]
    told = repr(events) + repr(rows)
    assert [word for word in planted.gone if word in told] == []


@pytest.mark.parametrize("has_files", [True, False])
async def test_a_large_instance_becomes_what_it_becomes_in_memory(
    deps: AnonymizerDeps, monkeypatch: pytest.MonkeyPatch, has_files: bool
) -> None:
    if not has_files:  # as in a bucket
        monkeypatch.setattr(deps.identified, "local_path", lambda _: None)
    large, small = large_ct(), ct("default").data
    event = await received(deps, small, large, small + b"\0\0")
    assert len(large) > deps.batch_bytes

    events = await deidentify_instances(event, deps)

    stored = {
        await deps.deidentified.get(i.blob): i
        for told in of_type(events, InstancesDeidentified)
        for i in told.instances
    }
    expected = deidentify(large, deps.policy)
    instance = stored[expected.data]
    assert (instance.size_bytes, instance.sha256) == (len(expected.data), expected.digest)
    assert list(deps.scratch.iterdir()) == []


async def test_a_large_file_that_is_no_instance_is_quarantined(deps: AnonymizerDeps) -> None:
    event = await received(deps, bytes(deps.batch_bytes + 1))

    await deidentify_instances(event, deps)

    row = await deps.documents.get(QUARANTINE, event.blobs[0])
    assert row is not None
    assert (row.reason, row.size_bytes) == ("not-dicom", deps.batch_bytes + 1)


async def test_no_room_for_a_large_instance_is_not_its_fault(deps: AnonymizerDeps) -> None:
    event = await received(deps, large_ct())

    with pytest.raises(StorageFull):
        await deidentify_instances(event, replace(deps, scratch=deps.scratch / "not-there"))

    assert await deps.documents.count(QUARANTINE) == 0


def large_ct() -> bytes:
    """A multi-frame of two MiB."""
    dataset = pydicom.dcmread(io.BytesIO(ct("utf-8").data))
    dataset.Rows = dataset.Columns = 512
    dataset.BitsAllocated, dataset.NumberOfFrames = 16, 4
    dataset.PixelData = bytes(range(256)) * (512 * 512 * 2 * 4 // 256)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()
