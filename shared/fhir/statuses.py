"""DiagnosticReport.status, and which states withdraw a report. Pure.

Source: FHIR R4 DiagnosticReport.status, value set diagnostic-report-status.
"""

import enum
from typing import Final


class ReportStatus(enum.StrEnum):
    """The codes of the value set; a member is equal to its code."""

    REGISTERED = "registered"
    PARTIAL = "partial"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"
    APPENDED = "appended"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"
    UNKNOWN = "unknown"


RETRACTED: Final = frozenset({ReportStatus.CANCELLED, ReportStatus.ENTERED_IN_ERROR})


def status_of(value: object) -> ReportStatus | None:
    """Return the status that a value is; None if it is no code of the value set."""
    return _BY_CODE.get(value) if isinstance(value, str) else None


_BY_CODE: Final[dict[str, ReportStatus]] = {status.value: status for status in ReportStatus}


def observation_status(status: ReportStatus) -> str:
    """Return the status of a report's Observations (value set observation-status): withdrawn with it, final with it."""
    return _OF_OBSERVATIONS.get(status, status.value)


_OF_OBSERVATIONS: Final = {
    ReportStatus.PARTIAL: "preliminary",
    ReportStatus.APPENDED: "amended",
    ReportStatus.CANCELLED: "entered-in-error",  # the text had been written; that of an Observation had not
}
