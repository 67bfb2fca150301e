"""Gateway and centre as they run: the linker delivers to the real archive, in one process on one port."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pydicom
import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from services.archive.service import SERVICES as ARCHIVE
from services.linker.gateway.records import DELIVERIES, Delivery
from services.linker.service import CENTRE, GATEWAY
from shared.bus import Delivery as Delivered
from shared.documents import Eq
from shared.events import CaseChanged, Event, InstanceRef, InstancesDeidentified, ReportLinked, StudyChanged
from shared.events import Delivered as DeliveredEvent
from shared.runtime.host import Hosting, hosted
from shared.runtime.state import Host
from shared.service import Place, Role, Running, Service
from tests.linker.samples import CT, document, keys, packed, report, uid
from tests.linker.system import SPEED, until

STUDY, OTHER = uid(1), uid(2)

ENVIRON = {**SPEED, "JMID_ARCHIVE_ACCEPT": "any"}


@asynccontextmanager
async def _nobody(_: Place) -> AsyncIterator[Running]:
    yield Running()


WITNESSES = (
    Service("witness", Role.GATEWAY, _nobody, takes=(ReportLinked, DeliveredEvent)),
    Service("witness", Role.CENTRE, _nobody, takes=(StudyChanged, CaseChanged)),
)


def instance(study: str, number: int, accession: str = "A1") -> bytes:
    """Return a small valid CT Instance."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UID(CT)
    meta.MediaStorageSOPInstanceUID = UID(f"{study}.1.{number}")
    found = pydicom.Dataset()
    found.file_meta = meta
    found.SOPClassUID, found.SOPInstanceUID = CT, f"{study}.1.{number}"
    found.StudyInstanceUID, found.SeriesInstanceUID = study, f"{study}.1"
    found.PatientID, found.PatientName, found.PatientBirthDate, found.PatientSex = "P1", "", "", "F"
    found.AccessionNumber, found.StudyID, found.StudyDate, found.StudyTime = accession, "", "20260401", "090000"
    found.Modality, found.SeriesNumber, found.InstanceNumber = "CT", 1, number
    found.Rows, found.Columns, found.BitsAllocated, found.BitsStored, found.HighBit = 4, 4, 16, 12, 11
    found.SamplesPerPixel, found.PixelRepresentation, found.PhotometricInterpretation = 1, 0, "MONOCHROME2"
    found.PixelData = bytes(32)
    out = io.BytesIO()
    found.save_as(out, enforce_file_format=True)
    return out.getvalue()


class Whole:
    """Both roles, running."""

    def __init__(self, host: Host, session: aiohttp.ClientSession) -> None:
        self.host, self.session = host, session
        self.gateway, self.centre = host.ports[Role.GATEWAY], host.ports[Role.CENTRE]

    async def send(self, study: str, count: int, *, accession: str = "A1", broken: Sequence[int] = ()) -> None:
        """Let the anonymizer's work appear: bytes at rest, and the event."""
        blobs = {f"instances/{study}.1.{n}.dcm": instance(study, n, accession) for n in range(1, count + 1)}
        blobs |= {f"instances/{study}.1.{n}.dcm": b"not DICOM" for n in broken}
        await self.gateway.blobs["deidentified"].put_many(blobs)
        refs = tuple(InstanceRef(key, len(data), CT, key[10:-4], f"{study}.1", "CT") for key, data in blobs.items())
        link_keys = keys(study_instance_uid=study, accession_number=accession)
        event = InstancesDeidentified.first(
            study, correlation_id="r", site="hospital", receipt_id=f"r-{study}", keys=link_keys, instances=refs
        )
        await self.gateway.bus.publish(event)

    async def report(self, text: dict[str, Any]) -> None:
        """Let a de-identified report appear."""
        data, sha256 = packed(text)
        await self.gateway.blobs["deidentified"].put(f"reports/{sha256}.json", data)
        await self.gateway.bus.publish(report(text))

    async def get(self, path: str) -> Any:
        """Return a JSON answer, None where there is nothing."""
        async with self.session.get(self.host.base_url + path) as answer:
            assert answer.status in (200, 204, 404), await answer.text()
            return await answer.json(content_type=None) if answer.status == 200 else None

    async def deliveries(self, state: str) -> list[Delivery]:
        """Return deliveries of one state."""
        return (await self.gateway.documents.find(DELIVERIES, Eq("state", state))).documents

    async def told(self, role: Role, seen: list[Event]) -> None:
        """Collect what is published."""

        async def take(delivery: Delivered) -> Sequence[Event]:
            seen.append(delivery.event)
            return ()

        await self.host.ports[role].bus.consume("witness", take)


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    services = (GATEWAY, CENTRE, *ARCHIVE)
    async with (
        hosted(
            Hosting(services=services, every=(*services, *WITNESSES), home=tmp_path, site="hospital", environ=ENVIRON)
        ) as host,
        aiohttp.ClientSession() as session,
    ):
        yield Whole(host, session)


async def test_a_study_and_its_report_reach_the_archive_and_the_centre(whole: Whole) -> None:
    seen: list[Event] = []
    witness = asyncio.create_task(whole.told(Role.CENTRE, seen))
    await whole.report(document())
    await whole.send(STUDY, 5)

    async def arrived() -> bool:
        bundle = await whole.get(f"/api/reports?study={STUDY}")
        found = await whole.get(f"/dicom-web/studies/{STUDY}/instances")
        return bool(bundle["total"] == 1 and found and len(found) == 5)

    await until(arrived, 20)
    await until(lambda: STUDY in {e.study_instance_uid for e in seen if isinstance(e, CaseChanged)})
    witness.cancel()

    async def confirmed() -> bool:
        return len(await whole.deliveries("done")) == 2

    await until(confirmed)


async def test_what_the_archive_refuses_is_a_visible_failure_and_the_rest_is_stored(whole: Whole) -> None:
    await whole.send(STUDY, 3, broken=(2,))

    async def failed() -> bool:
        return len(await whole.deliveries("failed")) == 1

    await until(failed, 20)
    (delivery,) = await whole.deliveries("failed")
    assert len(delivery.confirmed) == 2
    assert list(delivery.failed) == [f"{STUDY}.1.2"]
    assert len(await whole.get(f"/dicom-web/studies/{STUDY}/instances")) == 2


async def test_images_sent_by_hand_to_the_archive_get_their_waiting_report(whole: Whole) -> None:
    await whole.report(document())

    async def here() -> bool:
        return (await whole.get("/api/reports/R1")) is not None

    await until(here, 20)
    boundary = "b"
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + instance(OTHER, 1) + b"\r\n--b--\r\n"
    headers = {"Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}'}
    async with whole.session.post(f"{whole.host.base_url}/dicom-web/studies", data=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()

    async def linked() -> bool:
        return bool((await whole.get(f"/api/reports?study={OTHER}"))["total"] == 1)

    await until(linked, 20)
