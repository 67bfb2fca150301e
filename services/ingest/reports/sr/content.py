"""The content tree of an SR document: what its sections say, read by value type. Pure.

Source: PS3.3 C.17.3 (SR Document Content); PS3.16 TID 2000, TID 1002 to 1004, CID 7001, CID 7002.
"""

from collections.abc import Mapping
from typing import Final

from pydicom.dataset import Dataset

from services.ingest.reports import sections
from services.ingest.reports.dates import hl7_time
from services.ingest.reports.mentions import Mentions
from services.ingest.reports.sections import Section, SectionTexts
from shared.errors import Invalid
from shared.fhir import codes

_BY_CODE: Final[Mapping[str, Section]] = {
    **sections.DOCUMENT_LOINC,
    codes.COMPARISON: Section.FINDINGS,
    codes.CONCLUSIONS: Section.IMPRESSION,
    codes.SUMMARY: Section.TEXT,
    **sections.DCM,
    **dict.fromkeys(("121071", "121065", "121111"), Section.FINDINGS),
    **dict.fromkeys(("121073", "121076", "121077"), Section.IMPRESSION),
    **dict.fromkeys(("121061", "121062", "121109", "121110", "121059"), Section.CLINICAL),
    **dict.fromkeys(("121064", "121066", "121067", "121068", "121069"), Section.TEXT),
    **dict.fromkeys(("121074", "121075", "121078", "121113"), Section.TEXT),
}
_SCHEMES: Final = frozenset({"DCM", "LN"})
_PLACED: Final = frozenset({"IMAGE", "COMPOSITE", "WAVEFORM", "SCOORD", "SCOORD3D", "TCOORD"})
_CONTEXT: Final = frozenset({"HAS OBS CONTEXT", "HAS ACQ CONTEXT"})
_SAME: Final = frozenset("121071 121073 121077 121075 121069 121061 121059".split())  # CID 7002: as the section
_DEEPEST: Final = 40
_MOST_ITEMS: Final = 20_000


class ContentReader:
    """Walks a content tree (C.17.3) once.

    texts: what the sections say.  unread: the text of sections that are not known, which no section has.
    """

    def __init__(self, mentions: Mentions) -> None:
        self.texts = SectionTexts()
        self.unread: list[str] = []
        self._mentions = mentions
        self._items = 0

    def walk(self, item: Dataset, section: Section | None = None, depth: int = 0) -> None:
        """Read the items below one. section: that it is in, None if in none that is read."""
        if depth > _DEEPEST:
            raise Invalid("too-deep", f"content items are nested more than {_DEEPEST} deep")
        for child in item.get("ContentSequence") or []:
            self._items += 1
            if self._items > _MOST_ITEMS:
                raise Invalid("too-large", f"a report has at most {_MOST_ITEMS} content items")
            self._item(child, section, depth + 1)

    def _item(self, item: Dataset, section: Section | None, depth: int) -> None:
        relation, kind = str(item.get("RelationshipType", "")), str(item.get("ValueType", ""))
        if relation in _CONTEXT or kind == "PNAME":
            if kind == "TEXT":  # an organisation, a role, an ID; persons are found with those of the header
                self._mentions.place(str(item.get("TextValue", "")))
            self.walk(item, None, depth)
        elif kind in _PLACED and relation != "HAS CONCEPT MOD":
            self._mentions.left_behind.append("application/dicom")
        elif relation != "HAS CONCEPT MOD":  # of the document or section itself: language, view
            self._content(item, kind, section, depth)

    def _content(self, item: Dataset, kind: str, inherited: Section | None, depth: int) -> None:
        scheme, code, meaning = concept(item)
        own = _section(scheme, code, meaning)
        section = own or inherited
        text = _text(item, kind)
        if kind == "CONTAINER":
            self._mentions.unmapped += section is None
        elif text:
            is_bare = bool(own) or code in _SAME or not meaning
            self._add(section, text if is_bare else f"{meaning}: {text}")
        elif kind:
            self._mentions.unmapped += 1
        self.walk(item, section, depth)

    def _add(self, section: Section | None, text: str) -> None:
        if section is None:
            self.unread.append(text)
        else:
            self.texts.add(section, text)


def concept(item: Dataset) -> tuple[str, str, str]:
    """Return scheme, value and meaning of the concept name; empty ones if there is none."""
    first = next(iter(item.get("ConceptNameCodeSequence") or []), Dataset())
    scheme, code = str(first.get("CodingSchemeDesignator", "")), str(first.get("CodeValue", ""))
    return scheme, code, str(first.get("CodeMeaning", ""))


def _section(scheme: str, code: str, meaning: str) -> Section | None:
    by_code = _BY_CODE.get(code) if scheme in _SCHEMES else None
    return by_code or sections.by_title(meaning)


def _text(item: Dataset, kind: str) -> str:
    """Return what an item of text, code, number or date says; empty for others."""
    if kind == "TEXT":
        return str(item.get("TextValue") or "").strip()
    if kind == "CODE":
        return " ".join(str(each.get("CodeMeaning", "")) for each in item.get("ConceptCodeSequence") or []).strip()
    if kind == "NUM":
        return ", ".join(_measured(each) for each in item.get("MeasuredValueSequence") or [])
    if kind in ("DATE", "DATETIME"):
        value = str(item.get("Date" if kind == "DATE" else "DateTime") or "")
        return hl7_time(value) or value
    return ""


def _measured(value: Dataset) -> str:
    units = [str(unit.get("CodeValue", "")) for unit in value.get("MeasurementUnitsCodeSequence") or []]
    unit = units[0] if units and units[0] != "1" else ""
    return f"{value.get('NumericValue', '')} {unit}".strip()
