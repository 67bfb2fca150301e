"""What comes out breaks no rule of its IOD that the original kept, as dciodvfy of dicom3tools sees it."""

import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

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
    slices = sorted((SHARED / "ct-philips").glob("I*"))[::10]

    for path in [*files()[::3], *slices]:
        data = path.read_bytes()
        big = len(data) > LARGEST and path not in slices
        if big or DEFLATED in data[:1000]:
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
    assert looked_at > 40
