"""The day of bench.day: as many Studies as were asked for, the same for the same seed, with its peak."""

import pytest

from bench.arrivals import PEAK, arrivals, rates


def test_the_busiest_minute_is_ten_times_the_mean() -> None:
    assert sum(rates()) / len(rates()) == pytest.approx(1)
    assert max(rates()) == PEAK


def test_a_seed_gives_the_same_day_in_order() -> None:
    day = arrivals(2000, 300.0, seed=1)

    assert day == arrivals(2000, 300.0, seed=1) == sorted(day)
    assert len(day) == 2000
    assert 0 <= day[0] <= day[-1] < 300
    assert max(sum(start <= at < start + 6 for at in day) for start in range(0, 294, 6)) > 8 * 2000 / 50
