"""What devices and technologists write about an examination stays: no descriptor that names nobody is emptied."""

from pathlib import Path

import pytest

from services.anonymizer.dicom import file_format, patient_identifiers
from services.anonymizer.instances.elements import descriptors
from services.anonymizer.instances.sop_classes import SOP_CLASS
from services.anonymizer.policy import Context, Policy, of
from tests.anonymizer.pixels.test_burned_in import ultrasound

LISTS = Path(__file__).parents[3] / "data" / "descriptors"
UTF8 = b"ISO_IR 192"


def listed(language: str) -> list[str]:
    lines = (LISTS / f"{language}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def context_of(name: str, policy: Policy) -> Context:
    file = file_format.split(
        ultrasound(SpecificCharacterSet="ISO_IR 192", PatientName=name, InstitutionName="みなとの杜病院")
    )
    who, attributes = patient_identifiers.read(file.data, file.start, file.syntax)
    return of(policy, attributes.text(SOP_CLASS), who)


@pytest.mark.parametrize("language", ["english", "japanese"])
@pytest.mark.parametrize("name", ["KURUMIZAWA^TSUBASA=胡桃沢^翼=クルミザワ^ツバサ", "TANAKA^AI=田中^愛=タナカ^アイ"])
def test_what_names_nobody_stays_as_it_is(language: str, name: str, jmid: Policy) -> None:
    context = context_of(name, jmid)

    texts = listed(language)
    changed = [each for each in texts if descriptors.clean(each.encode(), b"LO", UTF8, context) is not None]

    assert len(texts) > 490
    assert changed == []
