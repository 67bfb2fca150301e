"""Bytes that are no more those that came are never answered with: flipped, cut short, emptied, gone."""

import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from services.archive import stored_bytes
from services.archive.housekeeping import orphans
from services.archive.housekeeping.scrub import is_due, scrub
from services.archive.recently_checked import FOR_S, RecentlyChecked
from services.archive.records import INSTANCES, SCRUBS, STUDIES, InstanceRecord, InstanceState, ScrubRecord
from shared.errors import Damaged, Unavailable
from shared.lease import Lease
from shared.scrubbing import DAY_S
from tests.archive.conftest import Archive
from tests.archive.retrieve.fixtures import INSTALLED, Serving, path_of, serving_all
from tests.archive.retrieve.test_faults import another
from tests.breaking import breaking

STORED = "application/dicom; transfer-syntax=*"
CT = (INSTALLED / "CT_small.dcm").read_bytes()


@pytest_asyncio.fixture
async def serving(archive: Archive) -> AsyncIterator[Serving]:
    async with serving_all(archive.deps, archive.store) as found:
        yield found


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def empty(path: Path) -> None:
    path.write_bytes(b"")


FAULTS = pytest.mark.parametrize("fault", [flip, cut, empty])
WAYS = {
    "": STORED,
    "/frames/1": "*/*",
    "/rendered": "*/*",
    "/bulkdata/7FE00010": "*/*",
    "/bulkdata": "multipart/related",
}


def blob_of(serving: Serving, record: InstanceRecord) -> Path:
    path = serving.deps.blobs.local_path(record.blob)
    assert path is not None
    return path


async def state_of(serving: Serving, record: InstanceRecord) -> InstanceState:
    found = await serving.deps.documents.get(INSTANCES, record.sop_instance_uid)
    assert found is not None
    return found.state


@FAULTS
@pytest.mark.parametrize("way", WAYS)
async def test_damaged_bytes_are_500_at_once_and_410_from_then_on(
    serving: Serving, fault: Callable[[Path], None], way: str
) -> None:
    (record,) = await serving.take(CT)
    fault(blob_of(serving, record))

    first, _, body = await serving.get(path_of(record) + way, WAYS[way])
    second, _, _ = await serving.get(path_of(record) + way, WAYS[way])

    assert (first, second) == (500, 410), body
    assert b"damaged-at-rest" in body
    assert await state_of(serving, record) is InstanceState.DAMAGED


@FAULTS
async def test_a_large_instance_that_is_damaged_is_never_answered_whole(
    serving: Serving, fault: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_bytes, "SMALL_BYTES", 1000)
    (record,) = await serving.take(CT)
    fault(blob_of(serving, record))

    try:
        status, _, _ = await serving.get(path_of(record), STORED)
    except aiohttp.ClientError:
        status = 0  # broken off
    assert status in (0, 500)
    assert (await serving.get(path_of(record), STORED))[0] == 410


@pytest.mark.parametrize("small_bytes", [stored_bytes.SMALL_BYTES, 1000])
async def test_a_record_of_an_older_release_has_no_checksum_and_is_compared_by_its_digest(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, small_bytes: int
) -> None:
    monkeypatch.setattr(stored_bytes, "SMALL_BYTES", small_bytes)
    (record,) = await serving.take(CT)
    older = msgspec.structs.replace(record, crc32=None)

    read = b"".join([each async for each in stored_bytes.stream(serving.deps, older)])
    flip(blob_of(serving, record))

    assert read == CT
    with pytest.raises(Damaged):
        _ = [each async for each in stored_bytes.stream(serving.deps, older)]


async def test_the_checksum_of_a_record_is_that_of_gzip(serving: Serving) -> None:
    (record,) = await serving.take(CT)

    assert record.crc32 == zlib.crc32(CT)


async def test_the_right_bytes_stored_again_bring_it_back(serving: Serving) -> None:
    (record,) = await serving.take(CT)
    flip(blob_of(serving, record))
    await serving.get(path_of(record), STORED)

    (outcome,) = await serving.store.take([CT])

    assert outcome.failure is None
    assert (await serving.get(path_of(record), STORED))[2] == CT
    study = await serving.deps.documents.get(STUDIES, record.study_instance_uid)
    assert study is not None
    assert (study.size_bytes, study.evicted, study.instances) == (len(CT), 0, 1)


