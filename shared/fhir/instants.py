"""Points in time as FHIR writes them. Pure."""

from datetime import UTC, datetime


def instant(text: str) -> float | None:
    """Return a FHIR instant or dateTime as seconds since 1970; None if empty or not one. Without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
