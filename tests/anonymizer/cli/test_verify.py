"""The verifier, which shares no code with the engine, agrees with it and finds what is wrong."""

import io
from collections.abc import Callable

import pydicom
import pytest
from pydicom.uid import ImplicitVRLittleEndian

from services.anonymizer.cli.verify import verify
from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.planted import SCRIPTS, ct


@pytest.mark.parametrize("script", SCRIPTS)
def test_outputs_have_no_flaws(script: str, policy: Policy) -> None:
    planted = ct(script)

    output = deidentify(planted.data, policy).data

    assert verify(output, planted.gone) == []


def test_an_original_has_many_flaws() -> None:
    planted = ct("utf-8", ImplicitVRLittleEndian)

    assert len(verify(planted.data, planted.gone)) > 300


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda d: setattr(d, "PatientName", "Saionji"), "(0010,0010)"),
        (lambda d: setattr(d, "PatientBirthDate", "19530417"), "(0010,0030)"),
        (lambda d: setattr(d, "StudyInstanceUID", "1.2.3"), "(0020,000D)"),
        (lambda d: setattr(d, "PatientIdentityRemoved", "NO"), "(0012,0062)"),
        (lambda d: d.add_new(0x00291010, "OB", b"CSA "), "(0029,1010)"),
        (lambda d: d.add_new(0x60003000, "OW", b"\0\0"), "(6000,3000)"),
        (lambda d: setattr(d, "preamble", b"x" * 128), "preamble"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_flaw_is_found(spoil: Callable[[pydicom.FileDataset], None], where: str, jmid: Policy) -> None:
    dataset = pydicom.dcmread(io.BytesIO(deidentify(ct("utf-8").data, jmid).data))
    spoil(dataset)
    buffer = io.BytesIO()
    dataset.save_as(buffer)

    assert where in [flaw.where for flaw in verify(buffer.getvalue())]
