"""The DICOM SR report channel: a structured report document becomes one canonical Bundle. Pure.

Sections are an allow-list by concept name (CID 7001, 7002, LOINC) or Japanese title; what they hold is read by value
type: text, the meaning of codes, numbers with their units. Of other sections only the text is read, as text that no
section has. Everything else is left behind: images and what refers to them are counted as attachments, people and
places go into the dictionary that the text is cleaned with.
Source: PS3.3 C.17 (document header, C.17.2; content, C.17.3); PS3.16 TID 2000, TID 1002 to 1004, CID 7001, CID 7002.
"""

import io
import warnings
from collections.abc import Iterator
from typing import Final

import pydicom
from pydicom.dataset import Dataset

from services.ingest.reports.bundle import ReportFields, bundle_of
from services.ingest.reports.context_resources import Parts
from services.ingest.reports.hl7.report import instant
from services.ingest.reports.sr.header import header_values, people
from shared.errors import Invalid

CLASSES: Final = {
    "1.2.840.10008.5.1.4.1.1.88.11": "Basic Text SR",
    "1.2.840.10008.5.1.4.1.1.88.22": "Enhanced SR",
    "1.2.840.10008.5.1.4.1.1.88.33": "Comprehensive SR",
    "1.2.840.10008.5.1.4.1.1.88.34": "Comprehensive 3D SR",
    "1.2.840.10008.5.1.4.1.1.88.35": "Extensible SR",
}
"""Classes that reports are written in. Dose, CAD, log and echo documents have classes of their own, and are none."""
_BASIC_TEXT: Final = "1.2.840.10008.5.1.4.1.1.88.11"

_FINDINGS, _IMPRESSION, _CLINICAL, _TEXT, _UNREAD = "findings", "impression", "clinical_info", "text", ""
_BY_CODE: Final = {
    **dict.fromkeys(("121070", "121071", "121065", "121111", "18782-3", "59776-5", "18834-2"), _FINDINGS),
    **dict.fromkeys(("121072", "121073", "121076", "121077", "19005-8", "51848-0", "55110-1"), _IMPRESSION),
    **dict.fromkeys(
        ("121060", "121061", "121062", "121109", "121110", "121059", "11329-0", "55115-0", "18785-6", "55752-0"),
        _CLINICAL,
    ),
    **dict.fromkeys(
        ("121064", "121066", "121067", "121068", "121069", "121074", "121075", "121078", "121113", "55111-9",
         "18783-1", "55107-7", "55109-3", "55112-7"), _TEXT,
    ),
}  # fmt: skip
_BY_TITLE: Final = {
    "所見": _FINDINGS, "画像所見": _FINDINGS, "診断": _IMPRESSION, "画像診断": _IMPRESSION, "結論": _IMPRESSION,
    "印象": _IMPRESSION, "依頼情報": _CLINICAL, "臨床情報": _CLINICAL, "検査目的": _CLINICAL, "コメント": _TEXT,
    "追記": _TEXT, "推奨": _TEXT, "比較": _TEXT, "findings": _FINDINGS, "impression": _IMPRESSION,
}  # fmt: skip
_SCHEMES: Final = frozenset({"DCM", "LN"})
_NOT_REPORTS: Final = frozenset({"126000", "126001", "126010", "113701", "111036", "112220", "121181"})
"""Titles of documents of these classes that hold measurements, doses or lists: TID 1500, 10001, 4000, 4100, 5100."""
_PLACED: Final = frozenset({"IMAGE", "COMPOSITE", "WAVEFORM", "SCOORD", "SCOORD3D", "TCOORD"})
_CONTEXT: Final = frozenset({"HAS OBS CONTEXT", "HAS ACQ CONTEXT"})
_SAME: Final = "121071 121073 121077 121075 121069 121061 121059".split()  # CID 7002: as the section
_DEEPEST: Final = 40
_MOST_ITEMS: Final = 20_000


class Document:
    """One SR document. predecessors: SOP Instance UIDs of the versions before it (C.17.2)."""

    def __init__(self, data: bytes) -> None:
        """Read it. Raises Invalid if it cannot be read, or its character set is not what it says."""
        self._dataset = _parsed(data)
        self.sop_instance_uid = str(self._dataset.get("SOPInstanceUID", ""))
        self.predecessors = [
            str(item.get("ReferencedSOPInstanceUID", ""))
            for study in self._dataset.get("PredecessorDocumentsSequence") or []
            for series in study.get("ReferencedSeriesSequence") or []
            for item in series.get("ReferencedSOPSequence") or []
        ]

    def bundle(self, report_id: str) -> bytes | None:
        """Return the canonical Bundle; None if the document is no report.

        report_id: what all its versions share. Raises Invalid: as ``bundle_of``, or too deep, or too large.
        """
        if _code(self._dataset)[1] in _NOT_REPORTS:
            return None
        parts = Parts()
        texts: dict[str, list[str]] = {}
        reader = _Reader(parts, texts)
        try:
            reader.walk(self._dataset, _UNREAD, 0)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise Invalid("bad-sr", "a content item does not hold what its Value Type says (PS3.3 C.17.3.2)") from error
        unread = texts.pop(_UNREAD, [])
        is_narrative = str(self._dataset.get("SOPClassUID", "")) == _BASIC_TEXT
        if not any(texts.get(kind) for kind in (_FINDINGS, _IMPRESSION)) and not (is_narrative and unread):
            return None
        texts.setdefault(_TEXT, []).extend(unread)
        values = header_values(self._dataset, parts)
        values["procedure"] = values["procedure"] or _code(self._dataset)[2]
        people(self._dataset, parts)
        joined = {kind: "\n".join(lines) for kind, lines in texts.items()}
        for text in (*values.values(), *joined.values()):
            if "\ufffd" in text:
                raise Invalid("bad-characters", "a text is not in the Specific Character Set that is declared")
        issued = instant(values.pop("issued"))
        fields = ReportFields(report_id=report_id, issued=issued, **values, **joined)
        return bundle_of(fields, patient=parts.patient, others=parts.entries(), forms=parts.forms())


