"""One study and its report go in at a hospital's gateway and come out, de-identified, linked and found."""

import json
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient

from tests.flow import senders
from tests.flow.ports import Ports, every_byte
from tests.flow.system import System, start_up, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

CT_FINDINGS = "右肺上葉に結節影を認める。{family}さんは前回より増大。"
MR_FINDINGS = "両側大脳白質にT2延長域を認める。"


def real_files(shared_data: Path) -> dict[str, list[Path]]:
    dicom = shared_data / "dicom"
    return {
        "ct": sorted(p for p in (dicom / "ct-philips").iterdir() if p.name.startswith("I")),
        "mr": sorted((dicom / "dcmqi" / "paramaps" / "701-ADCb500").glob("*.dcm")),
        "siemens": sorted(p for p in (dicom / "mr-siemens").iterdir() if "_MR." in p.name),
    }


@pytest.fixture(params=["embedded", "servers"])
def ports(request: pytest.FixtureRequest) -> Ports:
    """The embedded ports, or RabbitMQ, the MongoDB protocol and S3."""
    if request.param == "embedded":
        return Ports.embedded()
    return Ports.servers(request)


@pytest.fixture
def system(tmp_path: Path, ports: Ports) -> Iterator[System]:
    running = start_up(tmp_path / "home", ports.environ, "--no-sample")
    yield running
    running.close()


def test_everything_sent_is_archived_linked_and_found_once_and_nobody_is_named(
    system: System, ports: Ports, shared_data: Path, tmp_path: Path
) -> None:
    files, sent = real_files(shared_data), senders.Sent()
    people = [senders.person(number) for number in range(4)]
    ct = senders.study(files["ct"], people[0], tmp_path / "ct", sent)
    mr = senders.study(files["mr"], people[1], tmp_path / "mr", sent, "20240601")
    csa = senders.study(files["siemens"], people[2], tmp_path / "csa", sent, "20240602")

    senders.by_storescu(ct, system.dimse_port)
    senders.by_stow(mr, system.url("ingest") + "/ingest/dicom-web")
    senders.by_stow(csa, system.url("ingest") + "/ingest/dicom-web")
    family = people[0].name.split("^")[0]
    texts = [CT_FINDINGS.format(family=family), MR_FINDINGS, "", "画像のない報告。胸水を認めない。"]
    for number in (0, 1, 3):
        body = senders.fhir_report(people[number], number, "20240531", texts[number], "MR" if number == 1 else "CT")
        status, answer = system.post("ingest", "/ingest/reports", body, "application/fhir+json")
        assert status in (200, 201, 202), answer
        sent.note(people[number], f"RPT{number:06d}")

    until(lambda: system.instances() == sent.instances, "every instance in the archive")
    until(lambda: len(system.cases()) == 4, "four cases")
    until(lambda: len(system.cases(has_images="true", has_report="true")) == 2, "two linked cases")
    until(lambda: len(system.cases(has_images="true", has_report="false")) == 1, "a case without a report")
    until(lambda: len(system.cases(has_images="false", has_report="true")) == 1, "a case without images")
    hit = until(lambda: system.cases(q="結節"), "the CT's report by its words")
    assert [case["modalities"] for case in hit] == [["CT"]]
    assert hit[0]["instances"] == len(ct)
    assert hit[0]["age_years"] == 63
    _assert_retrievable(system, hit[0]["study_instance_uid"], len(ct), ct)
    system.close()
    leaks = every_byte(system.home / "centre", ports, sent.identified)
    assert leaks == []
    log = "".join(path.read_text(encoding="utf-8") for path in (system.home / "jmid.log", system.processes["up"].log))
    assert [value for value in sent.identified if value in log] == []


def _assert_retrievable(system: System, study_uid: str, count: int, originals: list[Path]) -> None:
    """Every Instance comes out whole, with the pixels that went in."""
    client = DICOMwebClient(system.url("archive") + "/dicom-web")
    found = client.retrieve_study(study_uid)
    assert len(found) == count
    before = {bytes(pydicom.dcmread(path).PixelData) for path in originals}
    assert {bytes(dataset.PixelData) for dataset in found} == before
    assert {str(dataset.PatientIdentityRemoved) for dataset in found} == {"YES"}


def test_the_receipt_is_the_correlation_id_of_the_case(system: System, shared_data: Path, tmp_path: Path) -> None:
    ct = senders.study(real_files(shared_data)["ct"][:2], senders.person(7), tmp_path / "ct", senders.Sent())

    senders.by_storescu(ct, system.dimse_port)
    until(lambda: system.instances() == 2 and system.cases(), "the case")

    receipt = system.get("ingest", "/ingest/receipts")["receipts"][0]["id"]
    wanted = {"instances.received", "instances.deidentified", "instances.stored", "study.changed"}
    until(lambda: wanted <= _topics_of(system, receipt), "every event to name the receipt", 20)


def _topics_of(system: System, correlation_id: str) -> set[str]:
    lines = [json.loads(line) for line in (system.home / "jmid.log").read_text(encoding="utf-8").splitlines()]
    return {line["topic"] for line in lines if line.get("correlation_id") == correlation_id and "topic" in line}


def test_what_is_sent_twice_is_there_once(system: System, shared_data: Path, tmp_path: Path) -> None:
    sent = senders.Sent()
    ct = senders.study(real_files(shared_data)["ct"][:5], senders.person(5), tmp_path / "ct", sent)
    report = senders.fhir_report(senders.person(5), 5, "20240531", "異常を認めない。")

    for _ in range(2):
        senders.by_storescu(ct, system.dimse_port)
        system.post("ingest", "/ingest/reports", report, "application/fhir+json")

    until(lambda: system.instances() == 5 and len(system.cases(has_report="true")) == 1, "one case of five instances")
    case = system.cases()[0]
    assert len(system.cases()) == 1
    assert len(case["report_ids"]) == 1


def test_a_stopped_system_keeps_everything(system: System, shared_data: Path, tmp_path: Path) -> None:
    sent = senders.Sent()
    ct = senders.study(real_files(shared_data)["ct"][:3], senders.person(6), tmp_path / "ct", sent)
    senders.by_storescu(ct, system.dimse_port)
    until(lambda: system.instances() == 3, "three instances")

    exit_code = system.processes["up"].stop()
    system.processes["up"].start()
    system.processes["up"].wait_ready()

    assert exit_code == 0
    assert system.instances() == 3
    until(lambda: len(system.cases()) == 1, "the case")
