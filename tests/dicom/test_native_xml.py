"""The Native DICOM Model, there and back."""

import pytest

from shared.dicom.json_values import Json, attribute
from shared.dicom.native_xml import native_model
from shared.dicom.native_xml_reader import data_set
from shared.errors import Invalid

HEAD = b'<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">'


def model(content: bytes) -> bytes:
    return HEAD + content + b"</NativeDicomModel>"


def test_what_is_written_is_read_as_it_was() -> None:
    original: Json = {
        "00080018": attribute("UI", "1.2.3"),
        "00100010": attribute("PN", {"Alphabetic": "YAMADA^TARO", "Ideographic": "山田^太郎"}),
        "00180050": attribute("DS", 2.5),
        "00280010": attribute("US", 512),
        "00204000": attribute("LT", "  indented"),
        "00081115": attribute("SQ", {"0020000E": attribute("UI", "1.2.4")}, {}),
        "00281201": {"vr": "OW", "InlineBinary": "AAAA"},
        "7FE00010": {"vr": "OW", "BulkDataURI": "/bulk/1"},
        "00080050": attribute("SH"),
    }

    assert data_set(native_model(original)) == original


def test_white_space_around_a_uid_is_no_part_of_it() -> None:
    content = model(b'<DicomAttribute tag="00081155" vr="UI"><Value number="1">\n 1.2\n</Value></DicomAttribute>')

    assert data_set(content) == {"00081155": attribute("UI", "1.2")}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"<html/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><NativeDicomModel>&a;</NativeDicomModel>',
        b'<!DOCTYPE NativeDicomModel SYSTEM "http://example.org/x.dtd"><NativeDicomModel/>',
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_other_xml_and_any_document_type_are_refused(body: bytes, strict: bool) -> None:
    with pytest.raises(Invalid):
        data_set(body, strict=strict)


def test_a_number_that_is_none_is_refused_or_kept_as_text() -> None:
    content = model(
        b'<DicomAttribute tag="00081197" vr="US"><Value number="1">A700</Value></DicomAttribute>'
        b'<DicomAttribute tag="00081155" vr="UI"><Value number="1">1.2</Value></DicomAttribute>'
    )

    with pytest.raises(Invalid):
        data_set(content)
    assert data_set(content, strict=False) == {"00081197": attribute("US", "A700"), "00081155": attribute("UI", "1.2")}
