"""RTF is read to what a reader would see, in every way in which Japanese is written in it, or it is refused."""

import base64
import io
import json

import pydicom
import pytest
from msgspec import structs

from services.anonymizer.instances.deidentify import deidentify as deidentify_instance
from services.anonymizer.policy import Policy
from services.anonymizer.reports.attachment_text import plain_text
from services.anonymizer.reports.deidentify import deidentify
from services.anonymizer.text.prose import readable
from services.anonymizer.text.rtf import rtf_text
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.csv.reader import DEFAULT, rows
from services.ingest.reports.fields import canonical
from services.ingest.reports.hl7.message import segments_of
from services.ingest.reports.hl7.report import hl7_reports
from shared.errors import Refused
from shared.text.rtf_source import rtf_source
from tests.anonymizer.pixels.images import image, written
from tests.anonymizer.pixels.test_native_pixel_data import SAMPLES

TEXT = "右肺S6に結節。\nソ能表示のテスト ｱｲｳ 12±3 mm"


def numbers(text: str) -> str:
    """Return each byte of Shift_JIS as a number."""
    return "".join(f"\\'{byte:02x}" for byte in text.encode("cp932"))


def half_numbers(text: str) -> str:
    """Return Shift_JIS as a word processor of Windows writes it: bytes of ASCII stand as they are, escaped."""
    ascii_ = {ord(sign): f"\\{sign}" for sign in "\\{}"}
    return "".join(f"\\'{byte:02x}" if byte >= 0x80 else ascii_.get(byte, chr(byte)) for byte in text.encode("cp932"))


def unicode_words(text: str) -> str:
    """Return each sign as a word of Unicode, with its bytes of Shift_JIS to be skipped."""
    units = [
        int.from_bytes(text.encode("utf-16-le")[at : at + 2], "little", signed=True)
        for at in range(0, 2 * len(text), 2)
    ]
    return "".join(f"\\uc{len(n) // 4}\\u{unit}{n}" for unit, n in zip(units, map(numbers, text), strict=True))


FONTS = r"{\fonttbl{\f0\fnil\fcharset128 \'82l\'82r;}{\f1\fnil\fcharset0 Arial;}{\f2\fnil\fcharset2 Symbol;}}"
TABLES = r"{\colortbl;\red0;}{\*\generator Riched20;}{\info{\author " + numbers("黒崎光希") + r"}{\title x}}"


def rtf(body: str) -> str:
    return rf"{{\rtf1\ansi\ansicpg932\deff0{FONTS}{TABLES}\uc1\pard\f0\fs20 {body}}}"


@pytest.mark.parametrize("write", [numbers, half_numbers, unicode_words, str])
def test_japanese_is_read_however_it_is_written(write: "type[str]") -> None:
    lines = [write(line.replace("±", "＋")) for line in TEXT.split("\n")]

    assert readable(rtf("\\par\r\n".join(lines) + "\\par")) == TEXT.replace("±", "＋")


def test_each_font_has_its_own_characters_and_ends_with_its_group() -> None:
    body = rf"{half_numbers('テスト')}{{\f1 12\'b13 mm}}{half_numbers('ソ')}\f1 \'b0C\plain {half_numbers('能')}"

    assert readable(rtf(body)) == "テスト12±3 mmソ°C能"


def test_what_stands_around_it_stays_and_pictures_leave_a_mark() -> None:
    pictures = r"a{\*\shppict{\pict\pngblip 89504e47}}{\nonshppict{\pict 00}}{\pict\bin4 }}{{}b"
    others = r"\cell c\~d\{e\}{\header head}{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}"
    body = pictures + others

    assert readable("所見\n" + rtf(body) + "\n以上") == "所見\na 【図】  【図】 b\tc d{e}\nhead\nlink\n以上"


@pytest.mark.parametrize("text", ["\U0001f600\U00020bb7", "髙﨑"])
def test_characters_beyond_shift_jis_are_read(text: str) -> None:
    data = text.encode("utf-16-le")
    units = (int.from_bytes(data[at : at + 2], "little", signed=True) for at in range(0, len(data), 2))

    assert readable(rtf("".join(f"\\u{unit}?" for unit in units))) == text


