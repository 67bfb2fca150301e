"""What a program read of findings in the reports of a case, for a person to look at: never facts. Pure."""

from collections.abc import Iterator
from typing import Final

import msgspec

from services.search.case import Case, Report
from services.search.findings.extract import findings_of
from services.search.findings.finding import MAKER, Finding
from services.search.findings.sentences import Section

_SECTIONS: Final[dict[str, Section]] = {
    "clinical_information": "indication",
    "findings": "",
    "impression": "",
    "text": "",
}
"""The fields of a report, and how a text without headings is read there."""


class Suggestion(msgspec.Struct, frozen=True):
    """A finding and where it stands. section: the field of the report whose text ``start`` and ``end`` count in."""

    report_id: str
    section: str
    finding: Finding


class Suggestions(msgspec.Struct, frozen=True):
    """maker: the version of the rules.  confirmed: always false; nobody has looked at them."""

    findings: tuple[Suggestion, ...]
    maker: int = MAKER
    confirmed: bool = False


def suggestions_of(case: Case) -> Suggestions:
    """Read the reports of a case as they are now; nothing of it is stored."""
    return Suggestions(tuple(each for report in case.reports for each in _of_report(report)))


def _of_report(report: Report) -> Iterator[Suggestion]:
    for name, section in _SECTIONS.items():
        for finding in findings_of(getattr(report, name), section):
            yield Suggestion(report.report_id, name, finding)
