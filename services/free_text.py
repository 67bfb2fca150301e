"""Looks for names in what is typed at the centre, with the rules that clean reports at the hospitals."""

from typing import Final

import msgspec

from services.anonymizer.text.cleaner import Identifiers, clean_text
from services.anonymizer.text.policy import TextPolicy
from services.anonymizer.text.prose import readable
from shared.errors import Refused
from shared.text.free_text import TextFindings

_REPLACED = "\ufffd"  # stands for bytes that could not be decoded
_DOUBTFUL = frozenset({"institution", "department", "date", "time", "relative_date", "age", "uid"})
"""Categories of the cleaner that name no person; every other one does."""

_POLICY: Final = msgspec.structs.replace(TextPolicy.of_profile("jmid"), learned=False)
"""The learned reader knows reports, and no labels of measurements or remarks."""


def findings(text: str) -> TextFindings:
    """Return what the cleaner would cut and what it doubts. A hospital or a date is doubtful, not refused.

    A text in another character set than it says, as viewers write it into objects, is read as what it is.
    Raises Refused for a text that is too long for it, or that nobody can read.
    """
    if _REPLACED in text:
        raise Refused("text-not-readable", "a text is not of the character set that it says")
    cleaned = clean_text(readable(text), Identifiers(), _POLICY)
    cut = set(cleaned.removed)
    doubtful = sorted((cut & _DOUBTFUL) | set(cleaned.reasons))
    return TextFindings(tuple(sorted(cut - _DOUBTFUL)), tuple(doubtful))
