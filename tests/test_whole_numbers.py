"""Whole numbers as clients write them."""

import pytest

from shared.whole_numbers import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("100", 100), ("099", 99)])
def test_a_whole_number_is_read(text: str, number: int) -> None:
    assert whole_number(text, 100) == number


@pytest.mark.parametrize("text", ["", "101", "-1", "1.0", "１", "²", "9" * 5000])
def test_what_is_none_or_too_large_is_none(text: str) -> None:
    assert whole_number(text, 100) is None
