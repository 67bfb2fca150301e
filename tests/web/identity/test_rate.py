"""One actor's requests are bounded, and nobody else's are for that."""

import pytest

from shared.web.identity import rate
from shared.web.identity.rate import Rates


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_is_answered_and_what_comes_beyond_it_waits() -> None:
    clock = Clock()
    rates = Rates(2.0, 3, clock)

    burst = [rates.wait_s("u1") for _ in range(4)]
    other = rates.wait_s("u2")
    clock.now_s += 0.5
    later = [rates.wait_s("u1") for _ in range(2)]

    assert burst == [0, 0, 0, 1]
    assert other == 0
    assert later == [0, 1]


def test_the_wait_is_as_long_as_the_bucket_needs() -> None:
    rates = Rates(0.1, 1, Clock())

    assert [rates.wait_s("u1"), rates.wait_s("u1")] == [0, 10]


def test_a_long_pause_saves_up_no_more_than_a_burst() -> None:
    clock = Clock()
    rates = Rates(100.0, 2, clock)
    rates.wait_s("u1")
    clock.now_s += 1_000_000

    assert [rates.wait_s("u1") for _ in range(3)] == [0, 0, 1]


def test_without_a_limit_nothing_waits() -> None:
    assert [Rates(0.0, 1, Clock()).wait_s("u1") for _ in range(5)] == [0] * 5


def test_many_actors_take_no_more_memory_than_there_is_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "MOST_BUCKETS", 3)
    rates = Rates(0.001, 1, Clock())
    for number in range(5):
        rates.wait_s(f"u{number}")

    assert [rates.wait_s("u4"), rates.wait_s("u0")] == [1000, 0]
