"""The header of a CDA R2 document: what it is about, and everybody whom it names. Pure.

Source: HL7 CDA R2 4.2; PS3.20 (serviceEvent/id is the Study Instance UID); JAHIS and JP Core OIDs of patient numbers.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from services.ingest.reports.context_resources import Parts
from services.ingest.reports.hl7.report import instant
from shared.dicom.uid import is_uid
from shared.errors import Invalid

Element = Any  # lxml has no types
_DICOM = "1.2.840.10008.2.16.4"
_HOSPITAL_PATIENT = "1.2.392.100495.20.3.51."
_RELATED = frozenset({"guardian", "guardianPerson", "relatedPerson", "associatedPerson", "relatedSubject"})


def header_values(root: Element, parts: Parts) -> dict[str, str]:
    """Return the plain fields of the header, and put everybody and every place it names into parts."""
    roles = [role for target in children(root, "recordTarget") for role in children(target, "patientRole")]
    if len(roles) != 1:
        raise Invalid("no-subject", f"a report is of one patient, this one of {len(roles)} (CDA R2 4.2.2.11)")
    for each in root:
        if local(each) not in ("component", "recordTarget", "id", "setId", "documentationOf", ""):
            _walk(each, parts)
    service = next(iter(_path(root, "documentationOf", "serviceEvent")), None)
    for event in _path(root, "documentationOf", "serviceEvent"):
        _walk(event, parts)
    report_id, status = _version(root)
    title = child(root, "title")
    order = _path(root, "inFulfillmentOf", "order", "id")
    return {
        **_patient(roles[0], parts),
        "report_id": report_id,
        "accession_number": next((each.get("extension", "") for each in order if each.get("extension")), ""),
        "study_uid": _study_uid(root),
        "modality": _modality(root),
        "exam_date": _start(service)[:8],
        "procedure": " ".join("".join(title.itertext()).split()) if title is not None else "",
        "status": status,
        "issued": instant(_attribute(root, "effectiveTime", "value")),
    }


def _version(root: Element) -> tuple[str, str]:
    """Return the number that all versions of the report share, and the FHIR status (CDA R2 4.2.1, 4.2.3.1)."""
    own = child(root, "setId")
    related = {each.get("typeCode", ""): each for each in children(root, "relatedDocument")}
    replaced = next(iter(_path(related["RPLC"], "parentDocument")), None) if "RPLC" in related else None
    if own is None and replaced is not None:
        own = child(replaced, "setId")
        own = child(replaced, "id") if own is None else own
    own = child(root, "id") if own is None else own
    if own is None:
        raise Invalid("missing-field", "ClinicalDocument.id is missing (CDA R2 4.2.1.4)")
    number = _attribute(root, "versionNumber", "value")
    is_later = replaced is not None or (number.isdecimal() and int(number) > 1)
    report_id = "|".join(filter(None, (own.get("root", ""), own.get("extension", ""))))
    return report_id, "appended" if "APND" in related else "amended" if is_later else "final"


def _patient(role: Element, parts: Parts) -> dict[str, str]:
    ids = [each for each in children(role, "id") if each.get("extension")]
    ids.sort(key=lambda each: not each.get("root", "").startswith(_HOSPITAL_PATIENT))
    people = children(role, "patient")
    names = [text for person in people for name in children(person, "name") if (text := _name(name))]
    for each in ids[1:]:
        parts.of_patient("identifier", {"value": each.get("extension")})
    for text in names[2:]:
        parts.of_patient("name", {"text": text})
    for address in children(role, "addr"):
        parts.of_patient("address", _address(address))
    for phone in _phones(role):
        parts.of_patient("telecom", {"value": phone})
    for person in people:
        for each in person:
            if local(each) != "name":
                _walk(each, parts)
    for organization in children(role, "providerOrganization"):
        _walk(organization, parts)
    sex = next((_attribute(person, "administrativeGenderCode", "code") for person in people), "")
    born = next((_attribute(person, "birthTime", "value") for person in people), "")
    return {
        "patient_id": ids[0].get("extension", "") if ids else "",
        "issuer": f"urn:oid:{ids[0].get('root', '')}" if ids else "",
        "patient_name": names[0] if names else "",
        "patient_kana": names[1] if len(names) > 1 else "",
        "birth_date": born[:8] if len(born) >= 8 else "",
        "sex": sex,
    }


def _walk(element: Element, parts: Parts) -> None:
    """Note every name, address, telecom and number below an element, without reading what it is for."""
    for each in element.iter(etree.Element):
        kind, parent = local(each), each.getparent()
        if kind == "name" and parent is not None:
            _named(each, parent, parts)
        elif kind == "addr":
            parts.place("", [_address(each)])
        elif kind == "id" and parent is not None and each.get("extension"):
            parts.number(each.get("extension", ""))
        elif kind == "telecom":
            parts.place("", (), list(_phones(parent)) if parent is not None else ())


def _named(name: Element, parent: Element, parts: Parts) -> None:
    is_person = local(parent).endswith(("Person", "person", "patient", "guardian")) or any(
        local(part) in ("family", "given") for part in name
    )
    if is_person:
        parts.person(_name(name).split(), kind="RelatedPerson" if local(parent) in _RELATED else "Practitioner")
    else:
        parts.place(_name(name))


def _name(name: Element) -> str:
    """Return family and given names in this order, else the whole as it stands (CDA R2 PN, ON)."""
    family = ["".join(each.itertext()).strip() for each in children(name, "family")]
    given = ["".join(each.itertext()).strip() for each in children(name, "given")]
    return " ".join(part for part in [*family, *given] if part) or " ".join("".join(name.itertext()).split())


def _address(address: Element) -> dict[str, Any]:
    """Return an AD in the parts of a FHIR Address."""
    found: dict[str, list[str]] = {}
    for each in address.iter(etree.Element):
        if (text := (each.text or "").strip()) and each is not address:
            found.setdefault(local(each), []).append(text)
    known = ("streetAddressLine", "streetName", "houseNumber", "additionalLocator", "unitID")
    lines = [text for name in known for text in found.get(name, ())]
    whole = "".join("".join(address.itertext()).split())
    names = {"line": lines, "city": "".join(found.get("city", ())), "state": "".join(found.get("state", ()))}
    return {name: value for name, value in {**names, "text": whole}.items() if value}


def _phones(parent: Element) -> Iterator[str]:
    for each in children(parent, "telecom"):
        if value := re.sub(r"^(?:tel|fax|mailto|x-text-fax):", "", each.get("value", "")):
            yield value


def _study_uid(root: Element) -> str:
    found = {
        each.get("root", "")
        for each in _path(root, "documentationOf", "serviceEvent", "id")
        if not each.get("extension") and is_uid(each.get("root", ""))
    }
    return found.pop() if len(found) == 1 else ""


def _modality(root: Element) -> str:
    for code in _path(root, "documentationOf", "serviceEvent", "code"):
        for each in (code, *children(code, "translation")):
            if each.get("codeSystem") == _DICOM and re.fullmatch("[A-Z]{2,16}", each.get("code", "")):
                return str(each.get("code"))
    return ""


def _start(service: Element | None) -> str:
    at = child(service, "effectiveTime") if service is not None else None
    return "" if at is None else str(at.get("value", "") or _attribute(at, "low", "value"))


def _path(element: Element, *names: str) -> list[Element]:
    found = [element]
    for name in names:
        found = [each for parent in found for each in children(parent, name)]
    return found


def _attribute(element: Element, name: str, attribute: str) -> str:
    found = child(element, name)
    return "" if found is None else str(found.get(attribute, ""))


def children(element: Element, name: str) -> list[Element]:
    """Return the direct children of a local name."""
    return [each for each in element if local(each) == name]


def child(element: Element, name: str) -> Element | None:
    """Return the first of them."""
    return next(iter(children(element, name)), None)


def local(element: Element) -> str:
    """Return an element's local name; empty of a comment or processing instruction."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
