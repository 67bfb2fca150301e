"""What may not be evicted stays, and an eviction that was broken off is brought to its end."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydicom.uid import generate_uid

from services.archive.housekeeping import loop
from services.archive.housekeeping.eviction import evict, evict_some
from services.archive.housekeeping.staying import Staying, of_linker
from services.archive.records import INSTANCES, STUDIES, InstanceState
from services.archive.space_records import EVICTIONS
from shared.documents import Eq
from shared.errors import Unavailable
from shared.lease import Lease
from tests.archive.conftest import Archive
from tests.archive.store.test_basics import changed, qido, stow
from tests.breaking import breaking

PATH = "/dicom-web/studies/{}"


@pytest.fixture
def slices(shared_data: Path) -> list[bytes]:
    files = sorted((shared_data / "dicom/dcmqi/paramaps/701-ADCb500").glob("*.dcm"))[:2]
    return [path.read_bytes() for path in files]


async def studies(archive: Archive, slices: Sequence[bytes], *sites: str) -> list[str]:
    """Store a Study of one Instance for each site, and return their UIDs in this order."""
    uids: list[str] = []
    for site in sites:
        uids.append(str(generate_uid()))
        of_site = {"StudyInstanceUID": uids[-1], "SeriesInstanceUID": generate_uid(), "InstitutionName": site}
        await stow(archive, [changed(slices[0], SOPInstanceUID=generate_uid(), **of_site)])
    return uids


def with_settings(archive: Archive, **values: object) -> Archive:
    settings = msgspec.structs.replace(archive.deps.settings, low_water_percent=100, **values)
    return replace(archive, deps=replace(archive.deps, settings=settings))


def answering(staying: dict[str, Staying]):  # type: ignore[no-untyped-def]
    async def ask(uids: Sequence[str]) -> dict[str, Staying]:
        return {uid: staying.get(uid, Staying()) for uid in uids}

    return ask


async def online(archive: Archive) -> set[str]:
    found = await qido(archive, "/studies")
    return {each["0020000D"]["Value"][0] for each in found if each["00080056"]["Value"] == ["ONLINE"]}


async def test_what_is_pinned_stays_and_the_next_study_goes(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    first, _, third = await studies(archive, slices, "a", "a", "a")
    held = sum([each.size_bytes async for each in archive.deps.documents.every(STUDIES)])
    full = with_settings(archive, high_water_bytes=held - 1)

    await evict_some(full.deps, lease, answering({first: Staying(("pinned",))}))

    assert await online(archive) == {first, third}


async def test_a_site_above_its_mark_gives_room_and_no_other_does(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    other, _, second = await studies(archive, slices, "kyoto", "kyushu", "kyushu")
    size = (await archive.deps.documents.find_all(STUDIES))[0].size_bytes
    full = with_settings(archive, site_high_water_bytes=(f"kyushu={size + size // 2}",))

    await evict_some(full.deps, lease)

    assert await online(archive) == {other, second}


async def test_where_only_the_recallable_goes_what_nobody_proved_stays_and_is_counted(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    first, second = await studies(archive, slices, "a", "a")
    full = with_settings(archive, high_water_bytes=1, evict="recallable")

    await evict_some(full.deps, lease, answering({second: Staying(recallable=True)}))

    assert await online(archive) == {first}
    figures = await loop.status(full.deps)
    assert figures["studies above the mark not proven recallable"] == 1
    assert figures["bytes above the mark that may not go"] > 0


async def test_what_a_page_of_this_centre_derived_stays_when_its_study_goes(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    (study,) = await studies(archive, slices, "a")
    source = (await archive.deps.documents.find_all(INSTANCES))[0]
    await stow(archive, [changed(slices[1], StudyInstanceUID=study, SOPInstanceUID=generate_uid())])
    derived = next(
        each
        for each in await archive.deps.documents.find_all(INSTANCES)
        if each.sop_instance_uid != source.sop_instance_uid
    )
    await archive.deps.documents.put(INSTANCES, msgspec.structs.replace(derived, is_made_here=True))

    await evict(archive.deps, lease, study)

    states = {each.sop_instance_uid: each.state for each in await archive.deps.documents.find_all(INSTANCES)}
    assert states == {
        source.sop_instance_uid: InstanceState.EVICTED,
        derived.sop_instance_uid: InstanceState.STORED,
    }
    record = await archive.deps.documents.get(STUDIES, study)
    assert record is not None
    assert (record.evicted, record.size_bytes) == (1, derived.size_bytes)
    assert await online(archive) == set()  # a reader has to wait for the rest
    assert await archive.deps.blobs.size(derived.blob) == derived.size_bytes


@pytest.mark.parametrize("step", ["INSTANCES", "blobs"])
async def test_an_eviction_that_was_broken_off_is_brought_to_its_end(
    archive: Archive, slices: list[bytes], lease: Lease, step: str
) -> None:
    """As after a kill between the steps; on MongoDB also between the records."""
    (study,) = await studies(archive, slices, "a")
    before = (await archive.deps.documents.find_all(INSTANCES))[0]
    blobs = breaking(archive.deps.blobs, "delete", lambda key: True, PermissionError())
    await evict(replace(archive.deps, blobs=blobs), lease, study)
    if step == "INSTANCES":
        await archive.deps.documents.put(INSTANCES, before)
    assert await archive.deps.blobs.size(before.blob) is not None

    await evict_some(archive.deps, lease)

    assert await archive.deps.blobs.size(before.blob) is None
    assert await archive.deps.documents.count(INSTANCES, Eq("state", InstanceState.EVICTED)) == 1
    assert not await archive.deps.documents.count(EVICTIONS)


async def test_a_recall_while_bytes_wait_to_be_deleted_keeps_its_own(
    archive: Archive, slices: list[bytes], lease: Lease
) -> None:
    study = str(generate_uid())
    data = changed(slices[0], StudyInstanceUID=study)
    await stow(archive, [data])
    blobs = breaking(archive.deps.blobs, "delete", lambda key: True, PermissionError())
    await evict(replace(archive.deps, blobs=blobs), lease, study)

    await stow(archive, [data])
    await evict_some(archive.deps, lease)

    assert await online(archive) == {study}
    record = (await archive.deps.documents.find_all(INSTANCES))[0]
    assert await archive.deps.blobs.size(record.blob) == record.size_bytes


async def linker_saying(status: int, answer: object) -> TestServer:
    app = web.Application()

    async def staying(request: web.Request) -> web.Response:
        return web.json_response(answer, status=status)

    app.add_routes([web.get("/api/staying", staying)])
    server = TestServer(app)
    await server.start_server()
    return server


@pytest.mark.parametrize(
    ("status", "answer"),
    [(404, {}), (503, {}), (200, {"studies": {}}), (200, []), (200, {"studies": {"1.2.3": {"reasons": "x"}}})],
)
async def test_where_the_linker_does_not_say_what_stays_nothing_goes(
    archive: Archive, slices: list[bytes], lease: Lease, status: int, answer: object
) -> None:
    uids = await studies(archive, slices, "a")
    full = with_settings(archive, high_water_bytes=1)
    server = await linker_saying(status, answer)

    async with aiohttp.ClientSession() as session:
        with pytest.raises(Unavailable):
            await evict_some(full.deps, lease, of_linker(session, str(server.make_url("")).rstrip("/"), prove=False))
    await server.close()

    assert await online(archive) == set(uids)
