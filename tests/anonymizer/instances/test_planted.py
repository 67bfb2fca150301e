"""Nothing planted survives; what must be kept is kept."""

import io

import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from services.anonymizer.instances.deidentify import deidentify
from services.anonymizer.policy import Policy
from tests.anonymizer.instances.planted import SCRIPTS, STUDY_DATE, ct, inflated, survivors
from tests.anonymizer.instances.scattered import scattered

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_planted_identifier_survives_in_any_character_set(script: str, policy: Policy) -> None:
    planted = ct(script)

    output = deidentify(planted.data, policy).data

    assert survivors(planted, output) == []


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_no_planted_identifier_survives_in_any_encoding(syntax: pydicom.uid.UID, policy: Policy) -> None:
    planted = ct("utf-8", syntax)

    output = deidentify(planted.data, policy).data

    data_set = inflated(output) if syntax == DeflatedExplicitVRLittleEndian else b""
    assert survivors(planted, output, data_set) == []


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_what_research_needs_is_kept(syntax: pydicom.uid.UID, jmid: Policy) -> None:
    planted = ct("utf-8", syntax)

    found = pydicom.dcmread(io.BytesIO(deidentify(planted.data, jmid).data))

    assert {keyword: found.get(keyword) for keyword in planted.kept} == planted.kept
    assert found.PixelData == pydicom.dcmread(io.BytesIO(planted.data)).PixelData
    assert found[0x0019, 0x100C].value == 1000  # safe private: Table E.3.10-1


@pytest.mark.parametrize("seed", range(24))
def test_nothing_that_people_type_anywhere_survives(seed: int, policy: Policy) -> None:
    planted = scattered(seed, SYNTAXES[seed % 2])

    output = deidentify(planted.data, policy).data

    assert survivors(planted, output) == []


def test_the_generator_can_tell(jmid: Policy) -> None:
    planted = ct("utf-8")

    assert len(survivors(planted, planted.data)) > 200


@pytest.mark.parametrize("earlier", ["MODIFIED", "REMOVED"])
def test_dates_that_came_modified_are_not_called_true(earlier: str, jmid: Policy) -> None:
    dataset = pydicom.dcmread(io.BytesIO(ct("default").data))
    dataset.LongitudinalTemporalInformationModified = earlier
    buffer = io.BytesIO()
    dataset.save_as(buffer)

    output = pydicom.dcmread(io.BytesIO(deidentify(buffer.getvalue(), jmid).data))

    assert earlier == output.LongitudinalTemporalInformationModified


def test_dates_move_by_whole_weeks_the_same_for_all_studies_of_a_patient(research: Policy) -> None:
    one, other = ct("default"), ct("utf-8")  # the same Patient ID

    dates = [pydicom.dcmread(io.BytesIO(deidentify(each.data, research).data)).StudyDate for each in (one, other)]

    moved = pydicom.valuerep.DA(dates[0]) - pydicom.valuerep.DA(STUDY_DATE)
    assert dates[0] == dates[1]
    assert moved.days % 7 == 0
    assert -3650 <= moved.days < -360
