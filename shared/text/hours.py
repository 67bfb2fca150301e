"""Hours of the day as people write them, and a rate that goes by them. Pure.

``19:00-07:00`` (or ``19-07``) is from 19:00 up to, not including, 07:00 of the next day. A rate by hour is
``07:00-19:00: 20 Mbit/s, else 200 Mbit/s``: the first hours that hold count; without ``else`` there is no limit.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

import msgspec

_TIME: Final = r"(?:[01][0-9]|2[0-3])(?::[0-5][0-9])?"
HOURS: Final = f"^{_TIME}-{_TIME}$"
"""The pattern of hours of the day."""
_PART: Final = re.compile(rf"(?:({_TIME}-{_TIME})\s*:|(else)\s)?\s*(?:(\d+(?:\.\d+)?)\s*(k|M|G)?bit/s|(unlimited))")
_BITS: Final = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
_LEAST_BITS: Final = 8000.0


class RateByHour(msgspec.Struct, frozen=True):
    """by_hours: hours and the bytes a second that hold in them.  otherwise: at any other time.  0 is no limit."""

    by_hours: tuple[tuple[str, float], ...] = ()
    otherwise: float = 0.0

    def at(self, now: dt.time) -> float:
        """Return the bytes a second at a time of day; 0 is no limit."""
        return next((rate for hours, rate in self.by_hours if is_within(hours, now)), self.otherwise)


def is_within(hours: str, now: dt.time) -> bool:
    """Say whether a time of day is in these hours, which may go over midnight; the same twice is the whole day."""
    begin, end = (_time(each) for each in hours.split("-"))
    return begin <= now < end if begin < end else now >= begin or now < end


def is_open(hours: Sequence[str], now: dt.time) -> bool:
    """Say whether any of these hours hold; none named is always."""
    return not hours or any(is_within(each, now) for each in hours)


def rate_by_hour(text: str) -> RateByHour:
    """Return what a text says; an empty one is no limit. Raises ValueError that says what is wrong."""
    by_hours: list[tuple[str, float]] = []
    otherwise: float | None = None
    for part in (each.strip() for each in text.split(",") if each.strip()):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError("a part is hours and a rate, such as 07:00-19:00: 20 Mbit/s, or else 200 Mbit/s")
        hours, rate = match[1], _bytes_per_s(match)
        if hours:
            by_hours.append((hours, rate))
        elif otherwise is not None:
            raise ValueError("the rate of the other hours is given once")
        else:
            otherwise = rate
    return RateByHour(tuple(by_hours), otherwise or 0.0)


def _bytes_per_s(match: re.Match[str]) -> float:
    if match[5]:
        return 0.0
    bits = float(match[3]) * _BITS[match[4] or ""]
    if bits < _LEAST_BITS:
        raise ValueError("a rate is at least 8 kbit/s")
    return bits / 8


def _time(text: str) -> dt.time:
    return dt.time.fromisoformat(text if ":" in text else f"{text}:00")
