"""DICOM SR documents are reports as well as Instances."""

import asyncio
import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file

from services.anonymizer.policy import Policy
from services.anonymizer.pseudonyms.keys import create
from services.anonymizer.reports.deidentify import deidentify
from services.ingest.receipts.records import ARRIVALS, REJECTED, REPORT
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.sr.report import Document
from shared.errors import Invalid
from shared.events import InstancesReceived, ReportReceived
from shared.service import Role
from tests.ingest.conftest import Doors
from tests.ingest.images.test_stow import send
from tests.ingest.reports.sr_documents import (  # fmt: skip
    BASIC,
    COMPREHENSIVE,
    FINDING,
    FINDINGS,
    IMPRESSION,
    NAMED,
    after,
    code,
    document,
    item,
    number,
    section,
    text,
    written,
)
from tests.servers.dcmtk import tool


def resources(bundle: bytes | None, kind: str) -> list[dict[str, Any]]:
    assert bundle is not None
    entries = json.loads(bundle)["entry"]
    return [entry["resource"] for entry in entries if entry["resource"]["resourceType"] == kind]


def bundle(dataset: pydicom.FileDataset) -> bytes | None:
    report = Document(written(dataset)).report("1.2.3")
    return None if report is None else bundle_of(report)


def texts(found: bytes | None) -> dict[str, str]:
    said = {each["id"]: each["valueString"] for each in resources(found, "Observation")}
    [report] = resources(found, "DiagnosticReport")
    forms = [base64.b64decode(form["data"]).decode() for form in report.get("presentedForm", []) if "data" in form]
    reasons = [reason["text"] for order in resources(found, "ServiceRequest") for reason in order.get("reasonCode", [])]
    return {**said, "text": "".join(forms), "history": "".join(reasons)}


def test_sections_become_fields_and_what_is_no_text_is_left_behind() -> None:
    found = bundle(document())

    said = texts(found)
    assert said["findings"].split("\n") == [
        "右肺S6に12mmの充実性結節を認める。佐々木医師の前回読影と比較。", "Long axis: 12.5 mm", "Finding Site: Lung",
        "Study Date: 2024-04-01T10:23:00+09:00",
    ]  # fmt: skip
    assert said["impression"].startswith("肺癌の疑い。")
    assert said["history"].startswith("山本花子様。咳嗽の精査。")
    assert said["text"] == "連絡事項\n備考: 次回は3か月後。"
    [report] = resources(found, "DiagnosticReport")
    assert [form["contentType"] for form in report["presentedForm"] if "data" not in form] == ["application/dicom"] * 2
    assert b"20240401102300" not in (found or b"")


def test_the_header_links_it_and_says_what_it_is_worth() -> None:
    dataset = document()

    found = bundle(dataset)

    [report], [patient] = resources(found, "DiagnosticReport"), resources(found, "Patient")
    assert (report["status"], report["issued"]) == ("final", "2024-04-01T17:30:00+09:00")
    assert [each["coding"][0]["code"] for each in report["category"]] == ["LP29684-5", "CT"]
    assert report["code"]["text"] == "CT Report"
    assert patient["identifier"][0]["value"] == "0001234567"
    assert patient["name"][0]["text"] == "山本 花子"
    assert resources(found, "ServiceRequest")[0]["identifier"][0]["value"] == "A2404010017"
    assert resources(found, "ImagingStudy")[0]["identifier"][0]["value"] == f"urn:oid:{dataset.StudyInstanceUID}"


def test_nobody_is_named_after_cleaning(tmp_path: Path) -> None:
    found = bundle(document())
    assert found is not None

    report = deidentify(found, Policy("jmid", create(tmp_path / "keys", "jmid"), "a", recognise=False))

    said = report.document.decode()
    assert [name for name in NAMED if name in said] == []
    for kept in ("右肺S6に12mmの充実性結節", "12.5 mm", "橋本病の既往", "肺癌の疑い", "Lung"):
        assert kept in said
    assert report.dropped == {"attachment": 2, "unmapped": 1}


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "final"),
        ({"CompletionFlag": "PARTIAL"}, "preliminary"),
        ({"VerificationFlag": "UNVERIFIED"}, "preliminary"),
        ({"VerificationFlag": "UNVERIFIED", "PreliminaryFlag": "FINAL"}, "final"),
        ({"PreliminaryFlag": "PRELIMINARY"}, "preliminary"),
        ({"PredecessorDocumentsSequence": after(document())}, "amended"),
    ],
)
def test_the_flags_tell_the_status(more: dict[str, Any], status: str) -> None:
    assert resources(bundle(document(**more)), "DiagnosticReport")[0]["status"] == status


