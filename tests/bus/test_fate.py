"""What becomes of a message, decided without I/O; and what is on the wire."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus import RetryPolicy
from shared.bus.codec import decode, encode
from shared.bus.fate import DELIVERY_LIMIT, Again, Dead, describe, fate_before_handling, fate_of_error
from shared.errors import Conflict, Invalid, NotFound, Unavailable
from shared.events import EVENTS, Event
from tests.bus.conftest import case_changed, study_changed

POLICY = RetryPolicy((1, 5, 30))


@pytest.mark.parametrize(("failures", "delay_s"), [(0, 1), (1, 5), (2, 30)])
def test_a_transient_error_waits_longer_each_time(failures: int, delay_s: float) -> None:
    assert fate_of_error(Unavailable("store"), failures, POLICY) == Again(delay_s, "Unavailable: store")


def test_a_transient_error_after_the_last_wait_is_dead() -> None:
    assert fate_of_error(Unavailable("store"), 3, POLICY) == Dead("Unavailable: store")


@pytest.mark.parametrize("failures", [0, 3])
def test_a_permanent_error_is_dead_at_once(failures: int) -> None:
    assert fate_of_error(NotFound("no-such-blob"), failures, POLICY) == Dead("NotFound: no-such-blob")


def test_an_unknown_error_is_transient_and_its_text_is_not_kept() -> None:
    assert fate_of_error(ValueError("YAMADA^TARO"), 0, POLICY) == Again(1, "ValueError")


def test_a_group_is_permanent_only_if_all_in_it_are() -> None:
    both = ExceptionGroup("task group", [Invalid("a"), ExceptionGroup("inner", [Conflict("b")])])
    one = ExceptionGroup("task group", [Invalid("a"), Invalid("c")])

    assert fate_of_error(both, 0, POLICY) == Again(1, "Invalid: a, Conflict: b")
    assert fate_of_error(one, 0, POLICY) == Dead("Invalid: a, Invalid: c")


def test_a_message_that_takes_its_process_down_again_and_again_is_dead() -> None:
    assert fate_before_handling(DELIVERY_LIMIT, 0) is None
    assert fate_before_handling(DELIVERY_LIMIT + 1, 0) is not None
    assert fate_before_handling(DELIVERY_LIMIT + 1, 1) is None


def test_an_error_without_a_text_is_described_by_its_class() -> None:
    assert describe(Conflict()) == "Conflict"


@pytest.mark.parametrize("event", [study_changed("症例"), case_changed(study_changed("one"))])
def test_an_event_is_the_same_after_the_wire(event: Event) -> None:
    assert decode(encode(event)) == event


def test_every_event_type_has_a_topic_of_its_own() -> None:
    assert len({event.topic for event in EVENTS}) == len(EVENTS)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        decode(body)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.dictionaries(st.text(), x)))
def test_no_json_inside_a_right_envelope_raises_anything_but_invalid(inner: object) -> None:
    body = msgspec.json.encode({"topic": "study.changed", "version": 1, "event": inner})

    with pytest.raises(Invalid) as raised:
        decode(body)

    assert raised.value.detail == "not a study.changed of version 1"
