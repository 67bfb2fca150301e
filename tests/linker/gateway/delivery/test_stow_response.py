"""Reading the centre's answer to a Store request, and packing requests."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.linker.gateway.delivery.stow_response import Fate, Verdict, decoded, fate_of, halves, shipments, verdicts
from shared.events import InstanceRef
from tests.linker.samples import refs, uid


def item(sop: str, tag: str = "", code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {"00081155": {"vr": "UI", "Value": [sop]}}
    return {**found, tag: {"vr": "US", "Value": [code]}} if tag else found


def module(stored: tuple[dict[str, Any], ...] = (), failed: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    parts = {"00081199": stored, "00081198": failed}
    return {tag: {"vr": "SQ", "Value": list(items)} for tag, items in parts.items() if items}


def waiting(delivery: str, study: str, *sizes: int) -> list[tuple[str, str, InstanceRef]]:
    return [(delivery, study, refs(study, 1, first=n, size_bytes=size)[0]) for n, size in enumerate(sizes, 1)]


def test_every_instance_gets_its_own_fate_from_a_partial_answer() -> None:
    answer = module(
        stored=(item("1"), item("2", "00081196", 0xB000)),
        failed=(item("3", "00081197", 0xA700), item("4", "00081197", 0xC000), item("5", "00081197", 0x0110)),
    )

    found = verdicts(202, answer, ["1", "2", "3", "4", "5", "6"])

    assert found == {
        "1": Verdict(Fate.STORED),
        "2": Verdict(Fate.STORED, "B000"),
        "3": Verdict(Fate.WAIT, "A700"),
        "4": Verdict(Fate.FAILED, "C000"),
        "5": Verdict(Fate.RETRY, "0110"),
        "6": Verdict(Fate.RETRY, "not-confirmed"),
    }


def test_a_200_without_a_module_confirms_all() -> None:
    assert verdicts(200, None, ["1"]) == {"1": Verdict(Fate.STORED)}


def test_a_200_that_names_a_failure_is_not_believed_for_it() -> None:
    assert verdicts(200, module(failed=(item("1", "00081197", 0x0122),)), ["1"])["1"] == Verdict(Fate.FAILED, "0122")


def test_a_failure_without_a_reason_is_tried_again() -> None:
    assert verdicts(409, module(failed=(item("1"),)), ["1"])["1"] == Verdict(Fate.RETRY, "no-reason")


def test_an_other_failure_of_the_only_instance_is_its_own() -> None:
    answer = {"0008119A": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [0xC122]}}]}}

    assert verdicts(409, answer, ["1"]) == {"1": Verdict(Fate.FAILED, "C122")}


@pytest.mark.parametrize("answer", [None, [], "text", 3, {"00081199": None}, {"00081198": {"Value": [None]}}])
def test_a_strange_answer_confirms_nothing(answer: object) -> None:
    assert verdicts(202, answer, ["1"]) == {"1": Verdict(Fate.RETRY, "not-confirmed")}


XML = b"""<?xml version="1.0"?><NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">
<DicomAttribute tag="00081198" vr="SQ"><Item number="1">
<DicomAttribute tag="00081155" vr="UI"><Value number="1">2</Value></DicomAttribute>
<DicomAttribute tag="00081197" vr="US"><Value number="1">42752</Value></DicomAttribute></Item></DicomAttribute>
<DicomAttribute tag="00081199" vr="SQ"><Item number="1">
<DicomAttribute tag="00081155" vr="UI"><Value number="1">1</Value></DicomAttribute></Item></DicomAttribute>
</NativeDicomModel>"""


_json = st.recursive(
    st.none() | st.integers(-1, 70000) | st.text(max_size=3) | st.just("1"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["00081199", "00081198", "0008119A", "00081155", "00081197", "00081196", "Value", "vr"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from([200, 202, 409]), _json)
def test_whatever_comes_back_every_instance_has_one_fate(status: int, answer: object) -> None:
    assert set(verdicts(status, answer, ["1", "2"])) == {"1", "2"}


def test_an_answer_in_xml_says_the_same() -> None:
    assert verdicts(202, decoded(XML), ["1", "2"]) == {
        "1": Verdict(Fate.STORED),
        "2": Verdict(Fate.WAIT, "A700"),
    }


@pytest.mark.parametrize(
    "body", [b"", b"<html/>", b"<", b'<!DOCTYPE x [<!ENTITY a "b">]><NativeDicomModel>&a;</NativeDicomModel>']
)
def test_other_xml_confirms_nothing(body: bytes) -> None:
    assert decoded(body) is None


def test_an_answer_about_others_says_nothing_about_ours() -> None:
    assert set(verdicts(202, module(stored=(item("9"),)), ["1"])) == {"1"}


@pytest.mark.parametrize(
    ("reason", "fate"),
    [
        (0xA700, Fate.WAIT),
        (0xA7FF, Fate.WAIT),
        (0xA900, Fate.FAILED),
        (0xC122, Fate.FAILED),
        (0x0122, Fate.FAILED),
        (0x0111, Fate.FAILED),
        (0x0110, Fate.RETRY),
        (0x1234, Fate.RETRY),
    ],
)
def test_failure_reasons_have_the_fate_of_their_class(reason: int, fate: Fate) -> None:
    assert fate_of(reason) is fate


def test_shipments_are_of_one_study_and_bounded_in_number_and_bytes() -> None:
    found = shipments([*waiting("a", uid(1), 40, 40, 40), *waiting("b", uid(2), 500)], max_instances=2, max_bytes=100)

    assert [(each.study_instance_uid, len(each.items)) for each in found] == [(uid(1), 2), (uid(1), 1), (uid(2), 1)]


def test_batches_of_one_study_share_a_request_and_the_same_instance_twice_does_not() -> None:
    ref = refs(uid(1), 1)[0]
    other = refs(uid(1), 1, first=2)[0]

    found = shipments([("a", uid(1), ref), ("b", uid(1), other), ("c", uid(1), ref)])

    assert [[delivery for delivery, _ in each.items] for each in found] == [["a", "b"], ["c"]]


def test_halves_are_the_whole() -> None:
    whole = shipments([("a", uid(1), ref) for ref in refs(uid(1), 5)])[0]

    first, second = halves(whole)

    assert first.items + second.items == whole.items
    assert first.items
    assert second.items