def test_a_basic_text_document_without_known_headings_is_read_as_text() -> None:
    own = section(("S1", "99HOSP", "報告"), text(("S2", "99HOSP", "本文"), "両肺に異常なし。"))

    assert texts(bundle(document([own], sop_class=BASIC)))["text"] == "報告\n本文: 両肺に異常なし。"
    assert bundle(document([own], sop_class=COMPREHENSIVE)) is None


LATERALITY, LEFT = ("272741003", "SCT", "側性"), code("7771000", "SCT", "左")


def modifier(name: tuple[str, str, str], value: list[pydicom.Dataset], *children: pydicom.Dataset) -> pydicom.Dataset:
    return item("HAS CONCEPT MOD", "CODE", name, *children, ConceptCodeSequence=value)


def said_of(*items: pydicom.Dataset) -> str:
    return texts(bundle(document([section(FINDINGS, *items)])))["findings"]


def test_what_modifies_an_item_is_said_with_it() -> None:
    absent = modifier(
        ("G-0", "99HOSP", "有無"),
        code("A", "99HOSP", "なし"),
        modifier(("G-1", "99HOSP", "確度"), code("B", "99HOSP", "高")),
    )
    mass = text(("1", "99HOSP", "腫瘤"), "乳房", modifier(LATERALITY, LEFT), absent)
    size = number(("103339001", "SCT", "長径"), "12.5", "mm")
    size.ContentSequence = [modifier(LATERALITY, LEFT)]

    assert said_of(mass, size).split("\n") == [
        "腫瘤: 乳房 (側性: 左, 有無: なし (確度: 高))",
        "長径: 12.5 mm (側性: 左)",
    ]


def test_a_container_that_is_no_section_heads_what_stands_in_it_with_its_modifiers() -> None:
    breast = section(
        ("B", "99HOSP", "乳房"), modifier(LATERALITY, LEFT), section(("E", "99HOSP", "空")), text(FINDING, "腫瘤")
    )

    assert said_of(breast, text(FINDING, "他に異常なし")).split("\n") == ["乳房", "側性: 左", "腫瘤", "他に異常なし"]


def test_the_documents_modifiers_are_said_but_not_its_language() -> None:
    language = modifier(("121049", "DCM", "Language"), code("ja", "RFC5646", "日本語"))

    found = bundle(document([language, modifier(LATERALITY, LEFT), section(FINDINGS, text(FINDING, "腫瘤"))]))

    assert texts(found)["text"] == "側性: 左"


def test_times_qualifiers_codes_without_meaning_and_another_subject_are_said() -> None:
    no_value = item("CONTAINS", "NUM", ("1", "99HOSP", "径"), MeasuredValueSequence=[])
    no_value.NumericValueQualifierCodeSequence = code("114006", "DCM", "測定不能")
    at = item("CONTAINS", "TIME", ("2", "99HOSP", "造影開始"), Time="102300")
    plain = item("CONTAINS", "CODE", ("3", "99HOSP", "分類"), ConceptCodeSequence=code("C5", "99HOSP", ""))
    fetus = item("HAS OBS CONTEXT", "TEXT", ("11951-1", "LN", "Fetus ID"), TextValue="A")
    agent = item(
        "HAS ACQ CONTEXT", "CODE", ("4", "99HOSP", "造影剤"), ConceptCodeSequence=code("I", "99HOSP", "ヨード")
    )

    said = said_of(no_value, at, plain, fetus, agent)

    assert said.split("\n") == ["径: 測定不能", "造影開始: 10:23:00", "分類: C5", "Fetus ID: A", "造影剤: ヨード"]


def test_a_value_type_that_nobody_reads_refuses_the_report() -> None:
    with pytest.raises(Invalid, match="unsupported-value-type"):
        bundle(document([section(FINDINGS, text(FINDING, "x"), item("CONTAINS", "TABLE", FINDING))]))


