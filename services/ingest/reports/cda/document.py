"""The CDA R2 report channel: a radiology report document becomes one canonical Bundle. Pure.

Sections are an allow-list by LOINC code or Japanese title; others, media and bodies that are no
text are counted and left behind.
Source: HL7 CDA R2 4.2 (header), 4.3 (body), 4.3.5 (narrative block); PS3.20 9 (imaging report sections), 7.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from services.ingest.reports.bundle import ReportFields, bundle_of
from services.ingest.reports.cda.header import child, children, header_values, local
from services.ingest.reports.context_resources import Parts
from shared.errors import Invalid

Element = Any  # lxml has no types
_NAMESPACE = "urn:hl7-org:v3"
_LOINC, _DICOM = "2.16.840.1.113883.6.1", "1.2.840.10008.2.16.4"
_DEEPEST = 100
_FINDINGS, _IMPRESSION, _CLINICAL, _TEXT = "findings", "impression", "clinical_info", "text"
_BY_CODE = {
    (_LOINC, "18782-3"): _FINDINGS, (_LOINC, "59776-5"): _FINDINGS, (_DICOM, "121070"): _FINDINGS,
    (_LOINC, "19005-8"): _IMPRESSION, (_LOINC, "51848-0"): _IMPRESSION, (_DICOM, "121072"): _IMPRESSION,
    (_LOINC, "55752-0"): _CLINICAL, (_LOINC, "11329-0"): _CLINICAL, (_LOINC, "55115-0"): _CLINICAL,
    (_LOINC, "18785-6"): _CLINICAL, (_LOINC, "29299-5"): _CLINICAL, (_DICOM, "121060"): _CLINICAL,
    (_LOINC, "55111-9"): _TEXT, (_LOINC, "18834-2"): _TEXT, (_LOINC, "55107-7"): _TEXT, (_LOINC, "55109-3"): _TEXT,
    (_LOINC, "18783-1"): _TEXT, (_LOINC, "55110-1"): _TEXT, (_LOINC, "18748-4"): _TEXT, (_LOINC, "29545-1"): _TEXT,
}  # fmt: skip
_BY_TITLE = {
    "所見": _FINDINGS, "診断": _IMPRESSION, "結論": _IMPRESSION, "印象": _IMPRESSION, "依頼情報": _CLINICAL,
    "臨床情報": _CLINICAL, "検査目的": _CLINICAL, "コメント": _TEXT, "追記": _TEXT, "推奨": _TEXT,
    "findings": _FINDINGS, "impression": _IMPRESSION, "clinical information": _CLINICAL, "addendum": _TEXT,
}  # fmt: skip
_BREAKS = frozenset({"br", "paragraph", "item", "tr", "list", "table", "caption", "thead", "tbody"})
_UNSEEN = frozenset({"renderMultiMedia", "footnoteRef", "observationMedia"})


def cda_bundles(data: bytes) -> list[bytes]:
    """Return the document's canonical Bundle; raise Invalid that says what breaks which rule."""
    root = _parsed(data)
    parts = Parts()
    values = header_values(root, parts)
    texts: dict[str, list[str]] = {}
    for component in children(root, "component"):
        for section in (s for body in children(component, "structuredBody") for s in _sections(body)):
            _read(section, "", texts, parts, 0)
        for body in children(component, "nonXMLBody"):
            _non_xml(body, texts, parts)
    parts.left_behind += [_media(value) for media in root.iter(_q("observationMedia")) for value in _values(media)]
    joined = {name: "\n".join(part for part in found if part) for name, found in texts.items()}
    fields = ReportFields(**values, **joined)
    return [bundle_of(fields, patient=parts.patient, others=parts.entries(), forms=parts.forms())]


def _parsed(data: bytes) -> Element:
    """Return the root. No DTD, no entity, no network; libxml2's own limits of depth and size hold."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Invalid("not-xml", "the body is not well-formed XML within the parser's limits") from error
    if root.getroottree().docinfo.doctype:
        raise Invalid("not-cda", "a DOCTYPE is not taken: CDA R2 has a schema and no DTD")
    if root.tag != f"{{{_NAMESPACE}}}ClinicalDocument":
        raise Invalid("not-cda", "the root is not ClinicalDocument of urn:hl7-org:v3 (CDA R2 4.2.1)")
    return root


def _sections(parent: Element) -> Iterator[Element]:
    for component in children(parent, "component"):
        yield from children(component, "section")


def _read(section: Element, inherited: str, texts: dict[str, list[str]], parts: Parts, depth: int) -> None:
    """Read a section and those in it, which are of its kind unless they say otherwise."""
    if depth > _DEEPEST:
        raise Invalid("not-cda", f"sections are nested deeper than {_DEEPEST}")
    kind = _kind(section) or inherited
    text = child(section, "text")
    if kind and text is not None:
        texts.setdefault(kind, []).append(narrative(text))
    elif text is not None:
        parts.unmapped += 1
    for inner in _sections(section):
        _read(inner, kind, texts, parts, depth + 1)


def _kind(section: Element) -> str:
    code, title = child(section, "code"), child(section, "title")
    if code is not None:
        found = _BY_CODE.get((code.get("codeSystem", ""), code.get("code", "")))
        if found:
            return found
    words = re.sub(r"[\s:：【】\[\]■]+", " ", "".join(title.itertext())).strip().lower() if title is not None else ""
    return _BY_TITLE.get(words, "")


def _non_xml(body: Element, texts: dict[str, list[str]], parts: Parts) -> None:
    """A body of plain text is the report; any other (4.3.1) is left behind, and its kind told."""
    for text in children(body, "text"):
        kind = text.get("mediaType", "text/plain")
        if kind == "text/plain" and text.get("representation", "TXT") == "TXT" and child(text, "reference") is None:
            texts.setdefault(_TEXT, []).append("".join(text.itertext()).strip())
        else:
            parts.left_behind.append(_media(text))


def _values(media: Element) -> list[Element]:
    return children(media, "value") or [media]


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


def _q(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
