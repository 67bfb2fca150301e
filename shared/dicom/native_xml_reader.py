"""Read metadata in DICOM JSON, or in the Native DICOM Model as DICOM JSON. Pure.

Source: PS3.18 Annex F (JSON), PS3.19 A.1 (Native DICOM Model). XML with a document type is refused: the model has none,
and entities are how such documents harm their readers.
"""

import codecs
from typing import Any

import orjson
from lxml import etree

from shared.dicom.json_values import Json
from shared.dicom.native_xml import COMPONENTS
from shared.errors import Invalid

_FLOATS, _WHOLE = frozenset({"DS", "FL", "FD"}), frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_SPACES_COUNT = frozenset({"LT", "ST", "UC", "UR", "UT"})  # leading spaces are significant (PS3.5 6.2)


def data_sets(data: bytes, xml: bool) -> list[Json]:
    """Return the Data Sets of one part; raise Invalid if it holds none."""
    if xml:
        return [data_set(data)]
    try:
        parsed = orjson.loads(data.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise Invalid("bad-json", "the metadata are no JSON (PS3.18 Annex F)") from error
    listed = parsed if isinstance(parsed, list) else [parsed]
    if not all(isinstance(each, dict) for each in listed):
        raise Invalid("bad-json", "the metadata are no array of objects (PS3.18 F.2)")
    return listed


def data_set(data: bytes, *, strict: bool = True) -> Json:
    """Return the Data Set of a Native DICOM Model; raise Invalid if it is none.

    strict: a number that is none, and an Attribute without tag or VR, are refused. Otherwise they are taken as text,
    an Attribute without tag left out, so that one bad value of an answer does not hide the rest. Servers differ in
    whether they write the namespace.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Invalid("bad-xml", "the metadata are no XML (PS3.19 A.1)") from error
    if root.getroottree().docinfo.doctype or _name(root) != "NativeDicomModel":
        raise Invalid("bad-xml", "the document is no NativeDicomModel (PS3.19 A.1)")
    return _data_set(root, strict)


def _data_set(parent: Any, strict: bool) -> Json:
    attributes: Json = {}
    for element in parent:
        if _name(element) != "DicomAttribute":
            continue
        tag, vr = element.get("tag", ""), element.get("vr", "")
        if len(tag) == 8 and (len(vr) == 2 or not strict):
            attributes[tag.upper()] = {"vr": vr, **_value(element, vr, strict)}
        elif strict:
            raise Invalid("bad-xml", "a DicomAttribute has no tag or vr (PS3.19 A.1.5)")
    return attributes


def _value(element: Any, vr: str, strict: bool) -> Json:
    values: list[Any] = []
    for child in element:
        match _name(child):
            case "BulkData":
                return {"BulkDataURI": child.get("uri") or ""}
            case "InlineBinary":
                return {"InlineBinary": "".join((child.text or "").split())}
            case "Item":
                values.append(_data_set(child, strict))
            case "PersonName":
                values.append({_name(group): _person(group) for group in child})
            case "Value":
                values.append(_single(child.text or "", vr, strict))
    return {"Value": values} if values else {}


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _person(group: Any) -> str:
    parts = {_name(child): child.text or "" for child in group}
    return "^".join(parts.get(name, "") for name in COMPONENTS).rstrip("^")


def _single(text: str, vr: str, strict: bool) -> Any:
    if vr not in _SPACES_COUNT:
        text = text.strip()
    try:
        return int(text) if vr in _WHOLE else float(text) if vr in _FLOATS else text
    except ValueError as error:
        if not strict:
            return text
        raise Invalid("bad-xml", f"a Value of VR {vr} is no number (PS3.18 F.2.3)") from error
