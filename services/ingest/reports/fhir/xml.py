"""FHIR R4 in XML, read into the JSON form of the same resource. Pure.

Source: FHIR R4 2.6.1 (XML), 2.6.2 (JSON); the elements that may repeat: the resources that a report is made of.
"""

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from services.ingest.reports.xml_parser import parsed
from shared.errors import Invalid

Element = Any  # lxml has no types
_FHIR: Final = "{http://hl7.org/fhir}"
_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_DEEPEST: Final = 60
_LISTS: Final = frozenset(
    "entry link profile security tag contained extension modifierExtension coding name telecom given prefix suffix "
    "line communication generalPractitioner basedOn partOf performer resultsInterpreter specimen result imagingStudy "
    "media conclusionCode presentedForm interpretation note referenceRange hasMember derivedFrom component reasonCode "
    "reasonReference supportingInfo replaces procedureCode series instance interpreter endpoint qualification alias "
    "section author attester event relatesTo".split()
)
_LISTS_OF_RESOURCES: Final = frozenset("identifier category modality address photo contact specialty".split())
"""Of a resource they repeat; in a reference or a Series they do not."""
_ONE_IDENTIFIER: Final = frozenset({"Bundle", "Composition"})
_QUANTITIES: Final = frozenset("valueQuantity low high numerator denominator".split())


def document_of(data: bytes) -> dict[str, Any]:
    """Return the resource as JSON has it; raise Invalid that says what breaks which rule."""
    root = parsed(data, "not-fhir")
    if not isinstance(root.tag, str) or not root.tag.startswith(_FHIR):
        raise Invalid("not-fhir", "the root is no resource of http://hl7.org/fhir (FHIR R4 2.6.1)")
    return _resource(root, 0)


def _resource(element: Element, depth: int) -> dict[str, Any]:
    return {"resourceType": _name(element), **_members(element, depth)}


def _members(element: Element, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise Invalid("not-fhir", "the document is nested deeper than any report is")
    members: dict[str, Any] = {"url": element.get("url")} if element.get("url") else {}
    for child in _elements(element):
        name, value = _name(child), _value(element, child, depth + 1)
        if name in members and isinstance(members[name], list):
            members[name].append(value)
        elif name in members:
            members[name] = [members[name], value]
        else:
            members[name] = [value] if _repeats(element, name) else value
    return members


def _value(parent: Element, element: Element, depth: int) -> Any:
    if element.tag == f"{_XHTML}div":
        return etree.tostring(element, encoding="unicode", with_tail=False)
    inner = list(_elements(element))
    if len(inner) == 1 and _name(inner[0])[:1].isupper():
        return _resource(inner[0], depth)  # Bundle.entry.resource, contained
    if inner or element.get("url"):
        return _members(element, depth)
    return _primitive(_name(parent), _name(element), element.get("value", ""))


def _primitive(parent: str, name: str, text: str) -> Any:
    """Return a value as JSON has it: numbers and booleans of an Observation's values are no strings."""
    try:
        if name == "valueInteger":
            return int(text)
        if name == "valueDecimal" or (name == "value" and parent in _QUANTITIES):
            return float(text)
    except ValueError as error:
        raise Invalid("not-fhir", "a number is not of its type (FHIR R4 2.24.0.1)") from error
    return text == "true" if name == "valueBoolean" else text


def _repeats(parent: Element, name: str) -> bool:
    kind = _name(parent)
    if name == "identifier" and kind in _ONE_IDENTIFIER:
        return False
    return (name in _LISTS and not (name == "name" and kind in ("Organization", "Location"))) or (
        name in _LISTS_OF_RESOURCES and kind[:1].isupper()
    )


def _elements(element: Element) -> Iterator[Element]:
    """Yield the elements of FHIR and the narrative's div; others, comments and instructions are none."""
    for child in element:
        if isinstance(child.tag, str) and (child.tag.startswith(_FHIR) or child.tag == f"{_XHTML}div"):
            yield child


def _name(element: Element) -> str:
    return str(etree.QName(element).localname)
