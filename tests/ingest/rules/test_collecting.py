"""Rules at the receivers: what is left out is answered, counted and named, and no byte of it is kept."""

import asyncio
import datetime as dt
from pathlib import Path

import aiohttp
import pydicom
import pytest
from pydicom.uid import generate_uid
from typer.testing import CliRunner

from services.__main__ import app
from services.ingest.images.instance_uids import identify
from services.ingest.receipts.records import ARRIVALS, RECEIPTS, Receipt
from services.ingest.reports.hl7.frames import END, START
from shared.service import Role
from tests.ingest.conftest import Doors, open_doors
from tests.ingest.images.test_dimse import storescu
from tests.ingest.reports.test_messages import CDA, ORU
from tests.servers.process import free_ports

RULES = """
version = "2024-04"
default = "leave"
default_reports = "leave"

[[rule]]
name = "ct"
action = "collect"
kind = "instances"
modality = ["CT"]

[[rule]]
name = "chosen"
action = "collect"
manual = true
"""
PEERS = """
[[ae]]
ae_title = "PACS"
addresses = ["127.0.0.1"]

[[ae]]
ae_title = "WORKSTATION"
addresses = ["127.0.0.1"]
manual = true
"""


def environ(folder: Path) -> dict[str, str]:
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    (folder / "peers.toml").write_text(PEERS, encoding="utf-8")
    return {
        "JMID_INGEST_RULES": str(folder / "rules.toml"),
        "JMID_INGEST_AE_PEERS": str(folder / "peers.toml"),
    }


def as_mr(path: Path, folder: Path) -> Path:
    dataset = pydicom.dcmread(path)
    dataset.Modality = "MR"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.save_as(folder / "mr.dcm")
    return folder / "mr.dcm"


async def only_receipt(doors: Doors) -> Receipt:
    (receipt,) = (await doors.documents.find(RECEIPTS)).documents
    return receipt


async def test_c_store_answers_success_and_the_receipt_names_the_rule(tmp_path: Path, ct: list[Path]) -> None:
    mr = as_mr(ct[0], tmp_path)
    async with open_doors(tmp_path / "home", **environ(tmp_path)) as doors:
        code = await storescu(doors.dimse_port, mr, ct[1])
        await doors.blobs_published(1)
        receipt = await only_receipt(doors)
        async with doors.client.get("/gateway/receipts", headers={"Accept-Language": "ja"}) as page:
            text = await page.text()
        keys = [each async for each in doors.host.ports[Role.GATEWAY].blobs["identified"].keys("")]
        arrivals = await doors.documents.count(ARRIVALS)

    assert code == 0
    assert (receipt.received, receipt.not_collected, arrivals, len(keys)) == (1, {"default": 1}, 1, 1)
    assert "収集対象外: 1 件（規則 default）" in text
    assert [version.startswith("2024-04-") for version in receipt.rules] == [True]


async def test_what_a_person_sends_is_collected_by_its_calling_ae_title(tmp_path: Path, ct: list[Path]) -> None:
    mr = as_mr(ct[0], tmp_path)
    async with open_doors(tmp_path / "home", **environ(tmp_path)) as doors:
        assert await storescu(doors.dimse_port, mr, title="WORKSTATION") == 0
        receipt = await only_receipt(doors)

    assert (receipt.received, receipt.not_collected, receipt.manual) == (1, {}, True)


async def test_stow_says_that_something_was_not_kept(tmp_path: Path, ct: list[Path]) -> None:
    mr = as_mr(ct[0], tmp_path)
    async with open_doors(tmp_path / "home", **environ(tmp_path)) as doors:
        with aiohttp.MultipartWriter("related") as body:
            body.append(mr.read_bytes(), {"Content-Type": "application/dicom"})
        kind = f'multipart/related; type="application/dicom"; boundary={body.boundary}'
        async with doors.client.post("/ingest/dicom-web/studies", data=body, headers={"Content-Type": kind}) as answer:
            warning = answer.headers["Warning"]
        receipt = await only_receipt(doors)

    assert (answer.status, receipt.state, receipt.received) == (202, "not-collected", 0)
    assert "1 Instances are not collected" in warning


