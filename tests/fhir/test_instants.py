"""Whatever a sender wrote as a time is one of FHIR, or nothing."""

import pytest

from shared.fhir.instants import date_time, full_instant, instant


@pytest.mark.parametrize(
    ("text", "as_date_time", "as_instant"),
    [
        ("2024", "2024", ""),
        ("2024-04", "2024-04", ""),
        ("2024-04-01", "2024-04-01", "2024-04-01T00:00:00+09:00"),
        ("2024-04-01T10:23", "2024-04-01T10:23:00+09:00", "2024-04-01T10:23:00+09:00"),
        ("2024-04-01T10:23-05:00", "2024-04-01T10:23:00-05:00", "2024-04-01T10:23:00-05:00"),
        ("2024-04-01T10:23:04.5Z", "2024-04-01T10:23:04.5Z", "2024-04-01T10:23:04.5Z"),
        ("2024-04-01T10:23:00+14:00", "2024-04-01T10:23:00+14:00", "2024-04-01T10:23:00+14:00"),
        *((wrong, "", "") for wrong in ("", "soon", "0000", "2024-13", "2024-02-30", "20240401", "2024-04-01 10:23")),
        *((wrong, "", "") for wrong in ("2024-04-01T24:00:00Z", "2024-04-01T10:23:00+15:00", "２０２４-04-01")),
    ],
)
def test_a_time_is_written_with_seconds_and_zone_or_not_at_all(text: str, as_date_time: str, as_instant: str) -> None:
    assert (date_time(text), full_instant(text)) == (as_date_time, as_instant)


def test_an_instant_of_a_day_comes_before_all_of_that_day() -> None:
    assert (instant(full_instant("2024-04-01")) or 0) < (instant("2024-04-01T00:00:01+09:00") or 0)
