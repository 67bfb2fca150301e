"""The walker of Data Sets and Part 10 files against pydicom."""

import io
import warnings
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from shared.dicom import elements, file_format
from shared.dicom.elements import Syntax
from shared.dicom.file_format import Part10
from shared.dicom.vrs import vr_of
from shared.errors import Invalid
from tests.examples import examples

NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)

texts = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="\\"), max_size=20)
leaves: dict[str, st.SearchStrategy[Any]] = {
    "PatientName": texts,
    "StudyDescription": texts,
    "InstanceNumber": st.integers(-1000, 1000),
    "Rows": st.integers(0, 65535),
    "SimpleFrameList": st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=4),
    "ReferencePixelX0": st.integers(-(2**31), 2**31 - 1),
    "EncapsulatedDocument": st.binary(max_size=30).map(lambda b: b + b"\0" * (len(b) % 2)),
}
SEQUENCES = ("ReferencedSeriesSequence", "ContentSequence", "ProcedureCodeSequence")


@st.composite
def data_sets(draw: st.DrawFn, depth: int = 3) -> Dataset:
    found = Dataset()
    for keyword in draw(st.sets(st.sampled_from(sorted(leaves)))):
        setattr(found, keyword, draw(leaves[keyword]))
    for keyword in draw(st.sets(st.sampled_from(SEQUENCES), max_size=2)) if depth else ():
        setattr(found, keyword, draw(st.lists(data_sets(depth - 1), max_size=2)))
        found[keyword].is_undefined_length = draw(st.booleans())
        for item in found[keyword].value:
            item.is_undefined_length_sequence_item = draw(st.booleans())
    return found


