"""What a crash, a race or a lack of room leaves behind: nothing half visible, nothing confirmed lost."""

import asyncio
import dataclasses
import io
import random
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pydicom
import pytest
from pydicom.uid import generate_uid

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping import orphans
from services.archive.housekeeping.eviction import evict, evict_some, held_bytes
from services.archive.orphan_records import SUSPECTS
from services.archive.records import DELETIONS, INSTANCES, PENDING, STUDIES, PendingRecord
from services.archive.store.counts import recount
from shared.errors import StorageFull
from shared.lease import Lease, LeaseLost
from tests.archive.conftest import Archive
from tests.archive.store.test_basics import KIND, body, changed, qido, stow
from tests.servers.process import free_ports


@pytest.fixture
def slices(shared_data: Path) -> list[bytes]:
    """Thirty small Instances of one Series."""
    data = (shared_data / "dicom/ct-philips/I10").read_bytes()
    small = changed(data, Rows=8, Columns=8, PixelData=b"\0" * 128)
    return [changed(small, SOPInstanceUID=generate_uid()) for _ in range(30)]


ORPHAN = "instances/1.2/3.4/5.6.0123456789abcdef.dcm"
DAY_S = 86_400.0


def keeping(archive: Archive, days: float) -> ArchiveDeps:
    return dataclasses.replace(
        archive.deps, settings=msgspec.structs.replace(archive.deps.settings, orphans_keep_days=days)
    )


