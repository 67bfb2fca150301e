"""What a sender writes is carried whole, or it is refused."""

import asyncio
import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from services.ingest.reports.canonical import CanonicalReport
from services.ingest.reports.cda.document import cda_report
from services.ingest.reports.csv.reader import DEFAULT, load_mapping, rows
from services.ingest.reports.fhir.document import fhir_bundles
from services.ingest.reports.fields import ReportFields, canonical
from services.ingest.reports.hl7.frames import END, START, Frames
from services.ingest.reports.hl7.message import segments_of
from services.ingest.reports.hl7.report import hl7_reports
from services.ingest.reports.sections import Section, by_title
from shared.errors import Invalid, SettingsError
from tests.ingest.conftest import open_doors
from tests.servers.process import free_ports

HEAD = "MSH|^~\\&|RIS|HOSP|JMID|GW|20240305||ORU^R01|C1|P|2.5||||||UNICODE UTF-8\rPID|1||00734512||黒崎^光希\r"
ORDER = "OBR|1||R1|CT^胸部CT|||20240305|||||||||||||||||CT|F\r"


def report(results: str, end: str = "\r") -> CanonicalReport:
    (only,) = hl7_reports(segments_of((HEAD + ORDER + results).replace("\r", end).encode()))
    return only


def findings(value: str, kind: str = "TX", end: str = "\r") -> str:
    return report(f"OBX|1|{kind}|18782-3^所見^LN||{value}||||||F\r", end).findings


@pytest.mark.parametrize(
    ("value", "end", "text"),
    [
        ("第一行\n第二行\n\n第三行", "\r", "第一行\n第二行\n\n第三行"),
        ("第一行\n第二行", "\n", "第一行\n第二行"),
        ("第一行\n第二行", "\r\n", "第一行\n第二行"),
        ("第一行\nCT1\n第三行", "\r", "第一行\nCT1\n第三行"),
    ],
)
def test_a_line_that_begins_no_segment_is_text_of_the_one_before_it(value: str, end: str, text: str) -> None:
    assert findings(value, end=end) == text


