"""The DICOM SR report channel: a structured report document becomes one canonical report. Pure.

Sections are an allow-list by concept name (CID 7001, 7002, LOINC) or Japanese title; what they hold is read by value
type: text, the meaning of codes, numbers with their units, each with what modifies it. What other sections say is read
as text that no section has. Everything else is left behind: images and what refers to them are counted as attachments,
people and places go into the dictionary that the text is cleaned with.
Source: PS3.3 C.17 (document header, C.17.2; content, C.17.3); PS3.16 TID 2000, TID 1002 to 1004, CID 7001, CID 7002.
"""

import io
import warnings
from collections.abc import Iterator, Mapping
from typing import Final

import pydicom
from pydicom.dataset import Dataset

from services.ingest.reports.canonical import CanonicalReport
from services.ingest.reports.fields import ReportFields, canonical
from services.ingest.reports.mentions import Mentions
from services.ingest.reports.sections import Section
from services.ingest.reports.sr.content import ContentReader, concept
from services.ingest.reports.sr.header import header_values, note_people
from shared.errors import Invalid

_BASIC_TEXT: Final = "1.2.840.10008.5.1.4.1.1.88.11"
CLASSES: Final = {
    _BASIC_TEXT: "Basic Text SR",
    "1.2.840.10008.5.1.4.1.1.88.22": "Enhanced SR",
    "1.2.840.10008.5.1.4.1.1.88.33": "Comprehensive SR",
    "1.2.840.10008.5.1.4.1.1.88.34": "Comprehensive 3D SR",
    "1.2.840.10008.5.1.4.1.1.88.35": "Extensible SR",
}
"""Classes that reports are written in. Dose, CAD, log and echo documents have classes of their own, and are none."""
_NOT_REPORTS: Final = frozenset({"126000", "126001", "126010", "113701", "111036", "112220", "121181"})
"""Titles of documents of these classes that hold measurements, doses or lists: TID 1500, 10001, 4000, 4100, 5100."""


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

    def report(self, report_id: str) -> CanonicalReport | None:
        """Return what it says; None if the document is no report.

        report_id: what all its versions share. Raises Invalid: as ``canonical``, or too deep, or too large.
        """
        _, code, title = concept(self._dataset)
        if code in _NOT_REPORTS:
            return None
        mentions = Mentions()
        content = self._content(mentions)
        if not self._is_report(content):
            return None
        content.texts.add(Section.TEXT, content.modifiers(self._dataset), *content.unread)
        values = header_values(self._dataset, mentions)
        values["procedure"] = values["procedure"] or title
        note_people(self._dataset, mentions)
        texts = {**values, **content.texts.joined()}
        _check_characters(texts)
        return canonical(ReportFields(report_id=report_id, **texts), mentions)

    def _content(self, mentions: Mentions) -> ContentReader:
        reader = ContentReader(mentions)
        try:
            reader.walk(self._dataset)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise Invalid("bad-sr", "a content item does not hold what its Value Type says (PS3.3 C.17.3.2)") from error
        return reader

    def _is_report(self, content: ContentReader) -> bool:
        """Say whether a section of a report has text; a Basic Text SR is one if there is any text."""
        is_narrative = str(self._dataset.get("SOPClassUID", "")) == _BASIC_TEXT
        has_sections = Section.FINDINGS in content.texts or Section.IMPRESSION in content.texts
        return has_sections or (is_narrative and bool(content.unread))


def _check_characters(texts: Mapping[str, str]) -> None:
    if any("\ufffd" in text for text in texts.values()):
        raise Invalid("bad-characters", "a text is not in the Specific Character Set that is declared")


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