async def test_bytes_without_a_record_go_when_found_again_an_interval_later(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    await stow(archive, slices[:2])
    await archive.deps.blobs.put(ORPHAN, b"left behind")

    found = [await orphans.look(keeping(archive, 1.0), lease, now=at * DAY_S) for at in (1.0, 1.5, 2.0)]
    removed = await orphans.remove(archive.deps, lease, found[-1])

    assert found == [[], [], [ORPHAN]]
    assert removed == 1
    assert len([key async for key in archive.deps.blobs.keys("")]) == 2
    assert await archive.deps.documents.count(SUSPECTS) == 0


async def test_bytes_that_a_ledger_row_names_or_that_get_a_record_are_no_orphans(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    await archive.deps.blobs.put(ORPHAN, b"being stored on a store without transactions")
    ripe = [await orphans.look(keeping(archive, 1.0), lease, now=at * DAY_S) for at in (1.0, 2.0)][-1]
    row = PendingRecord(
        id="row", study_instance_uid="1.2", series_instance_uid="3.4", sop_instance_uids=("5.6",), correlation_id="",
        at=time.time(),
    )  # fmt: skip
    await archive.deps.documents.put(PENDING, row)

    removed = await orphans.remove(archive.deps, lease, ripe)

    assert (ripe, removed) == ([ORPHAN], 0)
    assert await archive.deps.blobs.size(ORPHAN) is not None
    assert await orphans.look(archive.deps, lease, now=3 * DAY_S) == []


async def test_a_process_that_lost_its_lease_deletes_and_evicts_nothing(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    await stow(archive, slices[:2])
    await archive.deps.blobs.put(ORPHAN, b"left behind")
    await orphans.look(archive.deps, lease, now=DAY_S)
    await lease.release()

    with pytest.raises(LeaseLost):
        await orphans.remove(archive.deps, lease, [ORPHAN])
    with pytest.raises(LeaseLost):
        await evict(archive.deps, lease, uid_of(slices[0]))

    assert len([key async for key in archive.deps.blobs.keys("")]) == 3


async def test_without_room_nothing_is_confirmed_or_visible(
    archive: Archive, slices: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StorageFull("blobs: ENOSPC")

    monkeypatch.setattr(archive.deps.blobs, "put_many", full)

    status, _ = await stow(archive, slices[:2])

    assert status == 507
    assert await archive.deps.documents.count(INSTANCES) == 0


async def test_what_came_first_is_evicted_first(archive: Archive, slices: list[bytes], lease: Lease) -> None:
    first, second = (
        changed(data, StudyInstanceUID=generate_uid(), SeriesInstanceUID=generate_uid()) for data in slices[:2]
    )
    await stow(archive, [first])
    await stow(archive, [second])
    limit = len(second) + 10
    marks = msgspec.structs.replace(archive.deps.settings, high_water_bytes=limit, low_water_percent=100)
    object.__setattr__(archive.deps, "settings", marks)

    evicted = await evict_some(archive.deps, lease)

    found = {s["0020000D"]["Value"][0]: s["00080056"]["Value"][0] for s in await qido(archive, "/studies")}
    assert evicted == 1
    assert found[uid_of(first)] == "NEARLINE"
    assert found[uid_of(second)] == "ONLINE"
    assert sum((await held_bytes(archive.deps)).values()) == len(second)


def uid_of(data: bytes) -> str:
    return str(pydicom.dcmread(io.BytesIO(data)).StudyInstanceUID)


async def test_a_store_during_eviction_and_deletion_loses_no_confirmed_bytes(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    study = uid_of(slices[0])
    headers = {"Authorization": "Bearer secret", "X-Reason": "test"}

    async def delete() -> None:
        async with archive.client.delete(f"/dicom-web/studies/{study}", headers=headers) as answer:
            assert answer.status in (204, 404)

    for _ in range(5):
        await stow(archive, slices[:6])
        await asyncio.gather(
            stow(archive, slices[:6]), delete(), evict(archive.deps, lease, study), stow(archive, slices[3:9])
        )

        page = await archive.deps.documents.find(INSTANCES, limit=100)
        for record in page.documents:
            if record.state == "stored":
                assert await archive.deps.blobs.size(record.blob) == record.size_bytes
        await recount(archive.deps, study)
        kept = await archive.deps.documents.get(STUDIES, study)
        assert (kept.instances if kept else 0) == len(page.documents)


async def test_why_something_was_deleted_is_kept(archive: Archive, slices: list[bytes]) -> None:
    await stow(archive, slices[:1])
    study = uid_of(slices[0])

    headers = {"Authorization": "Bearer secret", "X-Reason": "consent withdrawn"}
    async with archive.client.delete(f"/dicom-web/studies/{study}", headers=headers) as answer:
        assert answer.status == 204

    (record,) = (await archive.deps.documents.find(DELETIONS)).documents
    assert (record.uids, record.reason) == ({"study": study}, "consent withdrawn")


async def test_change_feeds_of_every_level_go_on_where_a_reader_left(archive: Archive, slices: list[bytes]) -> None:
    await stow(archive, slices[:3])

    feed = await qido(archive, "/changefeed?level=instance&limit=2")
    rest = await qido(archive, f"/changefeed?level=instance&after={feed[-1]['Sequence']}")
    series = await qido(archive, "/changefeed?level=series")

    assert len({entry["SOPInstanceUID"] for entry in feed + rest}) == 3
    assert [entry["Instances"] for entry in series] == [3]


@pytest.mark.slow
async def test_kill_9_loses_nothing_confirmed_and_shows_nothing_half(tmp_path: Path, slices: list[bytes]) -> None:
    chance = random.Random(7)
    confirmed: set[str] = set()
    (port,) = free_ports(1)

    for _ in range(4):
        server = start(tmp_path, port)
        try:
            storing = asyncio.create_task(store_one_by_one(port, slices, confirmed))
            await asyncio.sleep(chance.uniform(0.05, 0.5))
            server.send_signal(signal.SIGKILL)
            await asyncio.gather(storing, return_exceptions=True)
        finally:
            server.kill()
            server.wait()

    server = start(tmp_path, port)
    try:
        found = search(port, "/instances?includefield=all")
        there = {each["00080018"]["Value"][0] for each in found}
        assert confirmed
        assert confirmed <= there
        for each in found:
            path = each["00081190"]["Value"][0].partition("/dicom-web")[2]
            assert fetch(port, path)[:2] == b"--"
        counted = await eventually(lambda: counts(port), len(there))
        assert counted == len(there)
    finally:
        server.kill()
        server.wait()


def start(home: Path, port: int) -> subprocess.Popen[bytes]:
    jmid = Path(sys.executable).with_name("jmid")
    server = subprocess.Popen(
        [str(jmid), "run", "archive", "--home", str(home), "--port", str(port), "--insecure"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            search(port, "/studies")
            return server
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the archive does not start")


async def store_one_by_one(port: int, slices: list[bytes], confirmed: set[str]) -> None:
    for data in slices:
        uid = str(pydicom.dcmread(io.BytesIO(data)).SOPInstanceUID)
        answer = await asyncio.to_thread(post, port, body([data]))
        if answer["00081199"]["Value"][0]["00081155"]["Value"] == [uid]:
            confirmed.add(uid)


def post(port: int, data: bytes) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/dicom-web/studies", data, {"Content-Type": KIND})
    return orjson.loads(urllib.request.urlopen(request, timeout=10).read())


def fetch(port: int, path: str) -> bytes:
    return bytes(urllib.request.urlopen(f"http://127.0.0.1:{port}/dicom-web{path}", timeout=10).read())


def search(port: int, path: str) -> Any:
    return orjson.loads(fetch(port, path))


def counts(port: int) -> int:
    return sum(each["00201208"]["Value"][0] for each in search(port, "/studies"))


async def eventually(figure: Any, wanted: int) -> int:
    end = time.monotonic() + 15
    while (found := int(await asyncio.to_thread(figure))) != wanted and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return found
