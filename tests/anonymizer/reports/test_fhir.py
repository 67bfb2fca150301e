# ruff: noqa: E501 - rows of samples stay readable unbroken
"""A report is read from FHIR and built anew from an allow-list."""

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.anonymizer.policy import Policy
from services.anonymizer.reports.deidentify import DeidentifiedReport, deidentify
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.csv import reader
from services.ingest.reports.fields import canonical
from services.linker.reports import document as linker_report
from shared.errors import Invalid, Refused

SAMPLES = Path(__file__).parents[2] / "data" / "reports" / "fhir"
SECRETS = (
    "山本", "花子", "ヤマモト", "ハナコ", "0001234567", "1234567", "19700503", "昭和45年5月3日", "1970-05-03", "A2404010017", "A2404010018",
    "RPT-2024", "さくら中央病院", "佐々木", "由美", "中村", "大輔", "高木", "健二", "03-5555-0123", "架空町", "1.2.392.200036",
    "sakura-chuo", "/9j/4AAQ", "JVBER", "Practitioner", "Organization", "Media", "extension", "<div", "田辺",
)  # fmt: skip


def read(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def told(report: DeidentifiedReport) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(report.document)
    return document


@pytest.mark.parametrize("name", ["jp_core_ct", "jp_core_ct_amended", "jp_core_ct_text", "bare_html"])
def test_no_identifying_value_is_anywhere_in_the_document(name: str, policy: Policy) -> None:
    report = deidentify(read(name), policy)

    forms = [base64.b64decode(form["data"]).decode() for form in told(report).get("presentedForm", [])]
    text = "\n".join([report.document.decode(), *forms, repr(report.keys), repr(report.removed)])
    assert [secret for secret in SECRETS if secret in text] == []


def test_the_document_has_the_agreed_form(jmid: Policy) -> None:
    report = deidentify(read("jp_core_ct"), jmid)

    document = told(report)
    assert document["id"] == report.report_id
    assert document["identifier"] == [{"system": "urn:jmid:report", "value": report.report_id}]
    assert document["status"] == "final"
    assert [each["coding"][0]["code"] for each in document["category"]] == ["LP29684-5", "CT"]
    assert document["subject"]["identifier"] == {
        "system": f"urn:jmid:patient:{jmid.keys.version}",
        "value": report.keys.patient_id,
    }
    assert document["effectiveDateTime"] == "2024-04-01T10:23:00+09:00"
    assert document["meta"]["source"] == "urn:jmid:site:hospital-1"
    study, *observations = document["contained"]
    assert study["identifier"][0] == {
        "system": "urn:dicom:uid",
        "value": f"urn:oid:{report.keys.study_instance_uid}",
    }
    assert study["identifier"][1]["value"] == report.keys.accession_number
    codes = [each["code"]["coding"][0]["code"] for each in observations]
    assert codes == ["55752-0", "18782-3", "19005-8"]


def test_clinical_content_is_kept_word_for_word(jmid: Policy) -> None:
    report = deidentify(read("jp_core_ct"), jmid)

    text = report.document.decode()
    for words in (
        "右肺S6に12×8 mmの充実性結節",
        "#4R",
        "L4/5に変性、Th12に圧迫骨折",
        "橋本病の既往",
        "すりガラス様陰影",
        "cT1bN2M0",
    ):
        assert words in text


def test_versions_of_a_report_share_its_id_and_differ_in_content(jmid: Policy) -> None:
    first, second = deidentify(read("jp_core_ct"), jmid), deidentify(read("jp_core_ct_amended"), jmid)

    assert first.report_id == second.report_id
    assert first.sha256 != second.sha256
    assert second.status == "amended"


def test_key_images_and_pdf_are_dropped_and_counted(jmid: Policy) -> None:
    report = deidentify(read("jp_core_ct"), jmid)

    assert report.dropped == {"pdf": 1, "key_image": 3}
    [form] = told(report)["presentedForm"]
    assert base64.b64decode(form["data"]).decode() == "【氏名】様 キー画像"


def test_html_is_reduced_to_text_and_cleaned(jmid: Policy) -> None:
    form = told(deidentify(read("bare_html"), jmid))["presentedForm"][0]

    assert form["contentType"] == "text/plain; charset=utf-8"
    assert base64.b64decode(form["data"]).decode() == "読影報告\n患者：【氏名】（ID 【患者ID】）\n肝S4に2.5 cmの嚢胞。"


def test_an_english_report_of_a_patient_named_like_a_disease_keeps_the_disease(jmid: Policy) -> None:
    report = deidentify(read("english_ct"), jmid)

    assert "known Hodgkin lymphoma" in report.document.decode()
    assert report.review
    assert {"system": "urn:jmid:review", "code": "flagged"} in told(report)["meta"]["tag"]


def test_research_moves_all_dates_of_a_patient_by_the_same_days_and_hides_the_site(research: Policy) -> None:
    first, second = told(deidentify(read("jp_core_ct"), research)), told(deidentify(read("bare_html"), research))

    assert first["effectiveDateTime"][:10] != "2024-04-01"
    assert "source" not in first["meta"]
    moved = [document["effectiveDateTime"][:10] for document in (first, second)]
    assert (_day(moved[1]) - _day(moved[0])).days == 2


def _day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not json", "report-not-json"),
        (b"[1]", "report-not-fhir"),
        (b'{"resourceType":"Bundle","entry":[]}', "report-count"),
        (b'{"resourceType":"Patient"}', "report-count"),
    ],
)
def test_what_is_no_report_is_invalid(data: bytes, reason: str, jmid: Policy) -> None:
    with pytest.raises(Invalid) as caught:
        deidentify(data, jmid)

    assert caught.value.reason == reason