async def test_a_report_that_is_left_out_is_acknowledged_and_not_kept(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    own = {k: v for k, v in environ(tmp_path).items() if k != "JMID_INGEST_AE_PEERS"}
    async with open_doors(tmp_path / "home", **own, JMID_INGEST_MLLP_PORT=str(port)) as doors, asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(START + ORU + END)
        answer = await reader.readuntil(END)
        writer.close()
        receipt = await only_receipt(doors)

    assert b"\rMSA|AA|" in answer
    assert (receipt.state, receipt.not_collected) == ("not-collected", {"default": 1})


async def test_rules_change_while_ingest_runs(tmp_path: Path, ct: list[Path]) -> None:
    async with open_doors(tmp_path / "home", **environ(tmp_path)) as doors:
        (tmp_path / "rules.toml").write_text(RULES.replace('"CT"', '"MR"').replace("2024-04", "2024-05"))

        async def is_left_out() -> bool:
            await storescu(doors.dimse_port, ct[0])
            receipts = (await doors.documents.find(RECEIPTS)).documents
            return any(each.not_collected and each.rules[0].startswith("2024-05") for each in receipts)

        await doors.until(is_left_out)


def test_an_instance_says_what_rules_ask_for(ct: list[Path], tmp_path: Path) -> None:
    dataset = pydicom.dcmread(ct[0])
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.Modality, dataset.StationName, dataset.StudyDescription = "CT", "CT-1", "胸部単純"
    dataset.PatientAge, dataset.StudyDate = "018M", "20240501"
    code = pydicom.Dataset()
    code.CodeValue = "P1"
    dataset.ProcedureCodeSequence = [code]
    dataset.save_as(tmp_path / "ct.dcm")

    facts = identify((tmp_path / "ct.dcm").read_bytes(), with_facts=True).facts

    assert facts is not None
    assert (facts.modality, facts.station, facts.age_y, facts.codes) == ("CT", "CT-1", 1, ("P1",))
    assert "胸部単純" in facts.procedures
    assert str(facts.study_date) == "2024-05-01"


def test_rules_are_tried_on_a_folder_beside_those_in_force(
    tmp_path: Path, ct: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sample"
    folder.mkdir()
    for path in ct[:2]:
        (folder / path.name).write_bytes(path.read_bytes())
    as_mr(ct[0], folder)
    (folder / "notes.txt").write_text("no Instance")
    (folder / "report.hl7").write_bytes(ORU)
    (folder / "report.xml").write_bytes(CDA)
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    monkeypatch.delenv("JMID_INGEST_RULES", raising=False)

    result = CliRunner().invoke(app, ["rules", "try", str(tmp_path / "rules.toml"), str(folder)])

    assert result.exit_code == 0
    assert "3 now collected by default would be left out by default" in result.output
    assert "1 files are no Instance or report" in result.output


async def test_rules_are_tried_on_what_came_on_a_day(
    tmp_path: Path, ct: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_doors(tmp_path / "home") as doors:
        assert await storescu(doors.dimse_port, *ct[:2]) == 0
        (arrival, _) = (await doors.documents.find(ARRIVALS)).documents
    (tmp_path / "rules.toml").write_text(RULES.replace('"CT"', '"MR"'), encoding="utf-8")
    monkeypatch.delenv("JMID_INGEST_RULES", raising=False)

    def tried(day: str) -> str:
        command = ["rules", "try", str(tmp_path / "rules.toml"), "--receipts", day, "--home", str(tmp_path / "home")]
        return CliRunner().invoke(app, command).output

    today = dt.datetime.fromtimestamp(arrival.at).astimezone().date()
    outputs = [await asyncio.to_thread(tried, str(day)) for day in (today, today - dt.timedelta(days=40))]
    assert "2 now collected by default would be left out by default" in outputs[0]
    assert "0 contents" in outputs[1]
