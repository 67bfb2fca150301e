"""HL7 v2 over MLLP and CDA by POST reach the portal linked to their studies, and nobody is named."""

import socket
from pathlib import Path

import pydicom
import pytest

from tests.flow import senders
from tests.flow.ports import Ports, every_byte
from tests.flow.system import start_up, until
from tests.ingest.reports import sr_documents as sr
from tests.servers.process import free_ports

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

SAMPLES = Path(__file__).parents[1] / "data" / "reports"


def as_of(name: str, who: senders.Person, study_date: str) -> bytes:
    """Return a sample with somebody else in it; its Study UID is left out, so that the order must link it."""
    family, given = who.name.split("^")
    text = (SAMPLES / name).read_bytes().decode()
    for old, new in (
        ("山本", family), ("花子", given), ("0001234567", who.patient_id), ("A2404010017", who.accession_number),
        ("19700503", who.birth_date), ("20240401102300", f"{study_date}102300"),
        ("\rZDS|1.2.392.200036.9999.1.20240401.17^DCM^Application^DICOM", ""),
        ('<id root="1.2.392.200036.9999.1.20240401.17"/>', ""),
    ):  # fmt: skip
        text = text.replace(old, new)
    return text.encode()


def test_hl7_over_mllp_and_cda_are_linked_and_found_and_nobody_is_named(shared_data: Path, tmp_path: Path) -> None:
    (mllp,) = free_ports(1)
    files = sorted(p for p in (shared_data / "dicom" / "ct-philips").iterdir() if p.name.startswith("I"))[:2]
    sent, people = senders.Sent(), [senders.person(number) for number in (0, 1)]
    system = start_up(tmp_path / "home", {"JMID_INGEST_MLLP_PORT": str(mllp)}, "--no-sample")
    try:
        for number, who in enumerate(people):
            study = senders.study(files, who, tmp_path / f"ct{number}", sent)
            senders.by_storescu(study, system.dimse_port)

        with socket.create_connection(("127.0.0.1", mllp), timeout=20) as line:
            line.sendall(b"\x0b" + as_of("hl7v2/oru_utf8.hl7", people[0], "20240531") + b"\x1c\x0d")
            acknowledged = line.recv(65536)
        cda = as_of("cda/report.xml", people[1], "20240531")
        status, _ = system.post("ingest", "/ingest/reports", cda, "application/cda+xml")

        assert (b"\rMSA|AA|MSG00017\r" in acknowledged, status) == (True, 202)
        until(lambda: len(system.cases(has_images="true", has_report="true")) == 2, "two linked cases")
        assert len(system.cases(q="結節")) == 2
        assert f"127.0.0.1 port {mllp}" in system.processes["up"].log.read_text(encoding="utf-8")
    finally:
        system.close()
    identified = [*sent.identified, "佐々木", "さくら中央病院", "A2404010017", "MSG00017", "03-5555-0123"]
    assert every_byte(system.home / "centre", Ports.embedded(), identified) == []


def test_an_sr_of_a_pacs_is_an_instance_and_a_report_and_nobody_is_named(shared_data: Path, tmp_path: Path) -> None:
    files = sorted(p for p in (shared_data / "dicom" / "ct-philips").iterdir() if p.name.startswith("I"))[:2]
    sent, who = senders.Sent(), senders.person(0)
    system = start_up(tmp_path / "home", {}, "--no-sample")
    try:
        study = senders.study(files, who, tmp_path / "ct", sent)
        image = pydicom.dcmread(study[0], stop_before_pixels=True)
        evidence = sr.evidence(image.StudyInstanceUID, sr.reference())
        report = sr.document(
            StudyInstanceUID=image.StudyInstanceUID,
            PatientID=who.patient_id,
            AccessionNumber=who.accession_number,
            StudyDate="20240531",
            CurrentRequestedProcedureEvidenceSequence=[evidence],
        )
        (tmp_path / "sr.dcm").write_bytes(sr.written(report))

        senders.by_storescu([*study, tmp_path / "sr.dcm"], system.dimse_port)

        until(lambda: len(system.cases(has_images="true", has_report="true")) == 1, "a linked case")
        until(lambda: system.instances() == 3, "three Instances")
        assert len(system.cases(q="充実性結節")) == 1
        assert len(system.cases(q="次回は3か月後")) == 1
    finally:
        system.close()
    uids = [report.SOPInstanceUID, report.SeriesInstanceUID]
    identified = [*sent.identified, *(name for name in sr.NAMED if not name.isdigit()), "0001234567", *uids]
    assert every_byte(system.home / "centre", Ports.embedded(), identified) == []
