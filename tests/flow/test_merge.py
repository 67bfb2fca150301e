"""A patient's two numbers are merged at the hospital: images under one and a report under the other become one case."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.uid import generate_uid

from services.linker.links.merges import PATIENT_MERGES
from shared.service import Role
from tests.flow import senders
from tests.flow.inside import System, running, until
from tests.flow.system import PIXELS_UNREAD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

OLD = senders.person(1)
NEW = dataclasses.replace(OLD, patient_id="PT90000001")


def image(instance: bytes) -> bytes:
    """Return the Instance as one of a Study of the old number."""
    data = pydicom.dcmread(io.BytesIO(instance))
    data.PatientID, data.PatientName, data.PatientBirthDate = OLD.patient_id, OLD.dicom_name, OLD.birth_date
    data.AccessionNumber = OLD.accession_number
    data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = (generate_uid() for _ in range(3))
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    file = io.BytesIO()
    data.save_as(file)
    return file.getvalue()


def adt() -> bytes:
    segments = (
        "MSH|^~\\&|HIS|H|JMID|H|20240601||ADT^A40^ADT_A39|M1|P|2.5||||||UNICODE UTF-8",
        "EVN|A40|20240601090000",
        f"PID|1||{NEW.patient_id}^^^^MR||{NEW.name}",
        f"MRG|{OLD.patient_id}^^^^MR",
    )
    return "".join(f"{each}\r" for each in segments).encode()


async def case_of(system: System) -> dict[str, Any]:
    async with system.client.get("/api/cases?limit=50") as answer:
        cases = (await answer.json())["cases"]
    return next((each for each in cases if each["instances"]), {})


async def test_a_merge_makes_one_case_of_images_and_report(tmp_path: Path, ct: list[bytes]) -> None:
    async with running(tmp_path / "home", PIXELS_UNREAD) as system:
        await system.sent([image(ct[0])])
        await system.report(senders.fhir_report(NEW, 1, "20240531", "右肺上葉に結節影を認める。"))

        async def images_there() -> bool:
            return bool(await case_of(system))

        await until(images_there, lambda: "the images are not found")
        assert not (await case_of(system))["report_ids"]

        headers = {"Content-Type": "application/hl7-v2; charset=utf-8"}
        async with system.client.post("/ingest/reports", data=adt(), headers=headers) as answer:
            assert "MSA|AA|M1" in await answer.text()
            receipt_id = answer.headers["X-Receipt"]

        async def is_one_case() -> bool:
            return bool((await case_of(system)).get("report_ids"))

        await until(is_one_case, lambda: "images and report are two cases")

        async def is_delivered() -> bool:
            async with system.client.get(f"/ingest/receipts/{receipt_id}") as answer:
                return bool((await answer.json())["delivered_reports"] == 1)

        await until(is_delivered, lambda: "the receipt of the merge is not delivered")
        [merge] = [each async for each in system.documents(Role.CENTRE).every(PATIENT_MERGES)]
        assert not {OLD.patient_id, NEW.patient_id} & set(merge.patients)

        async def is_of_the_survivor() -> bool:
            return bool((await case_of(system))["patient_id"] == merge.last.surviving)

        await until(is_of_the_survivor, lambda: "the case is not shown under the number that stays")
