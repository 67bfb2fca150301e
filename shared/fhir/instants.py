"""Points in time as FHIR writes them. Pure.

Source: FHIR R4 2.24.0.1 (dateTime: a time has seconds, which may be filled with zeros, and a zone; instant).
"""

import re
from datetime import UTC, datetime
from typing import Final

JAPAN: Final = "+09:00"
"""The sites' clock, where a sender gives no zone."""
_DATE_TIME: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<minute>\d\d:\d\d)(?P<second>:\d\d(?:\.\d+)?)?(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?)?)?)?",
    re.ASCII,
)


def instant(text: str) -> float | None:
    """Return a FHIR instant or dateTime as seconds since 1970; None if empty or not one. Without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def date_time(text: str) -> str:
    """Return a dateTime as FHIR wants it, as exact as it was: its time with seconds and zone; empty if it is none."""
    parts = _DATE_TIME.fullmatch(text)
    if parts is None:
        return ""
    day = f"{parts['year']}-{parts['month'] or '01'}-{parts['day'] or '01'}"
    clock = f"T{parts['minute']}{parts['second'] or ':00'}{parts['zone'] or JAPAN}" if parts["minute"] else ""
    if instant(f"{day}{clock}") is None:
        return ""
    return f"{day}{clock}" if clock else text


def full_instant(text: str) -> str:
    """Return an instant: a day without a time begins it; empty if text is not exact to the day."""
    exact = date_time(text)
    if "T" in exact:
        return exact
    return f"{exact}T00:00:00{JAPAN}" if len(exact) == len("2024-04-01") else ""
