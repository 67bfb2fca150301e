"""The content tree of an SR document: what its sections say, read by value type. Pure.

Source: PS3.3 C.17.3 (SR Document Content); PS3.16 TID 2000, TID 1002 to 1004, CID 7001, CID 7002.
"""

import re
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
_MODIFIER: Final = "HAS CONCEPT MOD"
_LANGUAGE: Final = frozenset({"121049", "121046"})  # TID 1204: of the document, and its country
_SUBJECT: Final = frozenset({"121024", "11951-1", "121037"})  # TID 1006, 1008: its class; which fetus
_PATIENT: Final = "121025"  # CID 271: the subject is the patient
_SAME: Final = frozenset("121071 121073 121077 121075 121069 121061 121059".split())  # CID 7002: as the section
_SILENT: Final = frozenset({"", "CONTAINER", "UIDREF", "PNAME", *_PLACED})
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
        self._headings: list[str] = []  # of containers that are no section, and in which nothing was said yet
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

    def modifiers(self, item: Dataset, depth: int = 0) -> str:
        """Return what modifies the meaning of an item (C.17.3.2.4), as laterality or absence does; empty if nothing."""
        if depth > _DEEPEST:
            raise Invalid("too-deep", f"content items are nested more than {_DEEPEST} deep")
        children = [each for each in item.get("ContentSequence") or [] if each.get("RelationshipType") == _MODIFIER]
        concepts = [(concept(each), _text(each, str(each.get("ValueType", ""))), each) for each in children]
        return ", ".join(
            _labelled(meaning, text, self.modifiers(each, depth + 1))
            for (_, code, meaning), text, each in concepts
            if text and code not in _LANGUAGE
        )

    def _item(self, item: Dataset, section: Section | None, depth: int) -> None:
        relation, kind = str(item.get("RelationshipType", "")), str(item.get("ValueType", ""))
        if kind == "PNAME" or (relation == "HAS OBS CONTEXT" and not _is_subject(item)):
            if kind == "TEXT":  # an organisation, a role, an ID; persons are found with those of the header
                self._mentions.place(str(item.get("TextValue", "")))
            self.walk(item, None, depth)
        elif kind in _PLACED:
            self._mentions.left_behind.append("application/dicom")
        elif relation != _MODIFIER:  # read with what it modifies
            self._content(item, kind, section, depth)

    def _content(self, item: Dataset, kind: str, inherited: Section | None, depth: int) -> None:
        scheme, code, meaning = concept(item)
        own = _section(scheme, code, meaning)
        section, text, modifiers = own or inherited, _text(item, kind), self.modifiers(item)
        above = len(self._headings)
        if kind == "CONTAINER":
            self._headings += [each for each in ("" if own else meaning, modifiers) if each]
        elif text:
            is_bare = bool(own) or code in _SAME or not meaning
            self._add(section, _labelled("" if is_bare else meaning, text, modifiers))
        elif kind:
            self._mentions.unmapped += 1
        self.walk(item, section, depth)
        del self._headings[above:]

    def _add(self, section: Section | None, text: str) -> None:
        """Add a text below the titles of the containers that it is the first of."""
        texts, self._headings = [*self._headings, text], []
        if section is None:
            self.unread += texts
        else:
            self.texts.add(section, *texts)


def concept(item: Dataset) -> tuple[str, str, str]:
    """Return scheme, value and meaning of the concept name; empty ones if there is none."""
    first = next(iter(item.get("ConceptNameCodeSequence") or []), Dataset())
    scheme, code = str(first.get("CodingSchemeDesignator", "")), str(first.get("CodeValue", ""))
    return scheme, code, str(first.get("CodeMeaning", ""))


def _section(scheme: str, code: str, meaning: str) -> Section | None:
    by_code = _BY_CODE.get(code) if scheme in _SCHEMES else None
    return by_code or sections.by_title(meaning)


def _is_subject(item: Dataset) -> bool:
    """Say whether an item names a subject that is not the patient, as one fetus of several."""
    _, code, _ = concept(item)
    values = {str(each.get("CodeValue", "")) for each in item.get("ConceptCodeSequence") or []}
    return code in _SUBJECT and _PATIENT not in values


def _labelled(meaning: str, text: str, modifiers: str) -> str:
    labelled = f"{meaning}: {text}" if meaning else text
    return f"{labelled} ({modifiers})" if modifiers else labelled


def _text(item: Dataset, kind: str) -> str:
    """Return what an item of text, code, number, date or time says; empty for references and empty items.

    Raises Invalid: a Value Type that nobody reads, as its text would be lost.
    """
    if kind == "TEXT":
        return str(item.get("TextValue") or "").strip()
    if kind == "CODE":
        return " ".join(map(_meaning, item.get("ConceptCodeSequence") or [])).strip()
    if kind == "NUM":
        values = [_measured(each) for each in item.get("MeasuredValueSequence") or []]
        return ", ".join(values or map(_meaning, item.get("NumericValueQualifierCodeSequence") or []))
    if kind in ("DATE", "DATETIME"):
        value = str(item.get("Date" if kind == "DATE" else "DateTime") or "")
        return hl7_time(value) or value
    if kind == "TIME":
        value = str(item.get("Time") or "")
        return ":".join(re.findall("[0-9]{2}", value.partition(".")[0])) or value
    if kind not in _SILENT:
        raise Invalid("unsupported-value-type", "a content item is of a Value Type that is not read (PS3.3 C.17.3.2.1)")
    return ""


def _meaning(code: Dataset) -> str:
    return str(code.get("CodeMeaning") or code.get("CodeValue") or "")


def _measured(value: Dataset) -> str:
    units = [str(unit.get("CodeValue", "")) for unit in value.get("MeasurementUnitsCodeSequence") or []]
    unit = units[0] if units and units[0] != "1" else ""
    return f"{value.get('NumericValue', '')} {unit}".strip()
