"""MDM and OUL carry reports too; their orders, numbers and states are read as those of an ORU are."""

import pytest

from services.ingest.reports.canonical import CanonicalReport
from services.ingest.reports.hl7.acknowledgement import check
from services.ingest.reports.hl7.message import segments_of
from services.ingest.reports.hl7.report import hl7_reports
from shared.errors import Invalid

PID = "PID|1||0001234567^^^H^MR||山本^花子||19700503|F"
OBX = "OBX|1|TX|18782-3^所見^LN||右肺に結節。||||||F"


def message(kind: str, *segments: str) -> bytes:
    head = f"MSH|^~\\&|RIS|H|JMID|H|20240401||{kind}|M1|P|2.5||||||UNICODE UTF-8"
    return "".join(f"{each}\r" for each in (head, PID, *segments)).encode()


def reports(kind: str, *segments: str) -> list[CanonicalReport]:
    read = segments_of(message(kind, *segments))
    check(read)
    return hl7_reports(read)


def txa(*, event: str = "AU", number: str = "DOC1", filler: str = "ORD9", availability: str = "AV") -> str:
    fields = [
        "TXA",
        "1",
        "DI",
        "TX",
        "20240401101500",
        "9001^佐々木^由美",
        *[""] * 6,
        number,
        "",
        "",
        filler,
        "",
        event,
    ]
    return "|".join([*fields, "", availability])


def test_a_document_of_an_mdm_is_the_report_of_its_order() -> None:
    (report,) = reports("MDM^T02^MDM_T02", "EVN|T02|20240401", "PV1|1|O", txa(), OBX)

    assert (report.report_id, report.status, report.findings) == ("ORD9", "final", "右肺に結節。")
    assert report.issued == "2024-04-01T10:15:00+09:00"
    assert report.unmapped == 0
    assert "佐々木 由美" in {getattr(each, "name", "") for each in report.mentions}


@pytest.mark.parametrize(
    ("kind", "completion", "availability", "status"),
    [
        ("T02", "PA", "AV", "preliminary"),
        ("T02", "LA", "CA", "cancelled"),
        ("T04", "AU", "OB", "entered-in-error"),
        ("T10", "AU", "AV", "corrected"),
        ("T02", "??", "AV", "unknown"),
    ],
)
def test_completion_and_availability_of_a_document_are_the_status(
    kind: str, completion: str, availability: str, status: str
) -> None:
    (report,) = reports(f"MDM^{kind}^MDM_T02", txa(event=completion, availability=availability), OBX)

    assert report.status == status


def test_a_cancelled_document_needs_no_text() -> None:
    (report,) = reports("MDM^T11^MDM_T01", txa(filler=""))

    assert (report.report_id, report.status) == ("DOC1", "cancelled")


def test_a_replacement_without_an_order_is_refused_for_it_would_be_another_report() -> None:
    with pytest.raises(Invalid, match="TXA-14"):
        reports("MDM^T10^MDM_T02", txa(filler=""), OBX)


def test_an_addendum_alone_is_refused_for_it_would_stand_for_the_whole() -> None:
    with pytest.raises(Invalid, match="unsupported-event"):
        reports("MDM^T06^MDM_T02", txa(), OBX)


def test_an_oul_is_read_with_its_order_behind_the_request_and_without_what_is_of_the_specimen() -> None:
    of_specimen = "OBX|1|TX|X^検体^L||検体の状態||||||F"
    first = ("SPM|1|||TISS", of_specimen, "OBR|1|P1|F1|CT^胸部CT", "ORC|RE|P1|F1", OBX)
    second = ("SPM|2|||TISS", of_specimen, "OBR|2|P2|F2|CT^腹部CT", "ORC|RE|P2|F2", OBX.replace("右肺", "肝"))

    one, two = reports("OUL^R22^OUL_R22", *first, *second)

    assert [(each.report_id, each.findings) for each in (one, two)] == [("F1", "右肺に結節。"), ("F2", "肝に結節。")]
    assert "検体の状態" not in f"{one}{two}"
    assert one.unmapped == 4  # SPM and its OBX, twice


def test_other_messages_are_not_taken() -> None:
    with pytest.raises(Invalid, match="unsupported-message"):
        check(segments_of(message("SIU^S12", OBX)))
