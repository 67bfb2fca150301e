"""Every real file goes through both profiles: valid output that keeps what it should, or a reasoned refusal."""

import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from services.anonymizer.cli.verify import verify
from services.anonymizer.instances.batch import Refusal, deidentify_one
from services.anonymizer.instances.deidentify import Review
from services.anonymizer.instances.elements.action_tables import STATED
from services.anonymizer.policy import Policy
from services.anonymizer.profile import profile
from services.anonymizer.profile.profile import Action

SHARED = Path(os.environ.get("JMID_SHARED_DATA", Path(__file__).parents[3] / ".." / "shared" / "data")) / "dicom"
PACKAGED = Path(pydicom.__file__).parent / "data"
PIXELS = 0x7FE00010
HEADER = ("PatientID", "AccessionNumber", "StudyID", "InstitutionName", "InstitutionalDepartmentName")
REASONS = {
    "not-dicom", "truncated", "bad-vr", "bad-sequence", "bad-fragments", "no-transfer-syntax", "no-sop-class",
    "no-study-instance-uid", "no-series-instance-uid", "no-sop-instance-uid", "unknown-sop-class", "media-directory",
    "encapsulated-document", "voice", "video", "photograph", "raw-data", "unknown-transfer-syntax", "bad-deflate",
    "image-size-unclear", "codestream-too-large",
}  # fmt: skip


def files() -> list[Path]:
    other = {".py", ".pyc", ".json", ".md", ".txt", ".icc"}
    found = [path for root in (SHARED, PACKAGED) for path in root.rglob("*") if path.suffix not in other]
    return sorted(path for path in found if path.is_file())


@pytest.mark.filterwarnings("ignore")
def test_every_real_file_gives_a_valid_instance_or_a_reason(policy: Policy) -> None:
    passed = 0

    for path in files():
        finding = deidentify_one(path.read_bytes(), policy, Review())
        if isinstance(finding, Refusal):
            assert finding.reason in REASONS, path
            continue
        passed += 1
        assert verify(finding.data) == [], path

    assert passed > 200


@pytest.mark.filterwarnings("ignore")
def test_what_the_profile_keeps_is_as_pydicom_reads_it_in_the_original(jmid: Policy) -> None:
    for path in files():
        finding = deidentify_one(path.read_bytes(), jmid, Review())
        if isinstance(finding, Refusal):
            continue
        before, after = pydicom.dcmread(path), pydicom.dcmread(io.BytesIO(finding.data))
        table = profile.compiled("jmid", str(before.SOPClassUID)).top

        wanted = {tag for tag, action in table.items() if action is Action.KEEP} - STATED
        kept = {tag: value for tag, value in _plain(before) if tag in wanted}

        found = dict(_plain(after))
        changed = [hex(tag) for tag, value in kept.items() if found.get(tag) != value]
        if hex(PIXELS) in changed and np.array_equal(before.pixel_array, after.pixel_array):
            changed.remove(hex(PIXELS))  # what went is no image: comments, padding, what stood behind the last frame
        allowed = _with_traces(before, kept)
        assert [tag for tag in changed if tag not in allowed] == [], path


def _plain(dataset: Dataset) -> Iterator[tuple[int, Any]]:
    """Yield the elements of the top level that are no Sequences and that are valid."""
    for tag in list(dataset.keys()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                element = dataset[tag]
            except Exception:
                continue
        if element.VR != "SQ" and int(tag) != 0x00280301:
            yield int(tag), element.value


def _with_traces(dataset: Dataset, kept: dict[int, Any]) -> set[str]:
    """Return the tags of kept values that repeat a word of a name, a person's or an institution's, or an ID."""
    names = [str(element.value) for element in dataset.iterall() if element.VR == "PN"]
    names += [str(dataset.get(keyword, "")) for keyword in HEADER]
    words = {word.lower() for name in names for word in name.replace("=", "^").replace(" ", "^").split("^") if word}
    return {hex(tag) for tag, value in kept.items() if any(word in str(value).lower() for word in words)}
