"""Typed access to DICOM JSON, of our own and of other systems."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.dicom.json_values import (
    attribute,
    first,
    integer,
    item,
    items,
    number,
    person_groups,
    pick,
    text,
    texts,
    values,
)

TAG = "00100010"
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([TAG, "Value", "vr", "Alphabetic"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([TAG, "00200013"]), _json, max_size=2))
def test_no_accessor_raises_whatever_the_json(data_set: dict[str, Any]) -> None:
    assert isinstance(values(data_set, TAG), list)
    assert isinstance(text(data_set, TAG), str)
    assert all(texts(data_set, TAG))
    assert isinstance(integer(data_set, TAG, 7), int)
    assert isinstance(number(data_set, TAG, 7.0), float | int)
    assert all(isinstance(each, dict) for each in items(data_set, TAG))
    assert item(data_set, TAG, 1) is None or isinstance(item(data_set, TAG, 1), dict)
    assert len(person_groups(first(data_set, TAG))) in (0, 3)
    assert set(pick(data_set, [TAG])) <= {TAG}


def test_a_persons_name_as_text_is_its_alphabetic_group() -> None:
    data_set = {TAG: attribute("PN", {"Ideographic": "山田^太郎", "Alphabetic": "YAMADA^TARO"}, None)}

    assert text(data_set, TAG) == "YAMADA^TARO"
    assert texts(data_set, TAG) == ["YAMADA^TARO"]
    assert person_groups(first(data_set, TAG)) == ["YAMADA^TARO", "山田^太郎", ""]


def test_numbers_may_be_texts_and_what_is_none_gives_the_default() -> None:
    data_set = {"1": attribute("IS", "12"), "2": attribute("DS", "1.5"), "3": attribute("DS", "NaN")}

    assert integer(data_set, "1") == 12
    assert integer(data_set, "2") is None
    assert number(data_set, "2", 0) == 1.5
    assert number(data_set, "3", 0) == 0
    assert integer(data_set, "4", 1) == 1


def test_an_attribute_without_values_has_no_value_field() -> None:
    assert attribute("UI") == {"vr": "UI"}
    assert attribute("UI", "1.2") == {"vr": "UI", "Value": ["1.2"]}
