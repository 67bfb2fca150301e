"""Wild card matching: PS3.4 C.2.2.2.4, and its cost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.archive.query.matching import wildcard_matches
from tests.cost import LINEAR, growth


@given(st.text("ab*?", max_size=8), st.text("ab*?", max_size=10))
def test_it_matches_what_the_regular_expression_of_the_clause_does(pattern: str, value: str) -> None:
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in re.sub(r"\*+", "*", pattern))

    assert wildcard_matches(pattern, value) == bool(re.fullmatch(expression, value, re.DOTALL))


@pytest.mark.parametrize("pattern", ["*a" * 30 + "*b", "a*" * 30 + "b", "*a?" * 30 + "b", "?*" * 100 + "b"])
def test_no_pattern_of_a_client_costs_more_than_its_length_times_the_values(pattern: str) -> None:
    assert growth(lambda size: wildcard_matches(pattern, "a" * size)) < LINEAR
    assert not wildcard_matches(pattern, "a" * 10_000)
