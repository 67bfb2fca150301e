"""Whatever bytes come in, an Instance comes out or a reason does: never another error, never an endless loop."""

import random
import warnings

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from services.anonymizer.cli.verify import verify
from services.anonymizer.instances.batch import Refusal, deidentify_one
from services.anonymizer.instances.deidentify import Cleaned, deidentify
from services.anonymizer.policy import Policy
from shared.errors import Invalid
from tests.anonymizer.instances.elements.test_content_items import dose_report
from tests.anonymizer.instances.planted import ct

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


@pytest.mark.parametrize("seed", [7, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (8, 9))])
@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_damaged_files_are_refused_or_cleaned(syntax: object, seed: int, jmid: Policy) -> None:
    chance = random.Random(seed)
    original = bytearray(ct("utf-8", syntax).data)  # type: ignore[arg-type]
    outcomes: list[object] = []

    for _ in range(50):
        data = bytearray(original)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(132, len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(200, len(data)) :]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outcomes.append(deidentify_one(bytes(data), jmid))

    assert {type(each) for each in outcomes} <= {Cleaned, Refusal}
    assert any(isinstance(each, Refusal) for each in outcomes)


@pytest.mark.parametrize("seed", [11, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (12, 13))])
def test_damaged_reports_are_refused_or_cleaned(seed: int, jmid: Policy) -> None:
    chance = random.Random(seed)
    original = dose_report(undefined_length=True)

    for _ in range(100):
        data = bytearray(original)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(132, len(data))] = chance.choice((0, 255, 0xFE, chance.randrange(256)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert isinstance(deidentify_one(bytes(data), jmid), Cleaned | Refusal)


def test_sequences_nested_without_end_are_refused(jmid: Policy) -> None:
    data = ct("default").data
    deep = b"".join(b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" for _ in range(5000))
    at = data.index(b"\x08\x00\x05\x00") if b"\x08\x00\x05\x00" in data else data.index(b"\x08\x00\x08\x00CS")

    with pytest.raises(Invalid):
        deidentify(data[:at] + deep + data[at:], jmid)


def test_a_file_padded_with_zeros_passes_without_them(jmid: Policy) -> None:
    data = ct("default").data

    assert deidentify(data + b"\0" * 512, jmid).data == deidentify(data, jmid).data


def test_an_instance_is_deidentified_twice_with_nothing_left_of_the_first_keys(jmid: Policy, research: Policy) -> None:
    first = deidentify(ct("utf-8").data, jmid)

    second = deidentify(first.data, research)

    assert verify(second.data, [first.keys.patient_id, first.keys.accession_number, first.sop_instance_uid]) == []
