"""A patient opts out at the gateway: nothing of them is left at the centre, and nothing comes any more."""

import asyncio
import io
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import orjson
import pydicom
import pytest
from pydicom.uid import generate_uid

from services.anonymizer.opt_out.proof import is_signed
from services.archive.records import INSTANCES, STUDIES, StudyRecord
from services.linker.centre.records import REPORTS
from shared.service import Role
from tests.flow import senders
from tests.flow.inside import System, running, until
from tests.flow.ports import Ports, every_byte
from tests.flow.system import JMID, PIXELS_UNREAD

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

FINDINGS = "右肺上葉に結節影を認める。"
TOMBSTONES = {"d_withdrawn_studies", "d_withdrawals", "d_case_changes"}
"""Where the centre keeps Study Instance UIDs of what was withdrawn, beside the keys of what is gone (g_…)."""
AUDIT_TRAIL = {"d_audit_log", "m_audit_log_objects"}
"""Who asked for what: UIDs, which are pseudonyms, and no content."""


def of(number: int, instance: bytes, *, site: str = "") -> bytes:
    """Return the Instance as the only one of a Study of its own, of this person."""
    data = pydicom.dcmread(io.BytesIO(instance))
    who = senders.person(number)
    data.PatientID, data.PatientName, data.PatientBirthDate = who.patient_id, who.dicom_name, who.birth_date
    data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = (generate_uid() for _ in range(3))
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    file = io.BytesIO()
    data.save_as(file)
    return file.getvalue()


class Hospital:
    """The system with a patient who has two Studies, a report, a derived object and a diagnosis; and another one."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.studies: list[StudyRecord] = []
        self.uids: set[str] = set()

    async def fill(self, instance: bytes) -> None:
        """Send two Studies and a report of person 1, one of each of person 2; write a diagnosis about the first."""
        self.images = [of(1, instance), of(1, instance)]
        receipt = await self.system.sent([*self.images, of(2, instance)])
        assert receipt["delivered_instances"] == 3, receipt
        for number in (1, 2):
            report = senders.fhir_report(senders.person(number), number, "20240531", FINDINGS)
            assert (await self.system.report(report))["delivered_reports"] == 1
        documents = self.system.documents(Role.CENTRE)
        every = [each async for each in documents.every(STUDIES)]
        ids = [each.patient_id for each in every]
        self.pseudonym = max(set(ids), key=ids.count)
        self.studies = [each for each in every if each.patient_id == self.pseudonym]
        self.others = [each.study_instance_uid for each in every if each.patient_id != self.pseudonym]
        instances = [each async for each in documents.every(INSTANCES)]
        own = [each for each in instances if each.study_instance_uid in self.study_uids]
        self.uids = {uid for each in own for uid in (each.sop_instance_uid, each.series_instance_uid)}
        body = {"by": "r", "study_instance_uids": [self.study_uids[0]], "note": "肺癌の疑い"}
        async with self.system.client.post("/api/diagnoses", json=body) as answer:
            assert answer.status == 201, await answer.text()
        await self.are_found(3)

    @property
    def study_uids(self) -> list[str]:
        return [each.study_instance_uid for each in self.studies]

    async def are_found(self, count: int) -> None:
        async def there() -> bool:
            async with self.system.client.get("/api/cases?limit=50") as answer:
                cases = (await answer.json())["cases"]
            return len([case for case in cases if case["instances"]]) == count

        await until(there, lambda: f"not {count} cases with images are found")

    async def jmid(self, *arguments: str, given: str = "") -> tuple[int, str]:
        """Return the exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            str(JMID), *arguments, "--home", str(self.system.home), env=dict(os.environ), stdin=-1, stdout=-1, stderr=-1
        )
        said, errors = await process.communicate(given.encode())
        return process.returncode or 0, said.decode() + errors.decode()

    async def opt_out(self, *more: str) -> str:
        """Let person 1 opt out by the command; return the id."""
        given = senders.person(1).patient_id + "\n"
        code, said = await self.jmid("opt-out", "add", "--by", "officer", "--reason", "申し出", *more, given=given)
        assert code == 0, said
        return said.split()[0]

    async def is_in_state(self, state: str) -> dict[str, Any]:
        found: dict[str, Any] = {}

        async def there() -> bool:
            async with self.system.client.get("/api/gateway/opt-outs") as answer:
                found.update(*(await answer.json())["opt_outs"][:1])
            return bool(found.get("state") == state)

        await until(there, lambda: f"the opt-out is {found}")
        return found

    async def is_gone(self) -> None:
        """Wait until the centre holds the others' Studies alone."""
        documents = self.system.documents(Role.CENTRE)

        async def gone() -> bool:
            return [each.study_instance_uid async for each in documents.every(STUDIES)] == self.others

        await until(gone, lambda: "the patient's Studies are at the centre")

    async def index_is_rewritten(self) -> None:
        async def there() -> bool:
            stamps = list(self.system.home.rglob("position.json"))
            return bool(stamps) and not any(orjson.loads(each.read_bytes()).get("must_rewrite") for each in stamps)

        await until(there, lambda: "the index was not written anew")


