"""The results of an order: what OBX and NTE segments say, by value type. Pure.

A value that cannot be carried whole refuses its message: nothing is shortened.
Source: HL7 v2.5 7.4.2 (OBX), 2.16 (data types), tables 0085 (status) and 0125 (value types).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from services.ingest.reports import sections
from services.ingest.reports.dates import hl7_time
from services.ingest.reports.hl7.files import content_type, enclosed_text
from services.ingest.reports.hl7.message import Segment
from services.ingest.reports.hl7.people import PEOPLE_AND_PLACES, note_value
from services.ingest.reports.mentions import Mentions
from services.ingest.reports.sections import Section, SectionTexts
from shared.errors import Invalid

_SECTIONS: Final[Mapping[str, Section]] = {
    **sections.LOINC,
    **sections.DCM,
    "GDT": Section.FINDINGS,  # suffixes of OBX-3 (7.4.2.3)
    "IMP": Section.IMPRESSION,
}
_STUDY_UID = ("113014", "110180")  # DCM: DICOM Study, Study Instance UID
_PROSE: Final = frozenset({"TX", "FT", "ST", ""})
"""Without OBX-2, the value is text: that is what a result of a report is."""
_CODED, _NUMBER = frozenset({"CE", "CWE", "CNE", "CF", "ID", "IS"}), frozenset({"NM", "SN", "SI"})
_TIMES: Final = frozenset({"DT", "TM", "TS", "DTM"})
_FILES: Final = frozenset({"ED", "RP"})
_UNSAID: Final = frozenset({"D", "W", "X"})  # deleted, wrong, cannot be obtained


def study_uids(segments: Sequence[Segment]) -> Iterator[str]:
    """Yield the Study Instance UIDs that ZDS and OBX name."""
    for segment in segments:
        if segment.name == "ZDS" and segment.text(1):
            yield segment.text(1)
        elif segment.name == "OBX" and segment.text(3) in _STUDY_UID and segment.text(5):
            yield segment.text(5)


def result_texts(segments: Sequence[Segment], mentions: Mentions) -> SectionTexts:
    """Return the texts by section; files are noted and left behind. Raises Invalid: a value that cannot be read."""
    texts, heading = SectionTexts(), ""
    for segment in segments:
        if segment.name == "NTE":
            texts.add(Section.TEXT, _comment(segment))
        elif segment.name == "OBX" and segment.text(3) not in _STUDY_UID:
            heading = _note_result(segment, texts, mentions, heading)
    return texts


def _comment(segment: Segment) -> str:
    if not re.fullmatch("[A-Z0-9]{0,4}", segment.text(4)):  # table 0364
        raise Invalid("stray-delimiter", "a field separator stands in the text of NTE-3 without its escape (2.7)")
    return segment.prose(3)


def _note_result(segment: Segment, texts: SectionTexts, mentions: Mentions, heading: str) -> str:
    """Note one OBX; return the name that stands last above a text, as one of no known section has."""
    kind = segment.text(2).upper()
    _check(segment, kind)
    enclosed = enclosed_text(segment) if kind in _FILES else None
    if kind in _FILES and enclosed is None:
        mentions.left_behind.append(content_type(segment))
        return heading
    if segment.text(11) in _UNSAID or _is_mention(segment, kind, mentions):
        return heading
    text, section = enclosed or _value(segment, kind), _section(segment)
    name = "" if _has_code(segment) else sections.heading(segment.text(3, 2) or segment.text(3))
    if kind in _PROSE | _FILES and text and name != heading:
        texts.add(section or Section.TEXT, name)
        heading = name
    texts.add(section or Section.TEXT, text)
    return heading


def _check(segment: Segment, kind: str) -> None:
    """Raise Invalid where a separator without its escape has cut a value (2.7)."""
    status = segment.text(11)
    is_cut = bool(segment.text(6)) and (not status or not re.fullmatch(r"[!-~]+", segment.text(6)))
    if not re.fullmatch("[A-Z]?", status) or (kind in _PROSE and is_cut):
        raise Invalid("stray-delimiter", "OBX-11 is no status: is a field separator in OBX-5 without its escape? (2.7)")


def _is_mention(segment: Segment, kind: str, mentions: Mentions) -> bool:
    """Note a person, place or number that is a value by itself; say whether it was one."""
    if kind not in PEOPLE_AND_PLACES:
        return False
    for each in segment.repetitions(5):
        note_value(kind, each, mentions)
        mentions.unmapped += 1
    return True


def _has_code(segment: Segment) -> bool:
    """Say whether a code or a suffix (7.4.2.3) names a section: the name then says no more."""
    return any(word in _SECTIONS for word in (segment.text(3), segment.text(3, 1, 2), segment.text(3, 4)))


def _section(segment: Segment) -> Section | None:
    """Return the section of an OBX: by its code, its suffix, or its name."""
    words = [segment.text(3), segment.text(3, 1, 2), segment.text(3, 4), segment.text(3, 2), segment.text(3, 5)]
    known = (_SECTIONS.get(word) or sections.by_title(word) for word in words)
    return next((each for each in known if each), None)


def _value(segment: Segment, kind: str) -> str:
    """Return the text of OBX-5. Raises Invalid: its type is not one of those that are read."""
    if kind in _FILES:
        return ""
    if kind in _PROSE:
        return segment.prose(5)
    if kind in _CODED:
        words = [each.text(2) or each.text(9) or each.text(5) or each.text(1) for each in segment.repetitions(5)]
        return "\n".join(words) if _section(segment) else _named(segment, ", ".join(words))
    if kind in _NUMBER:
        value = " ".join(part for each in segment.repetitions(5) for part in each.texts() if part)
        return _named(segment, f"{value} {segment.text(6)}")
    if kind in _TIMES:
        return _named(segment, " ".join(hl7_time(each.text()) or each.text() for each in segment.repetitions(5)))
    if segment.repetitions(5):
        raise Invalid("bad-value-type", "OBX-2 is no value type that is read (HL7 v2.5 table 0125)")
    return ""


def _named(segment: Segment, value: str) -> str:
    """Return a value below its name, with flags (OBX-8, table 0078) and reference range (OBX-7)."""
    flags = [each.text() for each in segment.repetitions(8)]
    around = ", ".join(filter(None, (*flags, segment.text(7))))
    shown = f"{value.strip()} ({around})" if around else value
    return f"{segment.text(3, 2)}: {shown}".strip(": ") if value.strip() else ""
