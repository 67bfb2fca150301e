"""Looks for names in what is typed at the centre, with the rules that clean reports at the hospitals."""

from services.anonymizer.text.cleaner import Identifiers, clean_text
from services.anonymizer.text.policy import TextPolicy
from shared.text.free_text import TextFindings

_DOUBTFUL = frozenset({"institution", "department", "date", "time", "relative_date", "age", "uid"})
"""Categories of the cleaner that name no person; every other one does."""


def findings(text: str) -> TextFindings:
    """Return what the cleaner would cut and what it doubts. A hospital or a date is doubtful, not refused.

    Raises Refused for a text that is too long for it.
    """
    cleaned = clean_text(text, Identifiers(), TextPolicy.of_profile("jmid"))
    cut = set(cleaned.removed)
    doubtful = sorted((cut & _DOUBTFUL) | set(cleaned.reasons))
    return TextFindings(tuple(sorted(cut - _DOUBTFUL)), tuple(doubtful))