def test_a_report_that_is_only_a_pdf_is_refused(jmid: Policy) -> None:
    with pytest.raises(Refused) as caught:
        deidentify(read("pdf_only"), jmid)

    assert caught.value.reason == "report-only-attachments"


def test_a_report_without_text_is_refused(jmid: Policy) -> None:
    with pytest.raises(Refused) as caught:
        deidentify(b'{"resourceType":"DiagnosticReport","status":"final"}', jmid)

    assert caught.value.reason == "report-without-text"


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
def test_a_withdrawn_report_needs_no_text(status: str, jmid: Policy) -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "identifier": [{"value": "R1"}],
        "status": "final",
        "conclusion": "結節",
    }
    before = deidentify(json.dumps(report).encode(), jmid)

    gone = deidentify(json.dumps({**report, "status": status, "conclusion": ""}).encode(), jmid)

    assert (gone.status, gone.report_id, gone.review) == (status, before.report_id, False)


@pytest.mark.parametrize("junk", [None, 7, "x", [], [None], {}, {"a": [{"b": 1}]}])
def test_fields_of_the_wrong_shape_do_not_break_it(junk: Any, jmid: Policy) -> None:
    whole = json.loads(read("jp_core_ct_text"))
    del whole["entry"][0]["resource"]["presentedForm"]  # a text that costs much to clean
    whole["entry"][0]["resource"]["conclusion"] = "山本様、結節"
    for name in (
        "identifier",
        "basedOn",
        "category",
        "code",
        "subject",
        "performer",
        "result",
        "imagingStudy",
        "media",
    ):
        document = json.loads(json.dumps(whole))
        document["entry"][0]["resource"][name] = junk

        report = deidentify(json.dumps(document).encode(), jmid)

        assert "山本" not in report.document.decode()


def test_the_insurance_number_is_never_taken_for_the_patients_id(jmid: Policy) -> None:
    whole = json.loads(read("jp_core_ct"))
    patient = next(each["resource"] for each in whole["entry"] if each["resource"]["resourceType"] == "Patient")
    patient["identifier"].reverse()

    report = deidentify(json.dumps(whole).encode(), jmid)

    assert report.keys.patient_id == deidentify(read("jp_core_ct"), jmid).keys.patient_id


@pytest.mark.parametrize("name", ["jp_core_ct", "jp_core_ct_amended", "jp_core_ct_text", "bare_html", "english_ct"])
def test_the_linkers_allow_list_takes_the_document_and_reads_the_same_keys(name: str, jmid: Policy) -> None:
    report = deidentify(read(name), jmid)

    _, incoming = linker_report.read(report.document)

    assert incoming.report_id == report.report_id
    assert incoming.flagged == report.review
    assert msgspec.structs.replace(incoming.keys, study_instance_uid="") == msgspec.structs.replace(
        report.keys, study_instance_uid=""
    )


def test_reports_from_a_table_lose_what_identifies_and_keep_what_is_clinical(policy: Policy) -> None:
    table = (SAMPLES.parent / "csv" / "reports.csv").read_bytes()
    documents = [
        deidentify(bundle_of(canonical(row.fields)), policy).document.decode()
        for row in reader.rows(table, reader.DEFAULT)
    ]

    text = "\n".join(documents)
    secrets = (
        "山本",
        "高橋",
        "髙橋",
        "橋本氏",
        "橋本 明",
        "S20.1.7",
        "昭和20年",
        "中村",
        "斎藤",
        "佐々木",
        "渡邉",
        "RPT-2024",
    )
    assert [secret for secret in secrets if secret in text] == []
    for words in (
        "右肺S6に12×8 mmの結節",
        "縦隔リンパ節 #4R 11 mm",
        "右基底核に陳旧性梗塞",
        "橋本病にて加療中",
        "橋本病に矛盾しない",
    ):
        assert words in text


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932", "iso2022_jp", "euc_jp"])
def test_a_text_whose_character_set_nobody_declared_is_still_read(codec: str, jmid: Policy) -> None:
    document = json.loads(read("bare_html"))
    text = "山本花子様の胸部CT。右肺に結節を認めます。ID 0001234567"
    data = base64.b64encode(text.encode(codec)).decode("ascii")
    document["presentedForm"] = [{"contentType": "text/plain", "data": data}]

    form = told(deidentify(json.dumps(document).encode(), jmid))["presentedForm"][0]

    cleaned = base64.b64decode(form["data"]).decode()
    assert cleaned == "【氏名】様の胸部CT。右肺に結節を認めます。ID 【患者ID】"


def test_the_second_stage_takes_what_the_first_made(jmid: Policy, research: Policy) -> None:
    first = deidentify(read("jp_core_ct_text"), jmid)

    second = deidentify(first.document, research)

    assert second.keys.patient_id not in ("", first.keys.patient_id)
    assert second.keys.accession_number not in ("", first.keys.accession_number)
    assert second.keys.study_instance_uid not in ("", first.keys.study_instance_uid)
    assert second.keys.study_date != first.keys.study_date
    text = second.document.decode()
    assert "【氏名】様" in text
    assert "2024" not in told(second)["conclusion"]
    assert first.keys.patient_id not in text
