"""Reads the metadata of a Store request: DICOM JSON, or the Native DICOM Model turned into it.

Source: PS3.18 Annex F (JSON), PS3.19 A.1 (Native DICOM Model).
"""

from typing import Any

import orjson
from lxml import etree

from shared.dicom.json_values import Json
from shared.errors import Invalid

_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_FLOATS, _WHOLE = ("DS", "FL", "FD"), ("IS", "SL", "SS", "SV", "UL", "US", "UV")


def data_sets(data: bytes, xml: bool) -> list[Json]:
    """Return the Data Sets of one part; raise Invalid if it holds none."""
    if xml:
        return [_from_xml(data)]
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Invalid("bad-json", "the metadata are no JSON (PS3.18 Annex F)") from error
    listed = found if isinstance(found, list) else [found]
    if not all(isinstance(each, dict) for each in listed):
        raise Invalid("bad-json", "the metadata are no array of objects (PS3.18 F.2)")
    return listed


def _from_xml(data: bytes) -> Json:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Invalid("bad-xml", "the metadata are no XML (PS3.19 A.1)") from error
    if root.tag.rpartition("}")[2] != "NativeDicomModel":
        raise Invalid("bad-xml", "the root is no NativeDicomModel (PS3.19 A.1)")
    return _data_set(root)


def _data_set(parent: Any) -> Json:
    found: Json = {}
    for element in parent:
        if _name(element) != "DicomAttribute":
            continue
        tag, vr = element.get("tag", ""), element.get("vr", "")
        if len(tag) != 8 or len(vr) != 2:
            raise Invalid("bad-xml", "a DicomAttribute has no tag or vr (PS3.19 A.1.5)")
        found[tag.upper()] = {"vr": vr, **_value(element, vr)}
    return found


def _value(element: Any, vr: str) -> Json:
    values: list[Any] = []
    for child in element:
        match _name(child):
            case "BulkData":
                return {"BulkDataURI": child.get("uri") or ""}
            case "InlineBinary":
                return {"InlineBinary": "".join((child.text or "").split())}
            case "Item":
                values.append(_data_set(child))
            case "PersonName":
                values.append({_name(group): _person(group) for group in child})
            case "Value":
                values.append(_number(child.text or "", vr))
    return {"Value": values} if values else {}


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _person(group: Any) -> str:
    parts = {_name(child): child.text or "" for child in group}
    return "^".join(parts.get(name, "") for name in _COMPONENTS).rstrip("^")


def _number(text: str, vr: str) -> Any:
    try:
        return int(text) if vr in _WHOLE else float(text) if vr in _FLOATS else text
    except ValueError as error:
        raise Invalid("bad-xml", f"a Value of VR {vr} is no number (PS3.18 F.2.3)") from error
