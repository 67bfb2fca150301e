"""Times of day and days where the site is: what hours, rates by hour, nights and the custody ledger go by.

Without JMID_SITE_TIMEZONE that is the time zone of the system (TZ). Times that are kept, and compared, are seconds
since 1970 and know no zone.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from shared import clock
from shared import settings as settings_reader
from shared.errors import SettingsError

_ONE_DAY: Final = dt.timedelta(1)


class SiteTimeSettings(msgspec.Struct, frozen=True):
    """Read as JMID_SITE_<FIELD>."""

    timezone: Annotated[
        str,
        Meta(
            description="The time zone, such as Asia/Tokyo, of hours of day (pulls, bandwidth, the nightly comparison) "
            "and of the days of the custody ledger; empty is the system's (TZ)."
        ),
    ] = ""


@dataclass(frozen=True)
class SiteTime:
    """zone: None is the system's."""

    zone: dt.tzinfo | None = None

    def at(self, at: float) -> dt.datetime:
        """Return a moment as date and time here. at: seconds since 1970."""
        return dt.datetime.fromtimestamp(at, dt.UTC).astimezone(self.zone)

    def now(self) -> dt.datetime:
        """Return the date and time here."""
        return self.at(clock.now())

    def time_of_day(self) -> dt.time:
        """Return the time of day here."""
        return self.now().time()

    def day_of(self, at: float) -> str:
        """Return the day of a moment, YYYY-MM-DD: the one whose bounds it is within. at: seconds since 1970."""
        day = self.at(at).date()
        if at < self._begin_of(day):
            day -= _ONE_DAY
        elif at >= self._begin_of(day + _ONE_DAY):  # a clock that was set back over midnight shows a day again
            day += _ONE_DAY
        return day.isoformat()

    def bounds(self, day: str) -> tuple[float, float]:
        """Return the begin of a day and of the next one, seconds since 1970. day: YYYY-MM-DD. Raises ValueError.

        A day of a DST change is shorter or longer. Of a midnight that comes twice the first counts; one that is
        skipped is the moment of the change.
        """
        begin = dt.date.fromisoformat(day)
        if begin.isoformat() != day or not dt.date.min < begin < dt.date.max - _ONE_DAY:
            raise ValueError("a day is YYYY-MM-DD")
        return self._begin_of(begin), self._begin_of(begin + _ONE_DAY)

    def _begin_of(self, day: dt.date) -> float:
        midnight = dt.datetime.combine(day, dt.time.min)
        return (midnight.astimezone() if self.zone is None else midnight.replace(tzinfo=self.zone)).timestamp()


SYSTEM_TIME: Final = SiteTime()


def site_time_of(environ: Mapping[str, str]) -> SiteTime:
    """Return the time of the site. Raises SettingsError for a name that this machine has no time zone of."""
    name = settings_reader.read(SiteTimeSettings, "SITE", environ).timezone
    if not name:
        return SYSTEM_TIME
    try:
        return SiteTime(ZoneInfo(name))
    except (LookupError, ValueError, OSError) as error:  # an OSError: it names a folder of the database of zones
        text = "JMID_SITE_TIMEZONE is no time zone that this machine knows; it takes a name such as Asia/Tokyo"
        raise SettingsError(text) from error