@pytest.mark.parametrize("kind", ["TX", "FT", "ST", "", "tx"])
def test_a_value_without_a_type_is_text(kind: str) -> None:
    assert findings("右肺に結節", kind) == "右肺に結節"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("C:\\画像\\01 を参照", "C:\\画像\\01 を参照"),
        ("3\\4 mm と 5\\6 mm", "3\\4 mm と 5\\6 mm"),
        ("末尾\\", "末尾\\"),
        ("\\Z01\\の字", "\\Z01\\の字"),
        ("\\H\\要注意\\N\\ 以上", "要注意 以上"),
        ("一\\.br\\二\\.sp2\\三\\.in+4\\四", "一\n二\n\n三四"),
        ("\\X0D0A\\\\XE38182\\", "\nあ"),
        ("A\\F\\B\\S\\C\\T\\D\\R\\E\\E\\F", "A|B^C&D~E\\F"),
        ("一行目~二行目", "一行目\n二行目"),
        ("径 3~5 mm~胸水なし", "径 3~5 mm\n胸水なし"),
        ("所見 CT5~2. 胸水なし", "所見 CT5\n2. 胸水なし"),
        ("A^B & C", "A^B & C"),
    ],
)
def test_escapes_are_read_and_stray_delimiters_are_text(value: str, text: str) -> None:
    assert findings(value) == text.strip()


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ("OBX|1|TX|18782-3^所見^LN||結節\nOBX|2|TX|19005-8^診断^LN||肺癌||||||F\r", "bad-segment"),
        ("OBX|1|TX|18782-3^所見^LN||結節 | 胸水なし||||||F\r", "stray-delimiter"),
        ("OBX|1|TX|18782-3^所見^LN||結節||||||F\n胸水なし\r", "stray-delimiter"),
        ("OBX|1|TX|18782-3^所見^LN||結節||||||F\rNTE|1|L|注 | 胸水あり\r", "stray-delimiter"),
        ("OBX|1|NA|18782-3^所見^LN||1^2||||||F\r", "bad-value-type"),
        ("OBX|1|TX|18782-3^所見^LN||\\XFF\\||||||F\r", "bad-characters"),
        ("OBX|1|TX|18782-3^所見^LN||\\M2442\\8+\\C2842\\||||||F\r", "bad-characters"),
        ("OBX|1|TX|18782-3^所見^LN||結節||||||F\rDSC|next|F\r", "unsupported-continuation"),
        ("OBX|1|TX|18782-3^所見^LN||結節||||||F\rORC|RE\rOBX|2|TX|19005-8^診断^LN||肺癌||||||F\r", "no-report"),
    ],
)
def test_a_message_that_cannot_be_carried_whole_is_refused(results: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        report(results)

    assert caught.value.reason == reason


def test_what_add_continues_is_one_text() -> None:
    assert report("OBX|1|TX|18782-3^所見^LN||右肺に\rADD|結節を\rADD|認める||||||F\r").findings == "右肺に結節を認める"


def test_notes_wherever_they_stand_and_results_of_every_sub_id_are_kept() -> None:
    made = hl7_reports(
        segments_of(
            (
                f"{HEAD}NTE|1|L|閉所恐怖症\r{ORDER}NTE|1|L|造影あり\r"
                "OBX|1|TX|18782-3^所見^LN|1|結節||||||F\rOBX|2|TX|18782-3^所見^LN|2|胸水なし||||||F\rNTE|1|L|再検\r"
            ).encode()
        )
    )

    assert [(each.clinical_info, each.findings, each.text) for each in made] == [
        ("閉所恐怖症", "結節\n胸水なし", "造影あり\n再検")
    ]


def test_a_result_of_no_known_section_stands_below_its_name() -> None:
    made = report(
        "OBX|1|TX|A^造影剤||なし||||||F\rOBX|2|CE|B^BI-RADS||4^疑い||||||F\rOBX|3|DT|C^前回||20230401||||||F\r"
        "OBX|4|TX|D^2. 読影所見||結節||||||F\r"
    )

    assert (made.text, made.findings) == ("造影剤\nなし\nBI-RADS: 疑い\n前回: 2023-04-01", "結節")


def test_a_person_who_is_a_value_is_named_for_the_cleaner_and_is_no_text() -> None:
    made = report("OBX|1|TX|18782-3^所見^LN||結節||||||F\rOBX|2|XCN|X^読影||D123^佐々木^由美||||||F\r")

    assert [getattr(each, "name", "") for each in made.mentions] == ["佐々木 由美"]
    assert (made.text, made.unmapped) == ("", 1)


def cda(sections: str, body: str = "") -> CanonicalReport:
    body = body or f"<structuredBody>{sections}</structuredBody>"
    return cda_report(
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3.30"/><effectiveTime value="20240305"/><recordTarget>'
        f'<patientRole><id root="1.2.3" extension="1"/></patientRole></recordTarget><component>{body}</component>'
        "</ClinicalDocument>".encode()
    )


def section(title: str, text: str, inner: str = "") -> str:
    head = f"<title>{title}</title>" if title else ""
    return f"<component><section>{head}<text>{text}</text>{inner}</section></component>"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("1. 所見", Section.FINDINGS),
        ("■所見（CT）", Section.FINDINGS),
        ("２．診断", Section.IMPRESSION),
        ("(1) 所見", Section.FINDINGS),
        ("①所見", Section.FINDINGS),
        ("Ⅱ. 診断", Section.IMPRESSION),
        ("◆　読影所見：", Section.FINDINGS),
        ("まとめ", Section.IMPRESSION),
        ("インプレッション", Section.IMPRESSION),
        ("IMPRESSION:", Section.IMPRESSION),
        ("所見2", None),
        ("1", None),
    ],
)
def test_a_title_is_known_whatever_numbers_and_marks_stand_around_it(title: str, kind: Section | None) -> None:
    assert by_title(title) == kind


def test_sections_without_a_known_title_and_those_within_others_are_kept() -> None:
    inner = section("肺野", "結節 8 mm")
    made = cda(
        section("■所見（CT）", "", inner) + section("所感", "経過観察") + section("", "以上") + section("診断", "a")
    )

    assert (made.findings, made.text, made.impression) == (
        "■所見（CT）\n肺野\n結節 8 mm",
        "所感\n経過観察\n以上",
        "a",
    )