@pytest.fixture
async def hospital(tmp_path: Path, ct: list[bytes]) -> AsyncIterator[Hospital]:
    async with running(tmp_path / "home", PIXELS_UNREAD) as system:
        filled = Hospital(system)
        await filled.fill(ct[0])
        yield filled


async def test_nothing_of_a_patient_who_opted_out_is_left_at_the_centre_and_the_others_are_as_they_were(
    hospital: Hospital, ct: list[bytes]
) -> None:
    system = hospital.system
    key = await hospital.opt_out("--wait")

    row = await hospital.is_in_state("done")
    await hospital.are_found(1)
    await hospital.index_is_rewritten()
    code, said = await hospital.jmid("opt-out", "proof", key)

    proof = orjson.loads(said)
    assert code == 0
    assert is_signed(proof)
    assert not is_signed({**proof, "done_at": ""})
    assert proof["complete"]
    assert proof["took_s"] < 3600
    assert (row["counts"]["centre: studies"], row["counts"]["centre: instances"]) == (2, 2)
    assert (row["counts"]["centre: reports"], row["counts"]["centre: diagnoses"]) == (1, 1)
    assert {each["study_instance_uid"] for each in proof["studies"]} == set(hospital.study_uids)
    for study in hospital.study_uids:
        async with system.client.get(f"/dicom-web/studies/{study}") as answer:
            assert answer.status == 410
            assert (await answer.json())["reason"] == "withdrawn"
        async with system.client.post("/api/recalls", json={"study_instance_uid": study, "by": "r"}) as answer:
            assert answer.status == 403
    documents = system.documents(Role.CENTRE)
    assert [each.study_instance_uid async for each in documents.every(STUDIES)] == hospital.others
    assert await documents.count(REPORTS) == 1

    again = await system.receipt(await system.send([*hospital.images, of(1, ct[1])]), "refused", "undelivered")

    assert again["reasons"] == {"opted-out": 3}, again
    assert await documents.count(STUDIES) == 1


async def test_no_byte_of_the_centre_holds_the_patient(tmp_path: Path, ct: list[bytes]) -> None:
    home = tmp_path / "home"
    async with running(home, PIXELS_UNREAD) as system:
        hospital = Hospital(system)
        await hospital.fill(ct[0])
        values = [hospital.pseudonym, "肺癌の疑い"]
        before = {value for _, value in every_byte(home / "centre", Ports.embedded(), values)}
        await hospital.opt_out("--wait")
        await hospital.are_found(1)
        await hospital.index_is_rewritten()

    assert before == set(values)
    assert every_byte(home / "centre", Ports.embedded(), values) == []
    of_studies = {table for table, _ in tables_with(home / "centre", hospital.study_uids) if table[:2] != "g_"}
    of_instances = {table for table, _ in tables_with(home / "centre", hospital.uids) if table[:2] != "g_"}
    assert of_studies <= TOMBSTONES | AUDIT_TRAIL
    assert of_instances <= AUDIT_TRAIL


def tables_with(folder: Path, values: Iterable[str]) -> list[tuple[str, str]]:
    """Return the tables of the documents in which a value stands."""
    found = []
    for path in folder.rglob("documents*.sqlite"):
        with sqlite3.connect(path) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
                text = b"\n".join(
                    each if isinstance(each, bytes) else str(each).encode() for row in rows for each in row
                )
                found += [(name, value) for value in values if value.encode() in text]
    return found


async def test_who_takes_part_again_is_collected_again(hospital: Hospital) -> None:
    key = await hospital.opt_out("--wait")

    code, said = await hospital.jmid("opt-out", "remove", key, "--by", "officer", "--reason", "撤回")
    row = await hospital.is_in_state("lifted")
    receipt = await hospital.system.receipt(await hospital.system.send(hospital.images), "delivered", "duplicate")

    assert code == 0, said
    assert [each["action"] for each in row["steps"]] == ["add", "remove"]
    assert receipt["reasons"] == {}
    await hospital.are_found(3)


async def test_an_opt_out_while_the_services_rest_is_carried_out_when_they_are_back(
    tmp_path: Path, ct: list[bytes]
) -> None:
    home = tmp_path / "home"
    async with running(home, PIXELS_UNREAD) as system:
        hospital = Hospital(system)
        await hospital.fill(ct[0])
    await hospital.opt_out()

    async with running(home, PIXELS_UNREAD) as system:
        hospital.system = system
        await hospital.is_in_state("done")
        studies = [each.study_instance_uid async for each in system.documents(Role.CENTRE).every(STUDIES)]

    assert studies == hospital.others