class _Reader:
    """Walks a content tree (PS3.3 C.17.3) and gathers what the sections say."""

    def __init__(self, parts: Parts, texts: dict[str, list[str]]) -> None:
        self._parts, self._texts = parts, texts
        self._items = 0

    def walk(self, item: Dataset, section: str, depth: int) -> None:
        """Read the items below one. section: that it is in, empty if in none that is read."""
        if depth > _DEEPEST:
            raise Invalid("too-deep", f"content items are nested more than {_DEEPEST} deep")
        for child in item.get("ContentSequence") or []:
            self._items += 1
            if self._items > _MOST_ITEMS:
                raise Invalid("too-large", f"a report has at most {_MOST_ITEMS} content items")
            self._item(child, section, depth + 1)

    def _item(self, item: Dataset, section: str, depth: int) -> None:
        relation, kind = str(item.get("RelationshipType", "")), str(item.get("ValueType", ""))
        if relation in _CONTEXT or kind == "PNAME":
            if kind == "TEXT":  # an organisation, a role, an ID; persons are found with those of the header
                self._parts.place(str(item.get("TextValue", "")))
            self.walk(item, _UNREAD, depth)
            return
        if relation == "HAS CONCEPT MOD":
            return  # of the document or section itself: language, view
        if kind in _PLACED:
            self._parts.left_behind.append("application/dicom")
            return
        scheme, code, meaning = _code(item)
        own = _section(scheme, code, meaning)
        section = own or section
        if kind == "CONTAINER":
            if not section:
                self._parts.unmapped += 1
            self.walk(item, section, depth)
            return
        said = _said(item, kind)
        if said and (section or kind == "TEXT"):
            bare = bool(own) or code in _SAME or not meaning
            self._texts.setdefault(section, []).append(said if bare else f"{meaning}: {said}")
        elif kind:
            self._parts.unmapped += 1
        self.walk(item, section, depth)


def _said(item: Dataset, kind: str) -> str:
    """Return what an item of text, code or number says; empty for others."""
    if kind == "TEXT":
        return str(item.get("TextValue") or "").strip()
    if kind == "CODE":
        return " ".join(str(each.get("CodeMeaning", "")) for each in item.get("ConceptCodeSequence") or []).strip()
    if kind == "NUM":
        return ", ".join(_measured(each) for each in item.get("MeasuredValueSequence") or [])
    return ""


def _measured(value: Dataset) -> str:
    units = [str(unit.get("CodeValue", "")) for unit in value.get("MeasurementUnitsCodeSequence") or []]
    unit = units[0] if units and units[0] != "1" else ""
    return f"{value.get('NumericValue', '')} {unit}".strip()


def _section(scheme: str, code: str, meaning: str) -> str:
    found = _BY_CODE.get(code, "") if scheme in _SCHEMES else ""
    return found or _BY_TITLE.get(meaning.strip(" 【】[]:：").lower(), "")


def _code(item: Dataset) -> tuple[str, str, str]:
    """Return scheme, value and meaning of the concept name; empty ones if there is none."""
    names = item.get("ConceptNameCodeSequence") or []
    if not names:
        return "", "", ""
    return tuple(str(names[0].get(name, "")) for name in ("CodingSchemeDesignator", "CodeValue", "CodeMeaning"))  # type: ignore[return-value]


def _parsed(data: bytes) -> Dataset:
    """Return the Data Set with its texts decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", ".*(?:encoding|decode|character set).*")  # pydicom replaces what is wrong
            dataset = pydicom.dcmread(io.BytesIO(data))
            dataset.decode()
            charset = dataset.get("SpecificCharacterSet") or ""
            if charset in ("", "ISO_IR 6") and any(not text.isascii() for text in _texts(dataset)):
                raise Invalid(
                    "bad-characters", "a text is not in the default character repertoire, and none is declared"
                )
    except Invalid:
        raise
    except Exception as error:
        raise Invalid("bad-sr", "the document cannot be read, or not in its Specific Character Set") from error
    return dataset


def _texts(dataset: Dataset) -> Iterator[str]:
    for element in dataset.iterall():
        if element.VR in ("LO", "SH", "LT", "ST", "UT", "UC", "PN"):
            yield str(element.value)
