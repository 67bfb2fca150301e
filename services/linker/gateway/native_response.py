"""Read a Store Instances Response Module in the Native DICOM Model, for origin servers that only answer XML.

Source: PS3.18 10.5.3, Annex I; PS3.19 Annex A.1 (Native DICOM Model).
"""

from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

Json = dict[str, Any]


def module(body: bytes) -> Json | None:
    """Return the module as DICOM JSON (PS3.18 Annex F); None if the body is not such XML."""
    try:
        root = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    return _data_set(root) if _name(root) == "NativeDicomModel" else None


def _data_set(parent: Element) -> Json:
    attributes = [child for child in parent if _name(child) == "DicomAttribute"]
    return {child.get("tag", "").upper(): {"vr": child.get("vr", ""), "Value": _values(child)} for child in attributes}


def _values(attribute: Element) -> list[Any]:
    found: list[Any] = []
    for child in attribute:
        if _name(child) == "Item":
            found.append(_data_set(child))
        elif _name(child) == "Value":
            found.append((child.text or "").strip())
    return found


def _name(element: Element) -> str:
    """Return the element's name; servers differ in whether they write the namespace."""
    return element.tag.rpartition("}")[2]
