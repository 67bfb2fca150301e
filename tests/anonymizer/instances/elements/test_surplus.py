"""What stands behind the entries of a look-up table, or behind the samples of a waveform, does not leave."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from services.anonymizer.instances.deidentify import Review, deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.pixels.test_burned_in import ct_with

SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
HIDDEN = b"WakizakaTetsuo"


def voi_lut(descriptor: list[int], table: bytes, syntax: UID) -> bytes:
    """Return a CT slice with a VOI LUT of its own."""
    dataset = pydicom.dcmread(io.BytesIO(ct_with("")))
    item = Dataset()
    item.LUTDescriptor = descriptor
    item.add_new("LUTData", "OW", table)
    dataset.VOILUTSequence = [item]
    return saved(dataset, syntax)


def saved(dataset: Dataset, syntax: UID) -> bytes:
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
        dataset["PixelData"].VR = "OW"
        dataset.remove_private_tags()
    dataset.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    pydicom.dcmwrite(buffer, dataset, implicit_vr=implicit, little_endian=little, force_encoding=True)
    return buffer.getvalue()


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    ("descriptor", "table"),
    [([4, 0, 12], b"\1\2\3\4\5\6\7\x08"), ([4, 0, 8], b"\1\2\3\4"), ([5, 0, 8], b"\1\2\3\4\5\6")],
    ids=["12 bits", "8 bits", "8 bits, padded"],
)
def test_nothing_leaves_behind_a_table(descriptor: list[int], table: bytes, syntax: UID, policy: Policy) -> None:
    plain, told = (deidentify(voi_lut(descriptor, each, syntax), policy) for each in (table, table + HIDDEN))

    assert HIDDEN not in told.data
    assert told.data == plain.data
    assert told.counts["clear-padding"] == plain.counts.get("clear-padding", 0) + 1


def test_a_table_of_8_bits_in_words_stays_whole(policy: Policy) -> None:
    table = bytes((1, 0, 2, 0, 3, 0, 4, 0))

    output = deidentify(voi_lut([4, 0, 8], table + HIDDEN, ExplicitVRLittleEndian), policy).data

    assert pydicom.dcmread(io.BytesIO(output)).VOILUTSequence[0].LUTData == table


def test_a_table_without_a_descriptor_stays_as_it_is(policy: Policy) -> None:
    dataset = pydicom.dcmread(io.BytesIO(voi_lut([4, 0, 12], b"\1\2\3\4\5\6\7\x08", ExplicitVRLittleEndian)))
    del dataset.VOILUTSequence[0].LUTDescriptor

    output = deidentify(saved(dataset, ExplicitVRLittleEndian), policy).data

    assert pydicom.dcmread(io.BytesIO(output)).VOILUTSequence[0].LUTData == b"\1\2\3\4\5\6\7\x08"


def test_nothing_leaves_behind_a_palette(policy: Policy) -> None:
    dataset = pydicom.dcmread(str(get_testdata_file("examples_palette.dcm")))
    before = dataset.RedPaletteColorLookupTableData
    dataset.RedPaletteColorLookupTableData = before + HIDDEN
    buffer = io.BytesIO()
    dataset.save_as(buffer)

    output = deidentify(buffer.getvalue(), policy, Review()).data

    assert HIDDEN not in output
    assert pydicom.dcmread(io.BytesIO(output)).RedPaletteColorLookupTableData == before


def test_nothing_leaves_behind_the_samples_of_a_waveform(policy: Policy) -> None:
    dataset = pydicom.dcmread(str(get_testdata_file("waveform_ecg.dcm")))
    before = dataset.WaveformSequence[0].WaveformData
    dataset.WaveformSequence[0].WaveformData = before + HIDDEN
    buffer = io.BytesIO()
    dataset.save_as(buffer)

    output = deidentify(buffer.getvalue(), policy).data

    assert HIDDEN not in output
    assert pydicom.dcmread(io.BytesIO(output)).WaveformSequence[0].WaveformData == before
