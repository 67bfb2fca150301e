"""Write a Data Set in the DICOM JSON Model as a Native DICOM Model (PS3.19 A.1): application/dicom+xml. Pure."""

from typing import Any

from lxml import etree
from pydicom.datadict import keyword_for_tag

from shared.dicom.json_values import PERSON_GROUPS, Json

_NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")


def native_model(data_set: Json) -> bytes:
    """Return the XML document of one Data Set."""
    root = etree.Element("NativeDicomModel", nsmap={None: _NAMESPACE})
    _fill(root, data_set)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _fill(parent: Any, data_set: Json) -> None:
    for tag in sorted(data_set):
        value = data_set[tag]
        element = etree.SubElement(parent, "DicomAttribute", tag=tag, vr=value["vr"])
        keyword = keyword_for_tag(int(tag, 16))
        if keyword:
            element.set("keyword", keyword)
        if "BulkDataURI" in value:
            etree.SubElement(element, "BulkData", uri=value["BulkDataURI"])
        elif "InlineBinary" in value:
            etree.SubElement(element, "InlineBinary").text = value["InlineBinary"]
        for number, each in enumerate(value.get("Value") or (), start=1):
            _value(element, value["vr"], each, str(number))


def _value(element: Any, vr: str, value: Any, number: str) -> None:
    if vr == "SQ":
        _fill(etree.SubElement(element, "Item", number=number), value)
    elif vr == "PN" and isinstance(value, dict):
        person = etree.SubElement(element, "PersonName", number=number)
        for group in PERSON_GROUPS:
            if value.get(group):
                _components(etree.SubElement(person, group), value[group])
    elif value is not None:
        etree.SubElement(element, "Value", number=number).text = _printable(str(value))


def _components(group: Any, name: str) -> None:
    for component, text in zip(COMPONENTS, name.split("^"), strict=False):
        if text:
            etree.SubElement(group, component).text = _printable(text)


def _printable(text: str) -> str:
    """XML 1.0 has no form for most control characters."""
    return "".join(c for c in text if c in "\t\n\r" or ord(c) >= 0x20)