def test_measurements_and_doses_are_no_reports() -> None:
    assert bundle(document(title=("126000", "DCM", "Imaging Measurement Report"))) is None
    real = Path(str(get_testdata_file("test-SR.dcm"))).read_bytes()
    assert Document(real).report("1.2.3") is None


def deep(levels: int) -> pydicom.Dataset:
    inner = text(FINDING, "結節")
    for _ in range(levels):
        inner = section(FINDINGS, inner)
    return inner


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        (document([deep(60)]), "too-deep"),
        (document(PatientID=""), "missing-field"),
        (document([text(IMPRESSION, "結節")], SpecificCharacterSet="ISO_IR 192"), ""),
        (document([item("CONTAINS", "NUM", FINDING, MeasuredValueSequence=[]), text(IMPRESSION, "結節")]), ""),
        (document([item("CONTAINS", "CODE", FINDING, ConceptCodeSequence=[]), text(IMPRESSION, "b")]), ""),
    ],
)  # fmt: skip
def test_what_is_odd_is_read_or_refused_with_a_reason(dataset: pydicom.FileDataset, reason: str) -> None:
    if reason:
        with pytest.raises(Invalid, match=reason):
            bundle(dataset)
    else:
        assert bundle(dataset) is not None


@pytest.mark.parametrize("declared", [b"", b"ISO_IR 192"])
def test_a_text_that_is_not_in_the_character_set_declared_is_refused(declared: bytes) -> None:
    data = written(document(SpecificCharacterSet="ISO_IR 192"))
    wrong = data.replace("結節".encode(), "結節".encode("cp932") + b"  ").replace(b"ISO_IR 192", declared.ljust(10))

    with pytest.raises(Invalid, match=r"bad-sr|bad-characters"):
        Document(wrong).report("1.2.3")


async def test_an_sr_by_stow_goes_on_as_an_instance_and_as_a_report(doors: Doors) -> None:
    data = written(document())

    status, _, _ = await send(doors, data)
    again, _, _ = await send(doors, data)

    async def all_published() -> bool:
        return len(doors.published) >= 4

    await doors.until(all_published)
    assert (status, again) == (200, 200)
    kinds = [
        (type(each), each.resent) for each in doors.published if isinstance(each, InstancesReceived | ReportReceived)
    ]
    assert len(kinds) == len(doors.published) == 4
    assert set(kinds) == {(kind, resent) for kind in (InstancesReceived, ReportReceived) for resent in (False, True)}
    [report] = [each for each in doors.published if isinstance(each, ReportReceived) and not each.resent]
    kept = await doors.host.ports[Role.GATEWAY].blobs["identified"].get(report.blob)
    assert "結節" in texts(kept)["findings"]
    assert await doors.documents.count(ARRIVALS) == 2


async def test_versions_of_an_sr_are_versions_of_one_report(doors: Doors) -> None:
    first = document()
    second = document(PredecessorDocumentsSequence=after(first))
    third = document(PredecessorDocumentsSequence=after(second))

    for each in (first, second, third):
        await send(doors, written(each))

    await doors.blobs_published(6)
    store = doors.host.ports[Role.GATEWAY].blobs["identified"]
    reports = [await store.get(e.blob) for e in doors.published if isinstance(e, ReportReceived)]
    numbers = {resources(each, "DiagnosticReport")[0]["identifier"][0]["value"] for each in reports}
    assert numbers == {str(first.SOPInstanceUID)}


async def test_an_sr_by_c_store_that_is_no_readable_report_is_still_an_instance(doors: Doors, tmp_path: Path) -> None:
    path = tmp_path / "sr.dcm"
    path.write_bytes(written(document([deep(60)])))

    command = [tool("storescu"), "-aec", "JMID", "-R", "127.0.0.1", str(doors.dimse_port), str(path)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, timeout=60)

    await doors.blobs_published(1)
    [row] = [each async for each in _rejected(doors)]
    assert row.reason == "too-deep"
    assert "山本" not in row.detail
    assert [event for event in doors.published if isinstance(event, ReportReceived)] == []
    assert REPORT not in {each.kind for each in (await doors.documents.find(ARRIVALS)).documents}


async def _rejected(doors: Doors) -> Any:
    for each in (await doors.documents.find(REJECTED)).documents:
        yield each
