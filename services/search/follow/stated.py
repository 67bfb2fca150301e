"""What the reports of a case state of findings, for the index: suggestions of a program, never facts. Pure."""

import msgspec

from services.search.case import Case
from services.search.findings.extract import findings_of
from services.search.findings.finding import Finding


def with_findings(case: Case) -> Case:
    """Return the case with the findings that its reports say are there, and those that they say are not.

    By code where the program knows one, and by the term as it stands. What is doubtful, of the past, of the family or
    looked for is neither; the clinical information of a report is not looked at, since it asks and does not find.
    """
    texts = [text for report in case.reports for text in (report.findings, report.impression, report.text) if text]
    stated = [finding for text in texts for finding in findings_of(text)]
    return msgspec.structs.replace(case, present=_of(stated, "present"), absent=_of(stated, "absent"))


def _of(stated: list[Finding], certainty: str) -> tuple[str, ...]:
    found = (finding for finding in stated if finding.certainty == certainty)
    return tuple(dict.fromkeys(name for finding in found for name in (finding.code, finding.term) if name))
