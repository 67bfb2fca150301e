"""A database that was restored from an older copy, or lost: no bytes go, and the records come back from them."""

import dataclasses
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from pydicom.uid import generate_uid

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping import orphans
from services.archive.housekeeping.compare import compare
from services.archive.housekeeping.eviction import evict
from services.archive.housekeeping.rebuild_records import Restored, rebuild_records
from services.archive.records import (
    COLLECTIONS,
    INSTANCES,
    PENDING,
    STUDIES,
    InstanceRecord,
    InstanceState,
    StudyRecord,
)
from services.archive.store.instance_blobs import new_key, place_of
from shared.documents.sqlite import open_sqlite
from shared.errors import Unavailable
from shared.lease import LEASES, Lease, Leases
from tests.archive.conftest import Archive
from tests.archive.store.test_basics import changed, stow
from tests.breaking import breaking

DAY_S = 86_400.0
Open = Callable[[Path], Awaitable[ArchiveDeps]]


@pytest.fixture
def ct(shared_data: Path) -> list[bytes]:
    """Six small Instances of one Series."""
    data = (shared_data / "dicom/ct-philips/I10").read_bytes()
    small = changed(data, Rows=8, Columns=8, PixelData=b"\0" * 128)
    return [changed(small, SOPInstanceUID=generate_uid()) for _ in range(6)]


@pytest_asyncio.fixture
async def open_on(archive: Archive) -> AsyncIterator[Open]:
    """Open the archive's bytes with the records of another database file."""
    async with AsyncExitStack() as stack:

        async def opened(path: Path) -> ArchiveDeps:
            documents = await stack.enter_async_context(open_sqlite(path))
            await documents.declare(LEASES, *COLLECTIONS)
            return dataclasses.replace(archive.deps, documents=documents)

        yield opened


def copy_of(archive: Archive, tmp_path: Path) -> Path:
    """Copy the database as a backup does."""
    target = tmp_path / "copy.sqlite"
    with sqlite3.connect(tmp_path / "documents.sqlite") as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    return target


async def all_records(deps: ArchiveDeps) -> list[InstanceRecord]:
    return (await deps.documents.find(INSTANCES, limit=1000)).documents


async def the_study(deps: ArchiveDeps) -> StudyRecord:
    (study,) = (await deps.documents.find(STUDIES)).documents
    return study


async def blobs_of(deps: ArchiveDeps) -> set[str]:
    return {key async for key in deps.blobs.keys("")}


async def rebuilt(deps: ArchiveDeps, *, dry_run: bool = False) -> Restored:
    return [each async for each in rebuild_records(deps, dry_run=dry_run)][-1]


async def sweep(deps: ArchiveDeps, lease: Lease, *days: float) -> int:
    """Sweep on these days; return how many blobs went."""
    return sum([await orphans.remove(deps, lease, await orphans.look(deps, lease, now=day * DAY_S)) for day in days])


async def test_what_was_stored_after_the_copy_is_kept_and_gets_its_records_again(
    archive: Archive, ct: list[bytes], tmp_path: Path, open_on: Open
) -> None:
    await stow(archive, ct[:2])
    copy = copy_of(archive, tmp_path)
    await stow(archive, ct[2:])
    before, study, blobs = await all_records(archive.deps), await the_study(archive.deps), await blobs_of(archive.deps)
    restored = await open_on(copy)

    async with Leases(restored.documents, "test", 60.0).held("archive") as lease:
        removed = await sweep(restored, lease, *range(1, 30))
    progress = await rebuilt(restored)

    assert (removed, await blobs_of(restored)) == (0, blobs)
    assert (progress.seen, progress.made, progress.failed) == (6, 4, 0)
    after = await all_records(restored)
    assert {each.sop_instance_uid: each.blob for each in after} == {e.sop_instance_uid: e.blob for e in before}
    assert {each.sha256 for each in after} == {each.sha256 for each in before}
    again = await the_study(restored)
    assert (again.instances, again.size_bytes) == (study.instances, study.size_bytes)
    told = {uid for row in (await restored.documents.find(PENDING)).documents for uid in row.sop_instance_uids}
    assert {each.sop_instance_uid for each in before} == told


async def test_a_lost_database_is_made_again_and_once_is_enough(
    archive: Archive, ct: list[bytes], tmp_path: Path, open_on: Open
) -> None:
    await stow(archive, ct)
    empty = await open_on(tmp_path / "empty.sqlite")

    trial = await rebuilt(empty, dry_run=True)
    written = await empty.documents.count(INSTANCES)
    first, second = await rebuilt(empty), await rebuilt(empty)

    assert (trial.made, written) == (6, 0)
    assert (first.made, second.made, await empty.documents.count(INSTANCES)) == (6, 0, 6)


