"""What says that two numbers are of one patient is kept as a content: HL7 v2 ADT, FHIR Patient.link and CSV."""

import json
from typing import Any

import pytest

from services.ingest.reports.csv.merges import is_merge_table, merge_rows
from services.ingest.reports.csv.reader import DEFAULT
from services.ingest.reports.fhir.document import fhir_bundles
from services.ingest.reports.hl7.merges import hl7_merges
from services.ingest.reports.hl7.message import segments_of
from services.ingest.reports.merges import PatientMerge, PatientNumber, is_merge, merge_document
from shared.errors import Invalid
from shared.service import Role
from tests.ingest.conftest import Doors

HL7 = {"Content-Type": "application/hl7-v2; charset=utf-8"}
AT = "2024-04-01T10:15:00+09:00"


def adt(event: str, *segments: str) -> bytes:
    head = f"MSH|^~\\&|HIS|H|JMID|H|20240402||ADT^{event}|M1|P|2.5||||||UNICODE UTF-8"
    return "".join(f"{each}\r" for each in (head, f"EVN|{event}|20240401101500", *segments)).encode()


def merge(replaced: str, surviving: str, action: str = "merge") -> PatientMerge:
    return PatientMerge(replaced=PatientNumber(replaced), surviving=PatientNumber(surviving), at=AT, action=action)


@pytest.mark.parametrize("event", ["A18", "A34", "A40", "A47"])
def test_pid_has_the_number_that_stays_and_mrg_the_one_that_goes(event: str) -> None:
    two = ("PID|1||H9^^^^JHN~0002^^^^MR||山本^花子", "MRG|0001^^^^MR", "PID|1||0004", "MRG|0003")

    assert hl7_merges(segments_of(adt(event, *two))) == [merge("0001", "0002"), merge("0003", "0004")]


@pytest.mark.parametrize(("event", "action"), [("A24", "merge"), ("A37", "unmerge")])
def test_two_pid_are_linked_and_unlinked(event: str, action: str) -> None:
    message = adt(event, "PID|1||0002", "PV1|1", "PID|2||0001", "PV1|1")

    assert hl7_merges(segments_of(message)) == [merge("0001", "0002", action)]


@pytest.mark.parametrize(
    "segments",
    [("PID|1||0002",), ("MRG|0001",), ("PID|1||0002", "PID|1||0003", "MRG|0001")],
)
def test_a_pid_without_its_mrg_refuses_the_message(segments: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="missing-field"):
        hl7_merges(segments_of(adt("A40", *segments)))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (merge("0001", "0001"), "merge-of-one"),
        (merge("", "0001"), "missing-field"),
        (merge("0" * 65, "0001"), "missing-field"),
        (PatientMerge(replaced=PatientNumber("1"), surviving=PatientNumber("2"), at=""), "bad-date"),
    ],
)
def test_what_cannot_be_a_merge_is_refused(wrong: PatientMerge, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        merge_document(wrong)
    assert "0001" not in repr(wrong)


async def test_an_adt_is_acknowledged_kept_and_announced(doors: Doors) -> None:
    data = adt("A40", "PID|1||0002", "MRG|0001")
    async with doors.client.post("/ingest/reports", data=data, headers=HL7) as answer:
        status, text = answer.status, await answer.text()

    key = (await doors.blobs_published(1))[0]
    kept = await doors.host.ports[Role.GATEWAY].blobs["identified"].get(key)
    assert (status, "MSA|AA|M1" in text) == (200, True)
    assert (is_merge(kept), kept) == (True, merge_document(merge("0001", "0002")))


async def test_an_adt_of_another_event_is_rejected(doors: Doors) -> None:
    async with doors.client.post("/ingest/reports", data=adt("A08", "PID|1||0002"), headers=HL7) as answer:
        assert (answer.status, "MSA|AR|M1" in await answer.text()) == (415, True)


def patient(number: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": f"p{number}", "identifier": [{"value": number}], **more}


def documents(*resources: dict[str, Any]) -> list[bytes]:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
    return fhir_bundles(json.dumps(bundle).encode())


def test_patient_link_is_a_merge_in_either_direction() -> None:
    meta = {"lastUpdated": AT}
    gone = patient("0001", meta=meta, link=[{"type": "replaced-by", "other": {"reference": "Patient/p0002"}}])
    kept = patient("0002", meta=meta, link=[{"type": "replaces", "other": {"identifier": {"value": "0001"}}}])

    one, two = documents(gone, kept)

    assert one == two == merge_document(merge("0001", "0002"))
    with pytest.raises(Invalid, match="no-report"):
        documents(patient("0003", link=[{"type": "seealso", "other": {"reference": "Patient/p0002"}}]))


def test_a_link_that_cannot_be_used_refuses_no_report() -> None:
    odd = patient("0001", link=[{"type": "replaced-by", "other": {"reference": "Patient/unknown"}}])
    report = {"resourceType": "DiagnosticReport", "status": "final", "conclusion": "x", "subject": {}}

    assert len(documents(odd, report)) == 1
    with pytest.raises(Invalid, match="bad-date"):
        documents(odd)


def test_a_table_of_merges_is_read_row_by_row() -> None:
    head = "旧患者番号,新患者番号,統合日時,区分"
    lines = [head, f"0001,0002,{AT},", f"0003,0003,{AT},統合", f"0001,0002,{AT},統合解除", f"5,6,{AT},?"]
    table = "\n".join(lines).encode()

    read = [each for _, each in merge_rows(table, DEFAULT)]

    assert is_merge_table(table, DEFAULT)
    assert not is_merge_table(b"report_id,patient_id\n", DEFAULT)
    good = [merge_document(merge("0001", "0002")), merge_document(merge("0001", "0002", "unmerge"))]
    assert [each for each in read if isinstance(each, bytes)] == good
    assert [each.reason for each in read if isinstance(each, Invalid)] == ["merge-of-one", "not-an-action"]


async def test_a_table_of_merges_in_the_watched_folder_is_taken(doors: Doors) -> None:
    table = f"replaced_patient_id,surviving_patient_id,merged_at\n0001,0002,{AT}\n"
    (doors.csv_folder / "merges.csv").write_text(table, encoding="utf-8")

    key = (await doors.blobs_published(1))[0]

    kept = await doors.host.ports[Role.GATEWAY].blobs["identified"].get(key)
    assert kept == merge_document(merge("0001", "0002"))
