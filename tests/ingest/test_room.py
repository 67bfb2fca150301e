"""Senders are told to wait before the disk is full, each in its own words; nothing is kept of what is not taken."""

import asyncio
from pathlib import Path

import pydicom
import pytest

from services.ingest.receipts.records import ARRIVALS, REJECTED
from services.ingest.reports.hl7.frames import END, START
from services.ingest.room import Room, free_of
from shared.errors import StorageFull
from tests.ingest.conftest import open_doors
from tests.ingest.images.test_dimse import answer_to
from tests.ingest.images.test_stow import KIND, body
from tests.ingest.reports.test_messages import HL7, ORU
from tests.servers.process import free_ports


async def test_every_door_says_that_there_is_no_room(tmp_path: Path, ct: list[Path]) -> None:
    (mllp,) = free_ports(1)
    async with open_doors(tmp_path, JMID_INGEST_FLOOR_BYTES=str(1 << 50), JMID_INGEST_MLLP_PORT=str(mllp)) as doors:
        stow = await doors.client.post(
            "/ingest/dicom-web/studies", data=body(ct[0].read_bytes()), headers={"Content-Type": KIND}
        )
        strange = await doors.client.post(
            "/ingest/dicom-web/studies", data=body(b"nothing of DICOM"), headers={"Content-Type": KIND}
        )
        report = await doors.client.post("/ingest/reports", data=ORU, headers=HL7)
        store = await asyncio.to_thread(answer_to, doors.dimse_port, pydicom.dcmread(ct[0]))
        reader, writer = await asyncio.open_connection("127.0.0.1", mllp)
        writer.write(START + ORU + END)
        acknowledged = await reader.readuntil(END)
        writer.close()
        kept = (await doors.documents.count(ARRIVALS), await doors.documents.count(REJECTED))

    assert (stow.status, strange.status, report.status) == (503, 503, 503)
    assert stow.headers["Retry-After"] and report.headers["Retry-After"]
    assert store.Status == 0xA700
    assert b"MSA|AR|" in acknowledged
    assert kept == (0, 0)


async def test_room_is_looked_up_now_and_then_and_without_a_floor_never(tmp_path: Path) -> None:
    looks: list[Path] = []

    def free(folder: Path) -> int:
        looks.append(folder)
        return 100

    enough, little = Room(tmp_path, 100, free), Room(tmp_path, 101, free)
    for _ in range(3):
        await enough.check()
    with pytest.raises(StorageFull, match="JMID_INGEST_FLOOR_BYTES"):
        await little.check()
    await Room(tmp_path, 0, free).check()

    assert len(looks) == 2
    assert free_of(tmp_path / "not" / "yet") > 0
