"""The header of a CDA R2 document: what it is about, and everybody whom it names. Pure.

Source: HL7 CDA R2 4.2; PS3.20 (serviceEvent/id is the Study Instance UID); JAHIS and JP Core OIDs of patient numbers.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from services.ingest.reports.canonical import Address
from services.ingest.reports.dates import hl7_time
from services.ingest.reports.mentions import Mentions
from shared.dicom.uid import is_uid
from shared.errors import Invalid

Element = Any  # lxml has no types
_DICOM = "1.2.840.10008.2.16.4"
_HOSPITAL_PATIENT = "1.2.392.100495.20.3.51."
_LINES = ("streetAddressLine", "streetName", "houseNumber", "additionalLocator", "unitID")
_RELATED = frozenset({"guardian", "guardianPerson", "relatedPerson", "associatedPerson", "relatedSubject"})


def header_values(root: Element, mentions: Mentions) -> dict[str, str]:
    """Return the plain fields of the header, and note everybody and every place it names."""
    roles = [role for target in children(root, "recordTarget") for role in children(target, "patientRole")]
    if len(roles) != 1:
        raise Invalid("no-subject", f"a report is of one patient, this one of {len(roles)} (CDA R2 4.2.2.11)")
    for each in root:
        if local(each) not in ("component", "recordTarget", "id", "setId", "documentationOf", ""):
            _walk(each, mentions)
    service = next(iter(_path(root, "documentationOf", "serviceEvent")), None)
    for event in _path(root, "documentationOf", "serviceEvent"):
        _walk(event, mentions)
    report_id, status = _version(root)
    title = child(root, "title")
    order = _path(root, "inFulfillmentOf", "order", "id")
    return {
        **_patient(roles[0], mentions),
        "report_id": report_id,
        "accession_number": next((each.get("extension", "") for each in order if each.get("extension")), ""),
        "study_uid": _study_uid(root),
        "modality": _modality(root),
        "exam_date": _start(service)[:8],
        "procedure": " ".join("".join(title.itertext()).split()) if title is not None else "",
        "status": status,
        "issued": hl7_time(_attribute(root, "effectiveTime", "value")),
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


def _patient(role: Element, mentions: Mentions) -> dict[str, str]:
    ids = [each for each in children(role, "id") if each.get("extension")]
    ids.sort(key=lambda each: not each.get("root", "").startswith(_HOSPITAL_PATIENT))
    people = children(role, "patient")
    names = [text for person in people for name in children(person, "name") if (text := _name(name))]
    mentions.of_patient(
        names=names[2:],
        numbers=[each.get("extension", "") for each in ids[1:]],
        addresses=map(_address, children(role, "addr")),
        phones=_phones(role),
    )
    own = [each for person in people for each in person if local(each) != "name"]
    for each in (*own, *children(role, "providerOrganization")):
        _walk(each, mentions)
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


def _walk(element: Element, mentions: Mentions) -> None:
    """Note every name, address, telecom and number below an element, without reading what it is for."""
    for each in element.iter(etree.Element):
        kind, parent = local(each), each.getparent()
        if kind == "name" and parent is not None:
            _named(each, parent, mentions)
        elif kind == "addr":
            mentions.place("", [_address(each)])
        elif kind == "id" and parent is not None and each.get("extension"):
            mentions.number(each.get("extension", ""))
        elif kind == "telecom":
            mentions.place("", phones=_phones(parent) if parent is not None else ())


def _named(name: Element, parent: Element, mentions: Mentions) -> None:
    is_person = local(parent).endswith(("Person", "person", "patient", "guardian")) or any(
        local(part) in ("family", "given") for part in name
    )
    if is_person:
        mentions.person([_name(name)], is_relative=local(parent) in _RELATED)
    else:
        mentions.place(_name(name))


def _name(name: Element) -> str:
    """Return family and given names in this order, else the whole as it stands (CDA R2 PN, ON)."""
    family = ["".join(each.itertext()).strip() for each in children(name, "family")]
    given = ["".join(each.itertext()).strip() for each in children(name, "given")]
    return " ".join(part for part in [*family, *given] if part) or " ".join("".join(name.itertext()).split())


def _address(address: Element) -> Address:
    """Return an AD in the parts of a FHIR Address."""
    parts: dict[str, list[str]] = {}
    for each in address.iter(etree.Element):
        if (text := (each.text or "").strip()) and each is not address:
            parts.setdefault(local(each), []).append(text)
    return Address(
        lines=tuple(text for name in _LINES for text in parts.get(name, ())),
        city="".join(parts.get("city", ())),
        state="".join(parts.get("state", ())),
        text="".join("".join(address.itertext()).split()),
    )


def _phones(parent: Element) -> Iterator[str]:
    for each in children(parent, "telecom"):
        if value := re.sub(r"^(?:tel|fax|mailto|x-text-fax):", "", each.get("value", "")):
            yield value


def _study_uid(root: Element) -> str:
    uids = {
        each.get("root", "")
        for each in _path(root, "documentationOf", "serviceEvent", "id")
        if not each.get("extension") and is_uid(each.get("root", ""))
    }
    return uids.pop() if len(uids) == 1 else ""


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
    elements = [element]
    for name in names:
        elements = [each for parent in elements for each in children(parent, name)]
    return elements


def _attribute(element: Element, name: str, attribute: str) -> str:
    first = child(element, name)
    return "" if first is None else str(first.get(attribute, ""))


def children(element: Element, name: str) -> list[Element]:
    """Return the direct children of a local name."""
    return [each for each in element if local(each) == name]


def child(element: Element, name: str) -> Element | None:
    """Return the first of them."""
    return next(iter(children(element, name)), None)


def local(element: Element) -> str:
    """Return an element's local name; empty of a comment or processing instruction."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
