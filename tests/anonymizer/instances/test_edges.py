"""A name or ID at the edge of a value is found, whatever byte of the next element looks like a letter or a digit."""

from functools import cache

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.planted import SYNTAXES, written

AFTER = {  # what follows: its group's bytes are 2\0, p\0 and so on
    0x00281055: DataElement(0x00321060, "LO", "CHEST CT"),
    0x00281056: DataElement(0x00400254, "LO", "CHEST CT"),
    0x0028135A: DataElement(0x00380050, "LO", "NONE"),
    0x00400280: DataElement(0x00540081, "US", 3),
    0x00540017: DataElement(0x00700001, "SQ", []),
}


@cache
def slice_with(tag: int, value: str, syntax: str) -> bytes:
    """Return a real slice with a value in an Attribute that the standard holds harmless, and another right behind."""
    source = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset = Dataset()
    for element in source:
        if element.tag < tag and not element.tag.is_private:
            dataset.add(element)
    dataset.PatientName, dataset.PatientID = "Asai^Yu", "00722928"
    dataset.add(DataElement(tag, "LO", value))
    dataset.add(AFTER[tag])
    dataset.add(DataElement(0x7FE00010, "OW", source.PixelData))
    dataset.file_meta = source.file_meta
    return written(dataset, UID(syntax))


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("value", ["00722928", "HEAD ASAI", "Asai" + " " * 46 + "X", "00722928" + " " * 44 + "AB"])
@pytest.mark.parametrize("tag", list(AFTER), ids=hex)
def test_a_trace_at_the_edge_of_a_value_is_found(tag: int, value: str, syntax: str, policy: Policy) -> None:
    output = deidentify(slice_with(tag, value, syntax), policy).data

    assert b"00722928" not in output
    assert b"asai" not in output.lower()


@pytest.mark.parametrize("text", ["Asai tumor", "ASAI LINE", "ASAI BODY"])
def test_a_descriptor_for_which_a_report_would_be_held_is_emptied_and_counted(text: str, policy: Policy) -> None:
    source = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    source.PatientName, source.SeriesDescription = "Asai^Yu", text

    output = deidentify(written(source, source.file_meta.TransferSyntaxUID), policy)

    assert b"asai" not in output.data.lower()
    assert output.counts["cut-doubtful"] == 1
