"""A text that is not what it says is decoded, or refused: what nobody can read, nobody can clean."""

import base64
import io

import pydicom
import pytest

from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from services.anonymizer.reports.attachment_text import plain_text
from services.anonymizer.text.prose import readable
from services.ingest.reports.hl7.message import segments_of
from shared.errors import Invalid, Refused
from shared.text import iso_2022_jp
from tests.anonymizer.pixels.images import image, written
from tests.anonymizer.pixels.test_native_pixel_data import SAMPLES

NAME = "黒崎光希"
NEC = b"\x1b$B9u:j\x2d\x21\x1b(B"  # 黒崎①: row 13 is NEC's
PDF = base64.b64encode(b"%PDF-1.4 Kurosaki Mitsuki 00734512 " * 4).decode()
MESSAGE = "MSH|^~\\&|RIS|HOSP|JMID|GW|20240305101600||ORU^R01|1|P|2.5||||||{}\rPID|1||7||{}\r"


@pytest.mark.parametrize(
    "text", ["&#40658;&#23822;", "&#x9ED2;&#x5D0E;", "&amp;#40658;&#23822", "黒崎", "黒崎".encode().decode("latin-1")]
)
def test_characters_are_resolved(text: str) -> None:
    assert readable(text) == "黒崎"


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp", "iso2022_jp"])
def test_bytes_that_were_read_as_latin_1_are_read_as_what_they_are(codec: str) -> None:
    assert readable(NAME.encode(codec).decode("latin-1")) == NAME


@pytest.mark.parametrize("text", ["Ménière's disease, naïve", "R&D; 3 &lt; 5", "T2WI/FLAIR/DWI/ADC+Gd", "a\x85b"])
def test_prose_stays(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize(
    "text",
    [PDF, "see " + "\n".join(PDF[at : at + 60] for at in range(0, 180, 60)), r"{\rtf1 x", "%PDF-1.4", "\x1b$B9"],
)
def test_what_is_no_prose_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="text-not-readable"):
        readable(text)


def test_rows_of_nec_are_read_and_escapes_that_are_cut_are_not() -> None:
    assert iso_2022_jp.decode(b"A " + NEC + b" B") == "A 黒崎① B"
    assert iso_2022_jp.decode("黒崎ｸﾛ\n光希".encode("iso2022_jp_ext")) == "黒崎ｸﾛ\n光希"
    assert [iso_2022_jp.decode(data) for data in (b"\x1b$B9", b"\x1b$", b"\x1b$(C0!")] == [None] * 3


@pytest.mark.parametrize(
    ("declared", "codec"), [("8859/1", "utf-8"), ("8859/1", "cp932"), ("8859/1", "euc_jp"), ("", "iso2022_jp")]
)
def test_a_message_is_read_as_its_bytes_are(declared: str, codec: str) -> None:
    data = MESSAGE.format(declared, NAME).encode(codec)

    assert segments_of(data)[1].fields[5] == NAME


def test_a_message_of_nec_is_read_and_one_that_is_cut_refused() -> None:
    data = MESSAGE.format("ISO IR87", "{}").encode()

    assert segments_of(data.replace(b"{}", NEC))[1].fields[5] == "黒崎①"
    with pytest.raises(Invalid, match="bad-characters"):
        segments_of(data.replace(b"{}", b"\x1b$B9"))


def test_a_message_in_latin_1_stays_that() -> None:
    data = MESSAGE.format("8859/1", "Müller^Jürgen").encode("latin-1")

    assert segments_of(data)[1].fields[5] == "Müller^Jürgen"


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "iso2022_jp"])
def test_an_attachment_is_read_as_its_bytes_are(codec: str) -> None:
    assert plain_text(f"{NAME} 腹部".encode(codec), "text/plain; charset=iso-8859-1") == f"{NAME} 腹部"


@pytest.mark.parametrize("charset", ["", "ISO_IR 100", "ISO_IR 192"])
def test_descriptors_with_escapes_that_no_set_declares_are_cleaned(jmid: Policy, charset: str) -> None:
    dataset = image(SAMPLES)
    if charset:
        dataset.SpecificCharacterSet = charset
    dataset.PatientName = "Kurosaki^Mitsuki=@@^@@"
    dataset.SeriesDescription, dataset.ImageComments = "@@ chest", "x @@ chest"
    kurosaki = b"\x1b$B9u:j\x1b(B"[:8]
    data = written(dataset).replace(b"@@ chest", kurosaki).replace(b"@@^@@ ", b"\x1b$B9u:")

    output = pydicom.dcmread(io.BytesIO(deidentify(data, jmid).data))

    assert b"9u:j" not in output.get_item("SeriesDescription").value
    assert b"9u:j" not in output.get_item("ImageComments").value