async def test_what_an_administrator_deleted_stays_deleted_and_what_came_again_does_not(
    archive: Archive, ct: list[bytes]
) -> None:
    await stow(archive, ct[:1])
    (record,) = await all_records(archive.deps)
    headers = {"Authorization": "Bearer secret", "X-Reason": "withdrawn"}
    async with archive.client.delete(f"/dicom-web/studies/{record.study_instance_uid}", headers=headers) as answer:
        assert answer.status == 204
    await archive.deps.blobs.put(record.blob, ct[0])  # as if the process had been killed before the bytes went

    left = await rebuilt(archive.deps)
    later = (place_of(record.blob) or (0, 0, 0, 0.0))[3]
    uids = (record.study_instance_uid, record.series_instance_uid, record.sop_instance_uid)
    await archive.deps.blobs.put(new_key(*uids, (later or 0.0) + 3600), ct[0])
    again = await rebuilt(archive.deps)

    assert (left.made, left.deleted) == (0, 1)
    assert (again.made, again.deleted) == (1, 1)


async def test_bytes_that_are_no_instance_fail_alone(
    archive: Archive, ct: list[bytes], tmp_path: Path, open_on: Open
) -> None:
    await stow(archive, ct[:3])
    blob = (await all_records(archive.deps))[0].blob
    await archive.deps.blobs.put(blob, b"torn")
    empty = await open_on(tmp_path / "empty.sqlite")

    progress = await rebuilt(empty)

    assert (progress.made, progress.failed) == (2, 1)


async def test_evicted_bytes_that_are_there_after_all_are_used(archive: Archive, ct: list[bytes], lease: Lease) -> None:
    await stow(archive, ct)
    record = (await all_records(archive.deps))[0]
    data = await archive.deps.blobs.get(record.blob)
    await evict(archive.deps, lease, record.study_instance_uid)
    await archive.deps.blobs.put(record.blob, data)

    progress = await rebuilt(archive.deps)

    states = [each.state for each in await all_records(archive.deps)]
    assert (progress.made, states.count(InstanceState.STORED)) == (1, 1)
    assert (await the_study(archive.deps)).evicted == 5


async def test_a_clock_that_jumps_shortens_no_orphans_time(archive: Archive, lease: Lease) -> None:
    await archive.deps.blobs.put("instances/1.2/3.4/5.6.0123456789abcdef.dcm", b"left behind")

    jumped = await sweep(archive.deps, lease, 1, 2, 400, 401)
    in_time = await sweep(archive.deps, lease, *range(402, 430))

    assert (jumped, in_time) == (0, 1)


async def test_a_record_whose_bytes_are_gone_is_no_duplicate(archive: Archive, ct: list[bytes]) -> None:
    await stow(archive, ct)
    before = await the_study(archive.deps)
    lost, cut, *_ = await all_records(archive.deps)
    await archive.deps.blobs.delete(lost.blob)
    await archive.deps.blobs.put(cut.blob, b"cut short")

    status, _ = await stow(archive, ct)

    records = await all_records(archive.deps)
    assert status == 200
    assert sorted([await archive.deps.blobs.get(each.blob) for each in records]) == sorted(ct)
    after = await the_study(archive.deps)
    assert (after.instances, after.size_bytes, after.evicted) == (before.instances, before.size_bytes, 0)


async def test_an_instance_that_the_store_errors_on_is_named_and_the_others_are_compared(
    archive: Archive, ct: list[bytes]
) -> None:
    await archive.store.take(ct)
    bad, *_ = await all_records(archive.deps)
    blobs = breaking(archive.deps.blobs, "size", lambda key: key == bad.blob, Unavailable("for this one"))

    *_, compared = [each async for each in compare(dataclasses.replace(archive.deps, blobs=blobs))]

    assert compared.unread == {bad.study_instance_uid: "Unavailable"}
    assert (compared.held, compared.missing) == (len(ct) - 1, {})


def test_a_key_says_what_and_when() -> None:
    key = new_key("1.2", "3.4", "5.6", 1_764_266_400.7)

    assert place_of(key) == ("1.2", "3.4", "5.6", 1_764_266_400.0)
    assert place_of("instances/1.2/3.4/5.6.0123456789abcdef.dcm") == ("1.2", "3.4", "5.6", None)
    assert place_of("instances/1.2/3.4/5.6.dcm") is None