@pytest.mark.parametrize(
    "broken",
    [
        rtf("a")[:-1],
        rtf("\\'83"),
        rtf("\\'83 \\par "),
        rtf("\\u-10179?x"),
        rtf("\\'zz"),
        rtf("\\f1 " + half_numbers("テスト")),
        rtf("\\f2 a"),
        rtf("{\\deleted x}"),
        rtf("{\\mmath x}"),
        "{\\rtf1\\ansi " + numbers("右肺") + "}",
        rtf("{" * 600 + "}" * 600),
    ],
)
def test_what_cannot_be_read_as_it_was_meant_is_refused(broken: str) -> None:
    with pytest.raises(Refused, match="text-not-readable"):
        readable(broken)


@pytest.mark.parametrize("codec", ["cp932", "ascii"])
def test_an_attachment_is_read_in_its_code_page(codec: str) -> None:
    data = rtf(TEXT.replace("±", "＋") if codec == "cp932" else numbers("右肺")).encode(codec)

    read = plain_text(data, "application/rtf")

    assert read == (TEXT.replace("±", "＋").replace("\n", "") if codec == "cp932" else "右肺")
    assert rtf_text(data) == read
    assert readable(rtf_source(data)) == read
    with pytest.raises(Refused, match="text-not-readable"):
        plain_text(b"no rtf", "text/rtf")


HEAD = (
    "MSH|^~\\&|RIS|HOSP|JMID|GW|20240305||ORU^R01|C1|P|2.5||||||UNICODE UTF-8\r"
    "PID|1||00734512||黒崎^光希\rOBR|1||R1|CT^胸部CT|||20240305|||||||||||||||||CT|F\r"
)
SAID = "右肺S6に結節。黒崎光希さんに説明。"


@pytest.mark.parametrize(
    "value",
    [
        "FT||{}",
        "ED||^TEXT^RTF^Base64^{base_64}",
        "ED||^Application^RTF^Hex^{hexadecimal}",
        "ED||^TEXT^RTF^A^{escaped}",
        "TX||{escaped}",
    ],
)
def test_rtf_of_a_message_leaves_as_text_without_the_name(value: str, jmid: Policy) -> None:
    kind, _, form = value.partition("|")
    source = rtf(half_numbers(SAID))
    forms = {
        "base_64": base64.b64encode(source.encode()).decode(),
        "hexadecimal": source.encode().hex(),
        "escaped": source.replace("\\", "\\E\\"),
    }
    results = f"OBX|1|{kind}|18782-3^所見^LN|{form.format(source, **forms)}||||||F\r"

    (report,) = hl7_reports(segments_of((HEAD + results).encode()))
    made = json.loads(deidentify(bundle_of(report), jmid).document)

    (observation,) = [each for each in made["contained"] if each["resourceType"] == "Observation"]
    assert observation["valueString"] == "右肺S6に結節。【氏名】さんに説明。"


def test_rtf_in_a_cell_is_text_and_a_broken_one_is_quarantined(jmid: Policy) -> None:
    head = "report_id,patient_id,patient_name,findings\r\n"
    cells = ",".join(("R1", "00734512", "黒崎光希", f'"{rtf(half_numbers(SAID))}"'))
    (row,) = rows(f"{head}{cells}\r\n".encode("cp932"), DEFAULT)

    made = deidentify(bundle_of(canonical(row.fields)), jmid).document.decode()

    assert "右肺S6に結節。【氏名】さんに説明。" in made
    with pytest.raises(Refused, match="text-not-readable"):
        deidentify(bundle_of(canonical(structs.replace(row.fields, findings=rtf("\\'83")))), jmid)


def test_a_text_of_a_report_that_is_not_of_its_character_set_refuses_the_report(jmid: Policy) -> None:
    for kind, data in (
        ("text/plain; charset=utf-8", b"\x83x"),
        ("text/rtf", b"no rtf"),
        ("text/plain; charset=x-y", b"a"),
    ):
        form = {"contentType": kind, "data": base64.b64encode(data).decode()}
        report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "conclusion": "x"}
        with pytest.raises(Refused, match="text-not-readable"):
            deidentify(json.dumps({**report, "presentedForm": [form]}).encode(), jmid)


def test_rtf_of_an_instance_is_read_and_what_cannot_be_is_emptied(jmid: Policy) -> None:
    for comments, left in ((rtf(half_numbers(SAID)), "右肺S6に結節。【氏名】さんに説明。"), (rtf("\\'83"), "")):
        dataset = image(SAMPLES)
        dataset.SpecificCharacterSet, dataset.PatientName = "ISO_IR 192", "黒崎^光希"
        dataset.ImageComments = comments
        made = deidentify_instance(written(dataset), jmid)
        read = pydicom.dcmread(io.BytesIO(made.data))
        assert read.get("ImageComments", "") == left
