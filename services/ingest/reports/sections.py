"""The sections of a report, and the codes and titles by which messages and documents name them. Pure.

A format adds its own to these tables, beside its reader.
Source: LOINC; PS3.16 CID 7001, CID 7002 (DCM codes); PS3.20 9.
"""

import enum
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from shared.fhir import codes


class Section(enum.StrEnum):
    """The text fields of a canonical report; TEXT is what no other has."""

    FINDINGS = "findings"
    IMPRESSION = "impression"
    CLINICAL = "clinical_info"
    TEXT = "text"


LOINC: Final[Mapping[str, Section]] = {
    codes.FINDINGS: Section.FINDINGS,
    codes.PROCEDURE_FINDINGS: Section.FINDINGS,
    codes.IMPRESSION: Section.IMPRESSION,
    codes.CLINICAL: Section.CLINICAL,
}
DOCUMENT_LOINC: Final[Mapping[str, Section]] = {
    **LOINC,
    codes.ASSESSMENT: Section.IMPRESSION,
    **dict.fromkeys((codes.HISTORY, codes.REQUEST, codes.REASON_FOR_STUDY), Section.CLINICAL),
    **dict.fromkeys((codes.PROCEDURE_DESCRIPTION, codes.RECOMMENDATION, codes.ADDENDUM), Section.TEXT),
    codes.COMPLICATIONS: Section.TEXT,
}
"""CDA and SR documents have sections that no OBX is known to have."""
DCM: Final[Mapping[str, Section]] = {
    "121070": Section.FINDINGS,
    "121072": Section.IMPRESSION,
    "121060": Section.CLINICAL,
}
TITLES: Final[Mapping[str, Section]] = {
    **dict.fromkeys(("所見", "読影所見", "画像所見", "検査所見", "findings"), Section.FINDINGS),
    **dict.fromkeys(("診断", "画像診断", "読影診断", "診断名", "結論", "印象", "まとめ", "総括"), Section.IMPRESSION),
    **dict.fromkeys(("インプレッション", "impression", "impressions", "conclusion"), Section.IMPRESSION),
    **dict.fromkeys(("依頼情報", "臨床情報", "検査目的", "依頼目的", "clinical information"), Section.CLINICAL),
    **dict.fromkeys(("コメント", "追記", "推奨", "比較", "addendum"), Section.TEXT),
}
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")
_REMARK = re.compile(r"[(\[<〔][^()\[\]<>〔〕]*[)\]>〕]")
_NUMBER = re.compile(r"^(?:\d{1,3}(?:[.-]\d{1,3})*|[ivx]{1,4}\b|[a-z]\b)[.):、。\]】\s]*")


def by_title(title: str) -> Section | None:
    """Return the section of a title, whatever numbers, marks and remarks in brackets stand around its words."""
    folded = unicodedata.normalize("NFKC", title).lower()
    return TITLES.get(_words(folded)) or TITLES.get(_words(_REMARK.sub(" ", folded)))


def heading(title: str) -> str:
    """Return a title that says more than which section it heads; empty for one that says no more."""
    folded = unicodedata.normalize("NFKC", title).lower()
    return "" if _words(folded) in TITLES else " ".join(title.split())


def _words(title: str) -> str:
    words = " ".join(_AROUND.sub("", title).split())
    return words if words in TITLES else _AROUND.sub("", _NUMBER.sub("", words, count=1))


class SectionTexts:
    """Gathers the texts of a report by section, in their order."""

    def __init__(self) -> None:
        self._texts: dict[Section, list[str]] = {}

    def add(self, section: Section, *texts: str) -> None:
        """Add what a section says."""
        self._texts.setdefault(section, []).extend(texts)

    def begin(self, section: Section, text: str) -> None:
        """Put a text before what a section says; do nothing if it says nothing."""
        if section in self._texts:
            self._texts[section].insert(0, text)

    def __contains__(self, section: Section) -> bool:
        return any(self._texts.get(section, ()))

    def joined(self) -> dict[str, str]:
        """Return the text of each section that says something, by the name of its field."""
        joined = {section.value: "\n".join(filter(None, texts)) for section, texts in self._texts.items()}
        return {name: text for name, text in joined.items() if text}
