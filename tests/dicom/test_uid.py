"""What is a UID, and what only looks like one."""

import pytest

from shared.dicom.uid import has_uid_characters, is_uid


@pytest.mark.parametrize("value", ["1.2.840.10008.1.2", "0", "2.25.0", "1." + "2" * 62])
def test_a_valid_uid_is_one(value: str) -> None:
    assert is_uid(value)
    assert has_uid_characters(value)


@pytest.mark.parametrize("value", ["1.02", "01.2", "1..2", ".1", "1.", "00"])
def test_a_uid_that_breaks_the_rule_of_components_is_none_but_has_its_characters(value: str) -> None:
    assert not is_uid(value)
    assert has_uid_characters(value)


@pytest.mark.parametrize("value", ["", "1.2 ", "1.2\n", "１.２", "1.٢", "1.2a", "1." + "2" * 63, "1.2\\3"])
def test_what_has_other_characters_is_no_uid_at_all(value: str) -> None:
    assert not is_uid(value)
    assert not has_uid_characters(value)
    assert not has_uid_characters(value.encode())
