"""Odd encodings that the standard allows: UN, undefined lengths, odd VRs, group lengths, several character sets."""

import io
import struct
from functools import cache

import pydicom
import pytest

from services.anonymizer.cli.verify import verify
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.planted import ct

NAME = b"Saionji^Chihiro "
ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
UNDEFINED = b"\xff\xff\xff\xff"


def implicit(group: int, element: int, value: bytes) -> bytes:
    return struct.pack("<HHI", group, element, len(value)) + value


def unknown(group: int, element: int, value: bytes, length: bytes | None = None) -> bytes:
    return struct.pack("<HH2sH", group, element, b"UN", 0) + (length or struct.pack("<I", len(value))) + value


@cache
def without_group_0040() -> bytes:
    """Return a CT image with nothing between group 0038 and Pixel Data."""
    dataset = pydicom.dcmread(io.BytesIO(ct("default").data))
    for element in list(dataset):
        if 0x0038 < element.tag.group < 0x7FE0 or element.tag.group > 0x7FE0:
            del dataset[element.tag]
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def inserted(extra: bytes) -> bytes:
    """Return a CT image with encoded elements of group 0040 put where they belong."""
    data = without_group_0040()
    at = data.rindex(b"\xe0\x7f\x10\x00OW")
    return data[:at] + extra + data[at:]


REFERENCE = implicit(0x0008, 0x1155, b"1.2.392.777.1\0") + implicit(0x0010, 0x0010, NAME)


@pytest.mark.parametrize(
    "extra",
    [
        unknown(0x0040, 0xA370, ITEM + struct.pack("<I", len(REFERENCE)) + REFERENCE),
        unknown(0x0040, 0xA370, ITEM + UNDEFINED + REFERENCE + ITEM_END + SEQUENCE_END, UNDEFINED),
        unknown(0x0041, 0x1001, ITEM + UNDEFINED + REFERENCE + ITEM_END + SEQUENCE_END, UNDEFINED),
        unknown(0x0040, 0xA124, b"1.2.392.777.2\0"),
        unknown(0x0040, 0x0001, NAME),
        unknown(0x0040, 0xA160, b"seen with Saionji "),
        unknown(0x0043, 0x1010, NAME),
        b"\x40\x00\x00\x00UL\x04\x00\x0a\x00\x00\x00" + unknown(0x0040, 0xA123, NAME),
        b"\x40\x00\x54\x02PN\x10\x00" + NAME,  # a description that says it is a name
    ],
)
def test_nothing_survives_behind_an_odd_encoding(extra: bytes, policy: Policy) -> None:
    data = inserted(extra)

    output = deidentify(data, policy).data

    assert verify(output, ["Saionji", "Chihiro", "1.2.392.777"]) == []
    assert pydicom.dcmread(io.BytesIO(output)).PixelData == pydicom.dcmread(io.BytesIO(data)).PixelData


def test_a_vr_that_is_yet_to_come_on_a_tag_that_is_none_is_stepped_over(policy: Policy) -> None:
    data = inserted(b"\x40\x00\xfe\xdbZZ\0\0\x10\0\0\0" + NAME)  # a long header: PS3.5 7.1.2

    output = deidentify(data, policy).data

    assert verify(output, ["Saionji", "Chihiro"]) == []
    assert output == deidentify(inserted(b""), policy).data


def test_a_reference_in_an_unknown_sequence_gets_the_same_new_uid(jmid: Policy) -> None:
    item = implicit(0x0020, 0x000D, b"1.2.392.200036.9116.2.6.1.48.2")
    data = inserted(unknown(0x0040, 0xA370, ITEM + struct.pack("<I", len(item)) + item))

    output = pydicom.dcmread(io.BytesIO(deidentify(data, jmid).data))

    assert output.ReferencedRequestSequence[0].StudyInstanceUID == output.StudyInstanceUID


def test_an_item_with_a_character_set_of_its_own_is_read_in_it(jmid: Policy) -> None:
    dataset = pydicom.dcmread(io.BytesIO(ct("default").data))
    item = pydicom.Dataset()
    item.SpecificCharacterSet = "GB18030"
    item.PatientName = "欧阳^小东"
    item.RequestedProcedureDescription = "胸部 欧阳小东"
    dataset.RequestAttributesSequence = pydicom.Sequence([item])
    buffer = io.BytesIO()
    dataset.save_as(buffer)

    output = deidentify(buffer.getvalue(), jmid).data

    assert verify(output, ["欧阳", "小东"]) == []


@pytest.mark.parametrize("codec", ["cp932", "utf-8", "euc_jp"])
def test_japanese_that_nobody_declared_is_found_all_the_same(codec: str, jmid: Policy) -> None:
    name, text = "西園寺^千尋".encode(codec), "胸部 西園寺様".encode(codec)
    data = inserted(
        struct.pack("<HH2sH", 0x0040, 0x0254, b"LO", len(text) + len(text) % 2)
        + text.ljust(len(text) + len(text) % 2)
        + struct.pack("<HH2sH", 0x0040, 0xA123, b"PN", len(name) + len(name) % 2)
        + name.ljust(len(name) + len(name) % 2)
    )

    output = deidentify(data, jmid).data

    assert verify(output, ["西園寺", "千尋"]) == []
