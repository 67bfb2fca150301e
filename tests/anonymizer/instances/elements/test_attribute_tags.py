"""What points at an Attribute that the profile removes does not point at nothing."""

import io

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.planted import SYNTAXES, ct, written

FRAME_TIME, PRIVATE, BIRTH_DATE = 0x00181063, 0x00191001, 0x00100030


def pointing(pointers: list[int], syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """Return an image whose Frame Increment Pointer and dimensions point at these."""
    found = pydicom.dcmread(io.BytesIO(ct("default").data))
    found.FrameTime = "40"
    found.FrameIncrementPointer = pointers
    items = []
    for pointer in pointers:
        item = Dataset()
        item.DimensionIndexPointer = pointer
        items.append(item)
    found.DimensionIndexSequence = Sequence(items)
    return written(found, syntax)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_pointer_at_what_is_removed_goes_and_the_others_stay(policy: Policy, syntax: UID) -> None:
    output = deidentify(pointing([FRAME_TIME, PRIVATE, 0x00081070], syntax), policy)

    found = pydicom.dcmread(io.BytesIO(output.data))
    assert found.FrameIncrementPointer == FRAME_TIME
    assert output.counts["dangling-pointer"] == 1


def test_an_attribute_that_points_at_nothing_any_more_goes(policy: Policy) -> None:
    found = pydicom.dcmread(io.BytesIO(deidentify(pointing([PRIVATE]), policy).data))

    assert "FrameIncrementPointer" not in found


def test_dimensions_keep_their_number(policy: Policy) -> None:
    found = pydicom.dcmread(io.BytesIO(deidentify(pointing([FRAME_TIME, PRIVATE]), policy).data))

    assert len(found.DimensionIndexSequence) == 2
    assert "DimensionIndexPointer" in found.DimensionIndexSequence[1]