async def test_a_client_that_wants_the_digest_gets_it_after_the_bytes_were_compared(serving: Serving) -> None:
    settings = msgspec.structs.replace(serving.deps.settings, read_checks=0.0)
    object.__setattr__(serving.deps, "settings", settings)
    (record,) = await serving.take(CT)
    wanted = {"Want-Repr-Digest": "sha-256=10"}

    status, headers, _ = await serving.get(path_of(record), STORED, **wanted)
    flip(blob_of(serving, record))
    unchecked, _, _ = await serving.get(path_of(record), STORED)
    checked, _, _ = await serving.get(path_of(record), STORED, **wanted)

    assert (status, unchecked, checked) == (200, 200, 500)
    assert headers["Repr-Digest"].startswith("sha-256=:")


async def test_the_scrub_finds_what_nobody_asked_for(serving: Serving, lease: Lease) -> None:
    right, rotten, gone = await serving.take(CT, another(CT), (INSTALLED / "MR_small.dcm").read_bytes())
    flip(blob_of(serving, rotten))
    blob_of(serving, gone).unlink()

    found = await scrub(serving.deps, lease, ScrubRecord(name="archive"))

    assert (found.compared, found.damaged, found.is_running) == (3, 2, False)
    assert [await state_of(serving, each) for each in (right, rotten, gone)] == [
        InstanceState.STORED,
        InstanceState.DAMAGED,
        InstanceState.DAMAGED,
    ]


@pytest.mark.parametrize("error", [ValueError(), Unavailable("for this one")])
async def test_an_instance_that_cannot_be_read_keeps_the_scrub_from_no_other(
    serving: Serving, lease: Lease, error: Exception
) -> None:
    _, bad, rotten = await serving.take(CT, another(CT), (INSTALLED / "MR_small.dcm").read_bytes())
    flip(blob_of(serving, rotten))
    blobs = breaking(serving.deps.blobs, "stream", lambda key, *_: key == bad.blob, error)

    found = await scrub(replace(serving.deps, blobs=blobs), lease, ScrubRecord(name="archive"))

    assert (found.compared, found.damaged, found.is_running) == (2, 1, False)
    assert await state_of(serving, bad) is InstanceState.STORED


async def test_a_store_that_is_away_holds_the_scrub_where_it_is(serving: Serving, lease: Lease) -> None:
    await serving.take(CT, another(CT))
    blobs = breaking(serving.deps.blobs, "stream", lambda *_: True, Unavailable("away"))

    with pytest.raises(Unavailable):
        await scrub(replace(serving.deps, blobs=blobs), lease, ScrubRecord(name="archive"))

    assert await serving.deps.documents.get(SCRUBS, "archive") is None


async def test_damaged_bytes_are_kept_for_a_person_to_look_at(serving: Serving, lease: Lease) -> None:
    (record,) = await serving.take(CT)
    flip(blob_of(serving, record))
    await serving.get(path_of(record), STORED)

    for day in (1.0, 2.0):
        found = await orphans.look(serving.deps, lease, now=day * DAY_S)
        await orphans.remove(serving.deps, lease, found)

    assert blob_of(serving, record).exists()


def test_a_clock_that_jumps_holds_no_scrub_back() -> None:
    week_s = 7 * DAY_S
    done = ScrubRecord(name="archive", started_at=100 * DAY_S)

    assert not is_due(done, 103 * DAY_S, 0.0, week_s)
    assert is_due(done, 107 * DAY_S, 0.0, week_s)
    assert is_due(done, 90 * DAY_S, 0.0, week_s)  # set back by days
    assert is_due(done, 101 * DAY_S, week_s, week_s)  # set back a little: this process waited long enough
    assert is_due(msgspec.structs.replace(done, is_running=True), 101 * DAY_S, 0.0, week_s)


def test_what_was_compared_a_moment_ago_is_not_compared_for_each_frame() -> None:
    now = 0.0
    recently = RecentlyChecked(lambda: now)

    recently.note("a")
    assert "a" in recently
    now = FOR_S + 1
    assert "a" not in recently
