"""What a hospital sends a second time is at the centre afterwards, whatever happened to it there meanwhile."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import generate_uid

from services.linker.centre.records import REPORTS
from shared.service import Role
from tests.flow import inside, senders
from tests.flow.inside import Loss, System, running, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    async with running(tmp_path / "home") as found:
        yield found


@pytest.mark.parametrize(
    "at_the_centre", [inside.evicted, inside.deleted, inside.database_lost, inside.bytes_lost, inside.bytes_rotten]
)
async def test_what_the_centre_lost_is_there_again_after_it_was_sent_again(
    system: System, ct: list[bytes], at_the_centre: Loss
) -> None:
    first = await system.sent(ct)
    await system.note_paths()
    before = {path: await system.get(path) for path in system.paths}

    for at_the_gateway in (inside.nothing_more, inside.all_released):
        await system.note_paths()
        await at_the_centre(system)
        await at_the_gateway(system)
        assert 200 not in (await system.statuses()).values()

        again = await system.sent(ct)

        assert {path: await system.get(path) for path in system.paths} == before
        found = (again["state"], again["received"], again["duplicates"], again["duplicates_lost"])
        assert found == ("duplicate", 0, 3, 0)

    assert (first["state"], first["received"], first["delivered_instances"]) == ("delivered", 3, 3)
    assert (await system.receipt(first["id"], "delivered"))["delivered_instances"] == 3
    await until(lambda: in_search(system), lambda: "the Study is not found")


async def in_search(system: System) -> bool:
    async with system.client.get("/api/cases") as answer:
        cases = (await answer.json())["cases"] if answer.status == 200 else []
    return [case["instances"] for case in cases] == [3]


async def test_what_the_centre_holds_is_not_sent_over_again(system: System, ct: list[bytes]) -> None:
    await system.sent(ct)
    stored = [key async for key in system.archive.blobs.keys("")]

    for at_the_gateway in (inside.nothing_more, inside.all_released):
        await at_the_gateway(system)

        again = await system.sent([*ct, *ct])

        assert (again["state"], again["duplicates"], again["duplicates_open"]) == ("duplicate", 3, 0)
        assert [key async for key in system.archive.blobs.keys("")] == stored


async def test_a_part_that_the_centre_does_not_take_makes_no_delivered_receipt(system: System, ct: list[bytes]) -> None:
    await system.sent(ct)
    other = pydicom.dcmread(io.BytesIO(ct[0]))
    other.PixelData = bytes(len(other.PixelData))  # other bytes under the same SOP Instance UID
    new = pydicom.dcmread(io.BytesIO(ct[1]))
    new.SOPInstanceUID = new.file_meta.MediaStorageSOPInstanceUID = generate_uid()

    part = await system.sent([packed(other), packed(new)])
    alone = await system.sent([packed(other)])

    assert (part["state"], part["delivered_instances"], part["undelivered"]) == ("partly-delivered", 1, 1)
    assert part["reasons"] == {"0111": 1}
    assert (alone["state"], alone["duplicates"], alone["duplicates_lost"]) == ("undelivered", 1, 1)


def packed(data_set: pydicom.FileDataset) -> bytes:
    buffer = io.BytesIO()
    data_set.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


async def test_a_report_that_is_sent_again_goes_to_the_centre_again(system: System, ct: list[bytes]) -> None:
    report = senders.fhir_report(senders.person(1), 1, "20240531", "異常を認めない。")

    first = await system.report(report)
    await system.lose_reports()
    again = await system.report(report)

    assert (first["state"], first["delivered_reports"], first["received"]) == ("delivered", 1, 1)
    assert (again["state"], again["duplicates"], again["received"]) == ("duplicate", 1, 0)
    assert await system.documents(Role.CENTRE).count(REPORTS) == 1
