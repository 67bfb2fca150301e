"""A Study that the archive's periodic work cannot deal with: the others are published, evicted, and orphans go."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydicom.uid import generate_uid

from services.archive.deps import ArchiveDeps
from services.archive.housekeeping import loop, orphans
from services.archive.housekeeping.eviction import evict_some, held_bytes
from services.archive.orphan_records import SUSPECTS
from services.archive.records import INSTANCES, PENDING, STUDIES, InstanceState
from services.archive.store import change_ledger
from shared.documents import Eq
from shared.errors import Conflict
from shared.lease import Lease
from shared.set_aside import SET_ASIDE
from tests.archive.conftest import Archive
from tests.archive.store.test_basics import changed, stow
from tests.breaking import breaking

ERRORS = [ValueError("unforeseen"), Conflict("kept changing")]


@pytest.fixture
def slices(shared_data: Path) -> list[bytes]:
    """Three small Instances."""
    data = (shared_data / "dicom/ct-philips/I10").read_bytes()
    small = changed(data, Rows=8, Columns=8, PixelData=b"\0" * 128)
    return [changed(small, SOPInstanceUID=generate_uid()) for _ in range(3)]


async def three_studies(archive: Archive, slices: list[bytes]) -> list[str]:
    """Store three Studies of one Instance each; return their UIDs, the first stored first."""
    uids: list[str] = []
    for data in slices[:3]:
        uids.append(generate_uid())
        one = changed(data, StudyInstanceUID=uids[-1], SeriesInstanceUID=generate_uid())
        status, _ = await stow(archive, [one])
        assert status == 200
    return uids


async def set_aside(archive: Archive) -> list[tuple[str, str]]:
    return [(item.work, item.key) for item in (await archive.deps.documents.find(SET_ASIDE)).documents]


def with_settings(deps: ArchiveDeps, **values: Any) -> ArchiveDeps:
    return replace(deps, settings=msgspec.structs.replace(deps.settings, **values))


@pytest.mark.parametrize("error", ERRORS)
async def test_a_study_that_cannot_be_counted_keeps_no_other_change_from_being_published(
    archive: Archive, slices: list[bytes], lease: Lease, error: Exception
) -> None:
    uids = await three_studies(archive, slices)
    for study in (await archive.deps.documents.find(STUDIES)).documents:  # as processes killed before their last write
        await archive.deps.documents.put(STUDIES, msgspec.structs.replace(study, commits=()))
    broken = breaking(
        archive.deps.documents, "get_versioned", lambda kind, key: kind is STUDIES and key == uids[1], error
    )

    async def recount(deps: ArchiveDeps, study: str) -> None:
        await deps.documents.get_versioned(STUDIES, study)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(change_ledger, "recount", recount)
        published = await change_ledger.publish_pending(replace(archive.deps, documents=broken), lease)

    assert published == 2
    left = (await archive.deps.documents.find(PENDING)).documents
    assert [row.study_instance_uid for row in left] == [uids[1]]
    assert await set_aside(archive) == [("changes", uids[1])]
    assert await change_ledger.publish_pending(archive.deps, lease) == 1


async def test_rows_of_bad_studies_that_fill_a_page_do_not_hide_the_good_ones(
    archive: Archive, slices: list[bytes], lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = await three_studies(archive, slices)

    def events(deps: ArchiveDeps, row: Any, real: Any = change_ledger._events) -> Any:
        if row.study_instance_uid in uids[:2]:
            raise ValueError
        return real(deps, row)

    monkeypatch.setattr(change_ledger, "_events", events)
    monkeypatch.setattr(change_ledger, "PAGE", 2)

    assert await change_ledger.publish_pending(archive.deps, lease) == 1
    assert sorted(await set_aside(archive)) == sorted(("changes", uid) for uid in uids[:2])


@pytest.mark.parametrize("error", ERRORS)
async def test_the_next_study_is_evicted_in_place_of_one_that_cannot_be(
    archive: Archive, slices: list[bytes], lease: Lease, error: Exception
) -> None:
    uids = await three_studies(archive, slices)
    held = sum((await held_bytes(archive.deps)).values())
    broken = breaking(
        archive.deps.documents, "get_versioned", lambda kind, key: kind is STUDIES and key == uids[0], error
    )
    deps = with_settings(replace(archive.deps, documents=broken), high_water_bytes=held - 1)

    evicted = await evict_some(deps, lease)

    assert evicted == 1
    gone = (await archive.deps.documents.find(INSTANCES, Eq("state", InstanceState.EVICTED))).documents
    assert [each.study_instance_uid for each in gone] == [uids[1]]
    assert await set_aside(archive) == [("evict", uids[0])]


async def test_bytes_that_cannot_be_deleted_are_deleted_in_the_next_round(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    await three_studies(archive, slices)
    blobs = breaking(archive.deps.blobs, "delete", lambda key: True, PermissionError())
    deps = with_settings(replace(archive.deps, blobs=blobs), high_water_bytes=1)

    assert await evict_some(deps, lease) == 3
    assert await set_aside(archive) == []
    assert len([key async for key in archive.deps.blobs.keys("instances/")]) == 3

    await evict_some(archive.deps, lease)

    assert [key async for key in archive.deps.blobs.keys("instances/")] == []


async def test_an_eviction_that_fails_keeps_nobody_from_looking_for_orphans_and_the_archive_says_so(
    archive: Archive, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def evict(*_: object) -> int:
        raise ValueError

    monkeypatch.setattr(loop, "evict_some", evict)
    monkeypatch.setattr("shared.set_aside.FIRST_S", 0.01)
    await archive.deps.blobs.put("instances/nobody/1.2.3.dcm", b"x")
    deps = with_settings(archive.deps, evict_s=0.01, orphans_s=1000.0)

    keeping = asyncio.create_task(loop.keep_forever(deps, lease))
    async with asyncio.timeout(20):
        while not await deps.documents.count(SUSPECTS) or await loop.is_kept(deps) == "ok":
            await asyncio.sleep(0.02)
    keeping.cancel()
    await asyncio.wait([keeping])

    assert await loop.is_kept(deps) == "fails every time: evict"


async def test_a_search_for_orphans_that_failed_once_does_not_wait_for_its_interval(
    archive: Archive, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    async def look(*_: object, **__: object) -> list[str]:
        looks.append(1)
        if len(looks) == 1:
            raise ValueError
        return []

    monkeypatch.setattr(orphans, "look", look)
    monkeypatch.setattr("shared.set_aside.FIRST_S", 0.01)
    deps = with_settings(archive.deps, evict_s=1000.0, orphans_s=1000.0)

    keeping = asyncio.create_task(loop.keep_forever(deps, lease))
    async with asyncio.timeout(20):
        while len(looks) < 2 or await set_aside(archive):
            await asyncio.sleep(0.05)
    keeping.cancel()
    await asyncio.wait([keeping])


async def test_the_archive_says_when_a_change_waits_too_long_to_be_published(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    assert await loop.is_published_in_time(archive.deps) == "ok"
    await three_studies(archive, slices)
    (row, *_) = (await archive.deps.documents.find(PENDING)).documents
    await archive.deps.documents.put(PENDING, msgspec.structs.replace(row, at=row.at - 700))

    assert (await loop.is_published_in_time(archive.deps)).startswith("a change waits for 70")

    while await change_ledger.publish_pending(archive.deps, lease):
        pass
    assert await loop.is_published_in_time(archive.deps) == "ok"


async def test_what_needs_no_work_any_more_does_not_stay_set_aside(archive: Archive, lease: Lease) -> None:
    for work in ("changes", "evict"):
        await archive.deps.set_asides.of(work).note("1.2.3", ValueError())

    await change_ledger.publish_pending(archive.deps, lease)
    await evict_some(archive.deps, lease)

    assert await set_aside(archive) == []