@pytest.mark.parametrize("encoded", ['representation="B64">57WQ56+A', ">結節"])
def test_a_body_of_plain_text_is_read_in_both_representations(encoded: str) -> None:
    made = cda("", f'<nonXMLBody><text mediaType="text/plain" {encoded}</text></nonXMLBody>')

    assert made.text == "結節"


def test_a_byte_order_mark_before_json_is_taken() -> None:
    document: dict[str, Any] = {"resourceType": "DiagnosticReport", "status": "final", "subject": {}, "conclusion": "x"}

    (bundle,) = fhir_bundles(codecs.BOM_UTF8 + json.dumps(document).encode())

    assert json.loads(bundle)["entry"][0]["resource"]["conclusion"] == "x"


async def test_mllp_answers_a_block_whose_cr_is_missing(tmp_path: Path) -> None:
    message = (HEAD + ORDER + "OBX|1|TX|18782-3^所見^LN||結節||||||F\r").encode()
    (port,) = free_ports(1)
    async with open_doors(tmp_path, JMID_INGEST_MLLP_PORT=str(port)), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(START + message + END[:1])
        answer = await reader.readuntil(END)
        writer.close()

    assert b"\rMSA|AA|C1\r" in answer


def test_a_block_ends_with_eb_before_cr_or_the_next_block() -> None:
    frames = Frames(100)

    messages = frames.fed(START + b"one\x1ctwo" + END[:1] + START + b"three" + END[:1])
    rest = frames.fed(frames.ended())

    assert messages + rest == [b"one\x1ctwo", b"three"]


@pytest.mark.parametrize(
    ("accession", "number"),
    [((), ""), (("OBR-18", "RIS:OBR-3"), "R1"), (("OTHER:OBR-3",), ""), (("OBR-2", "RIS:OBR-3"), "R1")],
)
def test_the_filler_order_number_is_an_accession_number_only_of_the_source_it_is_said_of(
    accession: tuple[str, ...], number: str
) -> None:
    segments = segments_of((HEAD + ORDER + "OBX|1|TX|18782-3^所見^LN||結節||||||F\r").encode())

    (made,) = hl7_reports(segments, accession) if accession else hl7_reports(segments)

    assert (made.report_id, made.accession_number) == ("R1", number)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("確報", "final"),
        ("最終報告", "final"),
        ("確定済", "final"),
        ("仮報告", "preliminary"),
        ("【仮確定】", "preliminary"),
        ("Ｆ", "final"),
        ("FINAL", "final"),
        ("未読影", "registered"),
        ("追加報告", "appended"),
        ("訂正済み", "corrected"),
        ("取り消し", "cancelled"),
    ],
)
def test_words_for_a_status_are_known(word: str, status: str) -> None:
    assert canonical(ReportFields(report_id="r", patient_id="p", findings="x", status=word)).status == status


def test_a_site_says_what_its_own_words_mean(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('\ufeff[status]\n"三次確定" = "final"\n"確定" = "preliminary"\n', encoding="utf-8")
    words = load_mapping(mapping).status_words

    made = [
        canonical(ReportFields(report_id="r", patient_id="p", findings="x", status=word), words_of_site=words).status
        for word in ("三次確定", "確定", "仮報告")
    ]

    assert made == ["final", "preliminary", "preliminary"]


def test_a_status_that_fhir_does_not_have_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text('[status]\n"三次確定" = "done"\n', encoding="utf-8")

    with pytest.raises(SettingsError, match="三次確定"):
        load_mapping(tmp_path / "m.toml")


def test_every_column_of_a_text_is_kept_and_others_are_counted() -> None:
    data = 'レポート番号,患者ID,所見,診断,結論,所見,備考\nR1,P1,"一\n二",肺癌,要精査,三,至急\n'.encode()

    (row,) = rows(data, DEFAULT)

    assert (row.fields.findings, row.fields.impression, row.unmapped) == ("一\n二\n三", "肺癌\n要精査", 1)


def test_a_text_that_cannot_be_carried_is_refused_where_it_arrives() -> None:
    with pytest.raises(Invalid, match="text-too-long"):
        findings("右肺に結節。" * 33_334)


def test_flags_and_reference_range_are_said_with_a_number() -> None:
    said = report("OBX|1|NM|X1^径^99R||12|mm|3-5|H~A|||F\rOBX|2|TX|18782-3^所見^LN||結節||||||F\r").text

    assert said == "径: 12 mm (H, A, 3-5)"
