"""What stands behind what a value can hold does not leave, in whichever element, encoding and depth it stands."""

import io

import pydicom
import pytest
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from services.anonymizer.dicom import file_format
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.instances.elements import padding
from services.anonymizer.policy import Policy
from shared.dicom import elements
from tests.anonymizer.instances.planted import ct

MODALITY, ROWS, PHANTOM_TYPE, CODE_VALUE = 0x00080060, 0x00280010, 0x00189346, 0x00080100


@pytest.mark.parametrize(
    ("tag", "vr", "value", "expected"),
    [
        (0x00080060, b"CS", b"CT", b"CT"),
        (0x00080060, b"CS", b"CT\0", b"CT\0"),
        (0x00080060, b"CS", b"CT\0Wakizaka", b"CT"),
        (0x00080008, b"CS", b"ORIGINAL\0Wakizaka\\PRIMARY\0\0", b"ORIGINAL\\PRIMARY"),
        (0x00081030, b"LO", b"\0\0Wakizaka", b""),
        (0x00102000, b"LO", "胸部\0脇坂".encode(), "胸部".encode()),
        (0x00204000, b"LT", b"ok\0a\\b", b"ok"),
        (0x00280010, b"US", b"\0\2", b"\0\2"),
        (0x00280010, b"US", b"\0\2Wakizaka", b"\0\2"),
        (0x00280009, b"AT", b"\x18\0\x63\x10", b"\x18\0\x63\x10"),
        (0x00186011, b"SQ", b"any", b"any"),
        (0x00281201, b"OW", b"\0a\0b", b"\0a\0b"),
    ],
)
def test_a_value_ends_where_its_vr_and_multiplicity_end_it(tag: int, vr: bytes, value: bytes, expected: bytes) -> None:
    assert padding.cleared(tag, vr, value) == expected


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("neighbours", [0, 2], ids=["alone", "like others of its Series"])
def test_nothing_leaves_behind_a_value_at_the_top_or_in_an_item(syntax: UID, neighbours: int, policy: Policy) -> None:
    plain = ct("utf-8", syntax).data
    encoding = file_format.split(plain).syntax
    rows = encoding.u16.pack(16)
    code = elements.encode(CODE_VALUE, b"SH", b"113691\0Wakizaka", encoding)
    item = elements.header(elements.ITEM, b"", len(code), encoding) + code
    data = with_value(plain, MODALITY, elements.encode(MODALITY, b"CS", b"CT\0Wakizaka", encoding))
    data = with_value(data, PHANTOM_TYPE, elements.header(PHANTOM_TYPE, b"SQ", len(item), encoding) + item)
    data = with_value(data, ROWS, elements.encode(ROWS, b"US", rows + b"Wakizaka", encoding))
    for _ in range(neighbours):
        deidentify(plain, policy)

    made = deidentify(data, policy)

    output = pydicom.dcmread(io.BytesIO(made.data))
    assert b"Wakizaka" not in made.data
    assert (output.Modality, output.Rows) == ("CT", 16)
    assert output.CTDIPhantomTypeCodeSequence[0].CodeValue == "113691"
    assert made.counts["clear-padding"] == deidentify(plain, policy).counts.get("clear-padding", 0) + 3


def with_value(data: bytes, tag: int, encoded: bytes) -> bytes:
    """Return the file with an element of the top level in place of its own, or where it belongs."""
    file = file_format.split(data)
    for element, following in elements.walk(file.data, file.start, len(file.data), file.syntax):
        if element.tag >= tag:
            return data[: element.start] + encoded + data[following if element.tag == tag else element.start :]
    return data + encoded


@pytest.mark.parametrize(("value", "is_kept"), [(b"\0\0\x80\x3f", True), (b"\0\0\x80\x3fWakizaka", False)])
def test_a_safe_private_element_with_more_values_than_listed_goes(value: bytes, is_kept: bool, policy: Policy) -> None:
    plain = ct("utf-8").data
    encoding = file_format.split(plain).syntax
    creator = elements.encode(0x20010010, b"LO", b"Philips Imaging DD 001", encoding)
    data = with_value(plain, 0x20010010, creator + elements.encode(0x20011003, b"FL", value, encoding))

    output = pydicom.dcmread(io.BytesIO(deidentify(data, policy).data))

    assert ((0x2001, 0x1003) in output) == is_kept
