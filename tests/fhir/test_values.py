"""FHIR JSON is read defensively: a value of another type is no value, and never an error."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fhir import values
from shared.fhir.report import published
from shared.fhir.statuses import RETRACTED, ReportStatus, status_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = "id meta status subject category contained presentedForm conclusion identifier".split()


def test_one_object_stands_for_a_list_only_where_that_is_asked_for() -> None:
    assert values.items({"a": 1}) == [{"a": 1}]
    assert values.listed({"a": 1}) == []
    assert values.items([{"a": 1}, 5, None]) == values.listed([{"a": 1}, 5, None]) == [{"a": 1}]


def test_a_text_is_stripped_unless_it_is_wanted_as_it_stands() -> None:
    assert values.text_of({"value": " 1.2 "}, "value") == "1.2"
    assert values.exact_text({"value": " 1.2 "}, "value") == " 1.2 "
    assert values.text_of({"value": 12}, "value") == values.text_of(None, "value") == ""


def test_an_accession_number_is_known_by_its_type() -> None:
    assert values.is_accession({"type": {"coding": [{"code": "PI"}, {"code": "ACSN"}]}})
    assert not values.is_accession({"type": "ACSN", "value": "ACSN"})


@pytest.mark.parametrize("value", ["Final", "", None, 5, ["final"]])
def test_what_is_no_code_of_the_value_set_is_no_status(value: object) -> None:
    assert status_of(value) is None


def test_a_status_is_equal_to_its_code() -> None:
    assert status_of("entered-in-error") is ReportStatus.ENTERED_IN_ERROR
    assert "cancelled" in RETRACTED
    assert "final" not in RETRACTED


@pytest.mark.parametrize("data", ["a", "所見"])
def test_an_attachment_that_is_no_base64_leaves_the_rest_of_the_report(data: str) -> None:
    broken = {"id": "r1", "presentedForm": [{"contentType": "text/plain", "data": data}], "conclusion": "x"}
    sound = {"presentedForm": [{"contentType": "text/plain", "data": base64.b64encode("所見".encode()).decode()}]}

    read = published(broken)

    assert (read.report_id, read.text, read.conclusion) == ("r1", "", "x")
    assert published(sound).text == "所見"


@given(st.dictionaries(st.sampled_from(FIELDS), json_values))
def test_a_broken_document_is_read_without_an_error(document: dict[str, Any]) -> None:
    published(document)
