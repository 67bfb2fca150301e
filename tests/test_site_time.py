"""Hours and days go by the time zone of the site, over changes of its clock too."""

import datetime as dt
import time
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from shared.errors import SettingsError
from shared.site.times import SiteTime, site_time_of
from shared.text.hours import is_open

HOUR_S = 3600.0


@pytest.fixture
def system_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The system is in New York."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def moment(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def at_site(zone: str) -> SiteTime:
    return site_time_of({"JMID_SITE_TIMEZONE": zone})


@pytest.mark.parametrize(
    ("zone", "utc", "here"),
    [
        ("Asia/Tokyo", "2026-11-28T15:00:00+00:00", "2026-11-29T00:00:00"),
        ("Asia/Kolkata", "2026-11-28T18:30:00+00:00", "2026-11-29T00:00:00"),
        ("Asia/Kathmandu", "2026-11-28T18:15:00+00:00", "2026-11-29T00:00:00"),
        ("Europe/Berlin", "2026-03-29T01:00:00+00:00", "2026-03-29T03:00:00"),
        ("Europe/Berlin", "2026-10-25T01:00:00+00:00", "2026-10-25T02:00:00"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00+00:00", "2026-10-04T02:30:00"),  # its clock moves by half an hour
    ],
)
def test_the_time_of_the_site_does_not_go_by_the_systems_zone(
    system_zone: None, zone: str, utc: str, here: str
) -> None:
    assert at_site(zone).at(moment(utc)).replace(tzinfo=None).isoformat() == here


@pytest.mark.parametrize(
    ("zone", "day", "begin", "hours"),
    [
        ("Asia/Tokyo", "2026-11-28", "2026-11-27T15:00:00+00:00", 24.0),
        ("Asia/Kolkata", "2026-11-28", "2026-11-27T18:30:00+00:00", 24.0),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00+00:00", 23.0),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00+00:00", 25.0),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00+00:00", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00+00:00", 24.5),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00+00:00", 23.0),  # it has no midnight
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00+00:00", 25.0),  # it has two
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00+00:00", 25.0),  # at 00:01 it is yesterday again
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00+00:00", 0.0),  # it was left out
    ],
)
def test_the_days_of_a_site_follow_each_other_without_a_gap(zone: str, day: str, begin: str, hours: float) -> None:
    site_time = at_site(zone)

    first, last = site_time.bounds(day)

    assert (first, last - first) == (moment(begin), hours * HOUR_S)
    assert site_time.day_of(first - 1.0) < day < site_time.day_of(last)
    quarters = [first + 900.0 * number for number in range(int(hours * 4))]
    assert {site_time.day_of(at) for at in quarters} <= {day}
    next_day = (dt.date.fromisoformat(day) + dt.timedelta(1)).isoformat()
    assert site_time.bounds(next_day)[0] == last


def test_without_a_setting_days_and_hours_go_by_the_system(system_zone: None) -> None:
    site_time = site_time_of({})

    first, last = site_time.bounds("2026-11-01")

    assert (first, last - first) == (moment("2026-11-01T00:00:00-04:00"), 25 * HOUR_S)
    assert (site_time.day_of(first), site_time.day_of(last)) == ("2026-11-01", "2026-11-02")
    assert site_time.at(moment("2026-11-28T12:00:00+00:00")).time() == dt.time(7)
    assert site_time_of({"JMID_SITE_TIMEZONE": ""}) == site_time


def test_hours_of_the_day_hold_by_the_clock_on_the_wall_when_it_is_changed() -> None:
    berlin = SiteTime(ZoneInfo("Europe/Berlin"))

    def open_at(utc: str) -> bool:
        return is_open(["19-07"], berlin.at(moment(utc)).time())

    winter = [open_at(f"2026-03-28T{utc}+00:00") for utc in ("05:59:00", "06:00:00")]
    summer = [open_at(f"2026-03-29T{utc}+00:00") for utc in ("04:59:00", "05:00:00")]
    assert winter == summer == [True, False]


@pytest.mark.parametrize("name", ["Asia/Tokio", "JST+9", "../etc/passwd", "Asia", "/etc/localtime", "東京"])
def test_a_zone_that_is_not_known_does_not_start_and_a_right_one_is_shown(name: str) -> None:
    with pytest.raises(SettingsError, match=r"JMID_SITE_TIMEZONE .*Asia/Tokyo"):
        at_site(name)


@pytest.mark.parametrize("day", ["2026-11-31", "20261128", "2026-W48-6", "9999-12-31", "0001-01-01", "", "today"])
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(ValueError, match=r"day|month|isoformat"):
        SiteTime().bounds(day)
