"""The CDA R2 report channel: a radiology report document becomes one canonical report. Pure.

Sections are known by LOINC code or title; what stands in others is text below its title. Media and bodies that are no
text are counted and left behind.
Source: HL7 CDA R2 4.2 (header), 4.3 (body), 4.3.5 (narrative block); PS3.20 9 (imaging report sections), 7.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lxml import etree

from services.ingest.reports import sections
from services.ingest.reports.canonical import CanonicalReport
from services.ingest.reports.cda.header import child, children, header_values, local
from services.ingest.reports.enclosed import RTF_TYPES, decoded_base64, plain_source
from services.ingest.reports.fields import ReportFields, canonical
from services.ingest.reports.mentions import Mentions
from services.ingest.reports.sections import Section, SectionTexts
from services.ingest.reports.xml_parser import parsed
from shared.errors import Invalid
from shared.fhir import codes
from shared.text.rtf_source import rtf_source

Element = Any  # lxml has no types
_NAMESPACE = "urn:hl7-org:v3"
_DEEPEST = 100
_BY_CODE: Final[Mapping[str, Mapping[str, Section]]] = {  # code system → code → section
    "2.16.840.1.113883.6.1": {  # LOINC
        **sections.DOCUMENT_LOINC,
        codes.REASON_FOR_VISIT: Section.CLINICAL,
        **dict.fromkeys((codes.COMPARISON, codes.CONCLUSIONS, codes.IMAGING_REPORT), Section.TEXT),
        codes.PHYSICAL_FINDINGS: Section.TEXT,
    },
    "1.2.840.10008.2.16.4": sections.DCM,
}
_BREAKS = frozenset({"br", "paragraph", "item", "tr", "list", "table", "caption", "thead", "tbody"})
_UNSEEN = frozenset({"renderMultiMedia", "footnoteRef", "observationMedia"})


def cda_report(data: bytes) -> CanonicalReport:
    """Return what the document says; raise Invalid that says what breaks which rule."""
    root = _parsed(data)
    mentions, texts = Mentions(), SectionTexts()
    values = header_values(root, mentions)
    for component in children(root, "component"):
        for body in children(component, "structuredBody"):
            for section in _sections(body):
                _read(section, None, texts, mentions, 0)
        for body in children(component, "nonXMLBody"):
            _read_text_body(body, texts, mentions)
    media = root.iter(f"{{{_NAMESPACE}}}observationMedia")
    mentions.left_behind += [_media(value) for each in media for value in children(each, "value") or [each]]
    return canonical(ReportFields(**values, **texts.joined()), mentions)


def _parsed(data: bytes) -> Element:
    """Return the root. libxml2's own limits of depth and size hold."""
    root = parsed(data, "not-cda")
    if root.tag != f"{{{_NAMESPACE}}}ClinicalDocument":
        raise Invalid("not-cda", "the root is not ClinicalDocument of urn:hl7-org:v3 (CDA R2 4.2.1)")
    return root


def _sections(parent: Element) -> Iterator[Element]:
    for component in children(parent, "component"):
        yield from children(component, "section")


def _read(section: Element, inherited: Section | None, texts: SectionTexts, mentions: Mentions, depth: int) -> None:
    """Read a section and those in it, which are of its kind unless they say otherwise."""
    if depth > _DEEPEST:
        raise Invalid("not-cda", f"sections are nested deeper than {_DEEPEST}")
    kind = _kind(section) or inherited or Section.TEXT
    text = child(section, "text")
    says = narrative(text) if text is not None else ""
    if says or next(_sections(section), None) is not None:
        texts.add(kind, sections.heading(_title(section)), says)
    for inner in _sections(section):
        _read(inner, kind, texts, mentions, depth + 1)


def _title(section: Element) -> str:
    title = child(section, "title")
    return "".join(title.itertext()) if title is not None else ""


def _kind(section: Element) -> Section | None:
    code = child(section, "code")
    by_code = _BY_CODE.get(code.get("codeSystem", ""), {}).get(code.get("code", "")) if code is not None else None
    return by_code or sections.by_title(_title(section))


def _read_text_body(body: Element, texts: SectionTexts, mentions: Mentions) -> None:
    """A body of plain text or RTF is the report; any other (4.3.1) is left behind, and its media type noted."""
    for text in children(body, "text"):
        kind = text.get("mediaType", "text/plain").partition(";")[0].strip().lower()
        if kind in {"text/plain", *RTF_TYPES} and child(text, "reference") is None:
            texts.add(Section.TEXT, _enclosed(text, is_rtf=kind in RTF_TYPES))
        else:
            mentions.left_behind.append(_media(text))


def _enclosed(text: Element, *, is_rtf: bool) -> str:
    """Return a body of text, written as it is or in Base64 (CDA R2 data type ED)."""
    words = "".join(text.itertext()).strip()
    if text.get("representation", "TXT") != "B64":
        return words
    data = decoded_base64(words)
    return rtf_source(data) if is_rtf else plain_source(data, ("utf-8-sig",))


def _media(value: Element) -> str:
    """Return the media type in words of our own."""
    kind = value.get("mediaType", "").lower()
    if kind.startswith("image/") or local(value) == "observationMedia":
        return "image/jpeg"
    return "application/pdf" if kind == "application/pdf" else "application/octet-stream"


def narrative(text: Element) -> str:
    """Return what a reader of a narrative block sees, a line a paragraph, item or row; deleted content is left out."""
    pieces: list[str] = []
    hidden: Element | None = None
    for event, element in etree.iterwalk(text, events=("start", "end", "comment", "pi")):
        if event == "start" and hidden is None:
            if local(element) in _UNSEEN or element.get("revised") == "delete":
                hidden = element
            else:
                pieces.append("\n" if local(element) in _BREAKS else "\t" if local(element) in ("td", "th") else "")
                pieces.append(element.text or "")
        elif event in ("end", "comment", "pi"):
            if hidden is element:
                hidden = None
            if hidden is None and element is not text:
                pieces += ["\n" if local(element) in _BREAKS - {"br"} else "", element.tail or ""]
    lines = (re.sub(r"[ \t\r\xa0]+", " ", line).strip() for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)
