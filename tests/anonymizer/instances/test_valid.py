"""What comes out breaks no rule of its IOD that the original kept, as dciodvfy of dicom3tools sees it."""

import io
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from services.anonymizer.instances.batch import Refusal, deidentify_one
from services.anonymizer.instances.deidentify import Review
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.test_real_files import SHARED, files

DCIODVFY = Path(sys.executable).with_name("dciodvfy")
_VALUES = re.compile(r"<[^>]*>|\[[^\]]*\]|= \S.*$|\d+")
LARGEST = 150_000  # bytes: dciodvfy reads pixels too
DEFLATED = b"1.2.840.10008.1.2.1.99"  # which it does not inflate


def faults(data: bytes, folder: Path) -> set[str]:
    """Return the kinds of error, without values and numbers."""
    path = folder / "file.dcm"
    path.write_bytes(data)
    done = subprocess.run([DCIODVFY, "-new", path], capture_output=True, check=False, timeout=60)
    lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()
    return {_VALUES.sub("#", line) for line in lines if line.startswith("Error")}


@pytest.mark.filterwarnings("ignore")
def test_no_real_file_breaks_a_rule_that_it_kept_before(policy: Policy, tmp_path: Path) -> None:
    looked_at, new = 0, dict[str, set[str]]()
    ours = [path for path in files() if SHARED in path.parents]
    others = [path for path in files() if path not in ours]

    for path in [*ours, *others[::3]]:
        data = path.read_bytes()
        if (len(data) > LARGEST and path not in ours) or DEFLATED in data[:1000]:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cleaned = deidentify_one(data, policy, Review())
        if isinstance(cleaned, Refusal):
            continue
        looked_at += 1
        found = faults(cleaned.data, tmp_path)
        if found and (found := found - faults(data, tmp_path)):
            new[path.name] = found

    assert new == {}
    assert looked_at > 80


def with_request(path: Path, charset: str | list[str], reason: str) -> bytes:
    """Return a file with the request that it answers, as its IOD has it, whole (PS3.3 C.17.2, 10.6)."""
    dataset = pydicom.dcmread(path)
    dataset.decode()
    dataset.SpecificCharacterSet = charset
    dataset.PatientName = "LIN^MEI=林^美玲=リン^メイ"
    request = Dataset()
    request.RequestedProcedureID = "RP1"
    request.RequestedProcedureDescription = dataset.ReasonForTheRequestedProcedure = reason
    request.RequestedProcedureCodeSequence = Sequence([])
    if dataset.Modality == "SR":
        request.StudyInstanceUID = dataset.StudyInstanceUID
        request.ReferencedStudySequence = Sequence([])
        request.AccessionNumber = "A1"
        request.PlacerOrderNumberImagingServiceRequest = request.FillerOrderNumberImagingServiceRequest = "P1"
        dataset.ReferencedRequestSequence = Sequence([request])
    else:
        request.ScheduledProcedureStepID = "S1"
        request.ReasonForTheRequestedProcedure = reason
        dataset.RequestAttributesSequence = Sequence([request])
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["dcmqi/sr-example/sr.dcm", "ct-philips/I10"])
@pytest.mark.parametrize(
    "charset",
    [
        ["", "ISO 2022 IR 87"],
        ["ISO 2022 IR 6", "ISO 2022 IR 87"],
        ["ISO 2022 IR 13", "ISO 2022 IR 87"],
        ["", "ISO 2022 IR 87", "ISO 2022 IR 159"],
        "ISO_IR 192",
        "GB18030",
    ],
)
def test_a_request_is_as_valid_as_it_was_in_every_character_set(
    jmid: Policy, tmp_path: Path, name: str, charset: str | list[str]
) -> None:
    reason = (
        "右肺癌疑い、林様の精査依頼です。林様"
        if charset == "ISO_IR 192"
        else "右肺癌疑い、林様の精査を依頼します。林様です"
    )
    data = with_request(SHARED / name, charset, reason)

    cleaned = deidentify_one(data, jmid, Review())

    assert not isinstance(cleaned, Refusal)
    assert faults(cleaned.data, tmp_path) - faults(data, tmp_path) == set()
    made = pydicom.dcmread(io.BytesIO(cleaned.data))
    items = made.get("ReferencedRequestSequence") or made.RequestAttributesSequence
    assert items[0].RequestedProcedureDescription.replace("【氏名】", "＊") == reason.replace("林", "＊")