def part10(data_set: Dataset, syntax: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = pydicom.uid.CTImageStorage
    meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3")
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    data_set.file_meta = meta
    target = io.BytesIO()
    data_set.save_as(target, enforce_file_format=True)
    return target.getvalue()


def tags_of(file: Part10[bytes]) -> list[tuple[int, ...]]:
    """List the path of every element, in order."""
    found: list[tuple[int, ...]] = []

    def visit(start: int, end: int, syntax: Syntax, path: tuple[int, ...]) -> None:
        for element, _ in elements.walk(file.data, start, end, syntax):
            found.append((*path, element.tag))
            if elements.is_sequence(element):
                inside = elements.inside(element, syntax)
                for number, item in enumerate(elements.items(file.data, element, end, inside)):
                    visit(item.value, item.end, inside, (*path, element.tag, number))

    visit(file.start, len(file.data), file.syntax, ())
    return found


def tags_by_pydicom(data_set: Dataset, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    for element in data_set:
        found.append((*path, int(element.tag)))
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                found += tags_by_pydicom(item, (*path, int(element.tag), number))
    return found


@given(data_sets(), st.sampled_from(NATIVE))
@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_walk_finds_what_pydicom_wrote(data_set: Dataset, syntax: str) -> None:
    data = part10(data_set, syntax)

    file = file_format.split(data)

    assert file.transfer_syntax_uid == syntax
    assert tags_of(file) == tags_by_pydicom(data_set)


@given(data_sets(), st.sampled_from(NATIVE[:3]), st.data())
@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_broken_bytes_are_invalid_and_nothing_else(data_set: Dataset, syntax: str, data: st.DataObject) -> None:
    broken = bytearray(part10(data_set, syntax))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(132, len(broken) - 1))
        broken[at] = data.draw(st.integers(0, 255))
    broken = broken[: data.draw(st.integers(132, len(broken)))]

    try:
        tags_of(file_format.split(bytes(broken)))
    except Invalid as error:
        assert error.reason


@given(st.binary(max_size=400))
@settings(max_examples=examples(200), deadline=None)
def test_rubbish_is_invalid_and_nothing_else(rubbish: bytes) -> None:
    try:
        tags_of(file_format.split(b"\0" * 128 + b"DICM" + rubbish))
    except Invalid as error:
        assert error.reason


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("table", [True, False])
def test_fragments_lie_where_their_bytes_are(count: int, table: bool) -> None:
    frames = [bytes([number]) * (10 + 2 * number) for number in range(count)]
    data_set = Dataset()
    data_set.PixelData = encapsulate(frames, has_bot=table)
    data_set["PixelData"].VR = "OB"
    data_set["PixelData"].is_undefined_length = True
    file = file_format.split(part10(data_set, RLELossless))

    [(element, _)] = elements.walk(file.data, file.start, len(file.data), file.syntax)
    spans = elements.fragments(file.data, element, len(file.data))

    assert [bytes(file.data[start:end]) for start, end in spans[1:]] == frames
    assert file.encapsulated
    assert element.undefined


def test_an_extended_offset_table_is_walked_past() -> None:
    pixels, offsets, lengths = encapsulate_extended([b"ab", b"cdef"])
    data_set = Dataset()
    data_set.ExtendedOffsetTable, data_set.ExtendedOffsetTableLengths, data_set.PixelData = offsets, lengths, pixels
    data_set["PixelData"].VR = "OB"
    data_set["PixelData"].is_undefined_length = True
    file = file_format.split(part10(data_set, RLELossless))

    assert tags_of(file) == [(0x7FE00001,), (0x7FE00002,), (0x7FE00010,)]


def test_an_unknown_of_undefined_length_holds_implicit_little_endian() -> None:
    item = b"\x08\x00\x50\x11" + b"\x04\0\0\0" + b"1.2\0"
    nested = b"\xfe\xff\x00\xe0" + len(item).to_bytes(4, "little") + item + b"\xfe\xff\xdd\xe0\0\0\0\0"
    header = part10(Dataset(), ExplicitVRLittleEndian) + b"\x09\x00\x01\x10UN\0\0\xff\xff\xff\xff" + nested
    file = file_format.split(header)

    inside = elements.IMPLICIT_LITTLE
    [(element, following)] = elements.walk(file.data, file.start, len(file.data), file.syntax)
    (found,) = elements.items(file.data, element, len(file.data), elements.inside(element, file.syntax))
    [(inner, _)] = elements.walk(file.data, found.value, found.end, inside)

    assert elements.inside(element, file.syntax) is inside
    assert (element.vr, element.undefined, following) == (b"UN", True, len(header))
    assert (inner.tag, inner.vr, elements.text(file.data[inner.value : inner.end])) == (0x00081150, b"UI", "1.2")


def test_depth_is_bounded() -> None:
    opening = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"

    with pytest.raises(Invalid) as caught:
        tags_of(file_format.split(part10(Dataset(), ExplicitVRLittleEndian) + opening * 1000))

    assert caught.value.reason == "too-deep"


def test_a_missing_preamble_is_forgiven() -> None:
    data = part10(Dataset(), ExplicitVRLittleEndian)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert file_format.split(data[132:]).transfer_syntax_uid == ExplicitVRLittleEndian


def test_a_deflate_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data_set = Dataset()
    data_set.EncapsulatedDocument = b"\0" * (1 << 20)
    monkeypatch.setattr(file_format, "MAX_INFLATED", 1 << 19)

    with pytest.raises(Invalid) as caught:
        file_format.split(part10(data_set, DeflatedExplicitVRLittleEndian))

    assert caught.value.reason == "too-large"


def test_the_vr_of_an_overlay_is_that_of_its_repeating_group() -> None:
    assert [vr_of(tag) for tag in (0x60000010, 0x601E3000, 0x60201500, 0x00090010, 0x00280000)] == [
        b"US", b"OB", b"UN", b"LO", b"UL",
    ]  # fmt: skip


@pytest.mark.parametrize("header", [b"\x11\x00\x01\x10OB", b"\x10\x00\x20\x00UT"])
def test_only_pixel_data_and_sequences_have_undefined_length(header: bytes) -> None:
    data = header + b"\0\0\xff\xff\xff\xff" + b"\xfe\xff\xdd\xe0\0\0\0\0"

    with pytest.raises(Invalid) as caught:
        list(elements.walk(data, 0, len(data), elements.EXPLICIT_LITTLE))

    assert caught.value.reason == "undefined-length"
