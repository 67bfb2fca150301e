"""From when until when a search of a log goes."""

from datetime import datetime
from typing import Final

from shared.documents import Range
from shared.errors import Invalid

LAST: Final = "\uffff"
"""Behind every time of a day or an hour that is not written out."""


def check_times(**times: str) -> None:
    """Raise Invalid, naming the parameter, for one that is no time: RFC 3339, or its beginning; "" is not looked at."""
    for name, value in times.items():
        try:
            if value:
                datetime.fromisoformat(value)
        except ValueError as error:
            raise Invalid("wrong-parameter", f"{name} is a day or a time such as 2026-04-01T09:00:00") from error


def within(since: str, until: str) -> Range:
    """Return what holds of records whose ``at`` is from one time until the other, both inclusive; "" is no bound."""
    return Range("at", since or None, until + LAST if until else None)
