"""Say which version of a report holds: a pure function of the set of versions, whatever the order they arrived in.

Source: FHIR R4 DiagnosticReport.status and .issued (valueset-diagnostic-report-status).
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol, TypeVar

from shared.fhir.instants import instant as instant
from shared.fhir.statuses import ReportStatus

_RANK: Final[Mapping[str, int]] = {
    ReportStatus.UNKNOWN: 0,
    ReportStatus.REGISTERED: 1,
    ReportStatus.PARTIAL: 2,
    ReportStatus.PRELIMINARY: 3,
    ReportStatus.FINAL: 4,
    ReportStatus.APPENDED: 5,
    ReportStatus.AMENDED: 6,
    ReportStatus.CORRECTED: 6,
    ReportStatus.CANCELLED: 7,
    ReportStatus.ENTERED_IN_ERROR: 8,
}


class Version(Protocol):
    """What the order of versions needs. seen_at: when it was first received, seconds since 1970."""

    @property
    def sha256(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def issued(self) -> str: ...
    @property
    def seen_at(self) -> float: ...


V = TypeVar("V", bound=Version)


def current(versions: Iterable[V]) -> V:
    """Return the version that replaces all others: issued last; without an issue time, received last."""
    return max(versions, key=precedence)


def precedence(version: Version) -> tuple[float, int, str]:
    """Return the sort key: time of issue (else of receipt), then how settled the status is, then the digest."""
    at = instant(version.issued)
    return (version.seen_at if at is None else at, _RANK.get(version.status, 0), version.sha256)
