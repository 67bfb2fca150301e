"""UIDs that name a coding scheme or a context group stay if they are registered; a hospital's own are replaced."""

import io

import pydicom
import pytest
from pydicom.dataset import Dataset

from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.pixels.images import image, written
from tests.anonymizer.pixels.test_native_pixel_data import SAMPLES

KEYWORDS = ("CodingSchemeUID", "ContextUID", "MappingResourceUID", "ContextGroupExtensionCreatorUID")


def output_of(uid: str, policy: Policy) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "CT-CHEST", "99MINATO", "Chest"
    for keyword in KEYWORDS:
        setattr(code, keyword, uid)
    output = deidentify(written(image(SAMPLES, ProcedureCodeSequence=[code])), policy).data
    item: Dataset = pydicom.dcmread(io.BytesIO(output)).ProcedureCodeSequence[0]
    return item


@pytest.mark.parametrize(
    "uid", ["1.2.840.10008.2.16.4", "1.2.840.10008.6.1.308", "2.16.840.1.113883.6.1", "1.2.392.200119.4.504"]
)
def test_one_that_is_registered_stays(policy: Policy, uid: str) -> None:
    code = output_of(uid, policy)

    assert [code[keyword].value for keyword in KEYWORDS] == [uid] * 4


@pytest.mark.parametrize(
    "uid",
    ["1.2.392.200250.77.734512.19650412.9", "1.2.840.10008.2.16.4.734512", "2.16.840.1.113883.6.19650412", "00734512"],
)
def test_one_that_is_not_is_replaced(policy: Policy, uid: str) -> None:
    code = output_of(uid, policy)

    assert all(code[keyword].value.startswith("2.25.") for keyword in KEYWORDS)
    assert len({code[keyword].value for keyword in KEYWORDS}) == 1
