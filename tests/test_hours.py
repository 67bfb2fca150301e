"""Hours of the day, and the rate that goes by them."""

import datetime as dt

import pytest

from shared.text.hours import RateByHour, is_open, rate_by_hour


@pytest.mark.parametrize(
    ("now", "holds"), [("18:59", False), ("19:00", True), ("23:59", True), ("06:59", True), ("07:00", False)]
)
@pytest.mark.parametrize("hours", ["19:00-07:00", "19-07"])
def test_hours_go_over_midnight(hours: str, now: str, holds: bool) -> None:
    assert is_open([hours], dt.time.fromisoformat(now)) is holds
    assert is_open([], dt.time.fromisoformat(now))


@pytest.mark.parametrize(
    ("text", "by_day", "by_night"),
    [
        ("07-19: 20 Mbit/s, else 200 Mbit/s", 2.5e6, 25e6),
        ("07:00-19:00: 800 kbit/s", 1e5, 0.0),
        ("07-19: unlimited, else 1.6Mbit/s", 0.0, 2e5),
        ("else 1 Gbit/s", 125e6, 125e6),
        ("16 Mbit/s", 2e6, 2e6),
        ("07-12: 8 Mbit/s, 11-19: 16 Mbit/s", 1e6, 0.0),
        ("", 0.0, 0.0),
    ],
)
def test_a_rate_goes_by_the_hour(text: str, by_day: float, by_night: float) -> None:
    rates = rate_by_hour(text)

    assert (rates.at(dt.time(11, 30)), rates.at(dt.time(23))) == (by_day, by_night)


@pytest.mark.parametrize(
    "text", ["07-19 20 Mbit/s", "25-07: 1 Mbit/s", "20 MB/s", "else 1 Mbit/s, else 2 Mbit/s", "1 bit/s", "0 Mbit/s"]
)
def test_a_rate_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        rate_by_hour(text)


def test_no_hours_is_one_rate() -> None:
    assert RateByHour(otherwise=5.0).at(dt.time(0)) == 5.0
