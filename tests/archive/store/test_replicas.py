"""Several processes of the archive on the same ports: each change is published once, and answers are the same bytes."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from pydicom.uid import generate_uid

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping.loop import publish_forever
from services.archive.http.multipart import boundary_for
from services.archive.records import COLLECTIONS, PENDING, STUDIES
from services.archive.settings import ArchiveSettings
from services.archive.store import change_ledger
from services.archive.store.store import Store
from shared.bus import Delivery, Queue
from shared.events import Event, InstancesStored, StudyChanged
from shared.lease import Leases
from tests.archive.store.test_basics import changed
from tests.servers.embedded import open_ports


async def _no_cpu(*_: object, **__: object) -> None:
    raise AssertionError("storing needs no process of its own")


@pytest_asyncio.fixture
async def replicas(tmp_path: Path) -> AsyncIterator[list[ArchiveDeps]]:
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(3):
            observer = Queue("observer", (InstancesStored, StudyChanged))
            ports = await open_ports(stack, tmp_path, COLLECTIONS, observer)
            settings = ArchiveSettings(accept="any", sweep_s=0.05)
            found.append(ArchiveDeps(settings, *ports, _no_cpu, "site", tmp_path))  # type: ignore[arg-type]
        yield found


@pytest.fixture
def small(shared_data: Path) -> bytes:
    return changed((shared_data / "dicom/ct-philips/I10").read_bytes(), Rows=8, Columns=8, PixelData=b"\0" * 128)


async def test_three_replicas_publish_each_change_once(replicas: list[ArchiveDeps], small: bytes) -> None:
    heard: list[Event] = []

    async def hear(delivery: Delivery) -> list[Event]:
        heard.append(delivery.event)
        return []

    work = [
        asyncio.create_task(
            Leases(deps.documents, f"process {number}", 30.0).work_under_lease(
                "archive-changes", partial(publish_forever, deps)
            )
        )
        for number, deps in enumerate(replicas)
    ]
    work.append(asyncio.create_task(replicas[0].bus.consume("observer", hear)))
    uids = [generate_uid() for _ in range(24)]

    async def send(at: int) -> None:
        for uid in uids[at::3]:
            (outcome,) = await Store(replicas[at]).take([changed(small, SOPInstanceUID=uid)])
            assert outcome.failure is None

    await asyncio.gather(*(send(at) for at in range(3)))
    async with asyncio.timeout(20):
        while sum(isinstance(event, InstancesStored) for event in heard) < 24:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
    for each in work:
        each.cancel()
    await asyncio.wait(work)

    stored = [uid for event in heard if isinstance(event, InstancesStored) for uid in event.sop_instance_uids]
    assert sorted(stored) == sorted(uids)
    assert set(Counter(event.id for event in heard).values()) == {1}
    assert await replicas[0].documents.count(PENDING) == 0


async def test_a_change_that_another_replica_committed_is_published_without_counting_anew(
    replicas: list[ArchiveDeps], small: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    async def count(_: ArchiveDeps, study: str) -> None:
        counted.append(study)

    monkeypatch.setattr(change_ledger, "recount", count)
    await Store(replicas[1]).take([small])
    (study,) = (await replicas[0].documents.find(STUDIES)).documents

    async with Leases(replicas[0].documents, "first", 60.0).held("archive-changes") as lease:
        whole = await change_ledger.publish_pending(replicas[0], lease)
        await Store(replicas[1]).take([changed(small, SOPInstanceUID=generate_uid())])
        await replicas[1].documents.put(STUDIES, study)  # as a process that was killed before its last write
        torn = await change_ledger.publish_pending(replicas[0], lease)

    assert (whole, torn) == (1, 1)
    assert counted == [study.study_instance_uid]


@pytest.mark.slow
def test_the_boundary_of_an_answer_is_the_same_in_every_process() -> None:
    etag = '"0123456789abcdef"'
    code = f"from services.archive.http.multipart import boundary_for; print(boundary_for('{etag}'))"

    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert elsewhere.strip() == boundary_for(etag)
    assert boundary_for(etag) != boundary_for('"0"')
    assert boundary_for("") != boundary_for("")
