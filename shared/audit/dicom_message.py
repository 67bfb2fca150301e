"""A record as a DICOM audit message. Pure.

What each kind of record is: EventID of CID 400, its participants and objects, as of the tables of PS3.15 A.5.3.
Instances are said to be transferred when their answer began, since a record is made then.
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from shared.audit.names import KEYED
from shared.audit.record import AuditRecord
from shared.audit.words import EventKind, Outcome


class Code(NamedTuple):
    """A code. scheme: DCM but for those of RFC 3881."""

    value: str
    meaning: str
    scheme: str = "DCM"


APPLICATION_ACTIVITY: Final = Code("110100", "Application Activity")
AUDIT_LOG_USED: Final = Code("110101", "Audit Log Used")
BEGIN_TRANSFERRING: Final = Code("110102", "Begin Transferring DICOM Instances")
INSTANCES_ACCESSED: Final = Code("110103", "DICOM Instances Accessed")
INSTANCES_TRANSFERRED: Final = Code("110104", "DICOM Instances Transferred")
STUDY_DELETED: Final = Code("110105", "DICOM Study Deleted")
EXPORT: Final = Code("110106", "Export")
IMPORT: Final = Code("110107", "Import")
QUERY: Final = Code("110112", "Query")
SECURITY_ALERT: Final = Code("110113", "Security Alert")
USER_AUTHENTICATION: Final = Code("110114", "User Authentication")

_START, _STOP = Code("110120", "Application Start"), Code("110121", "Application Stop")
_LOGIN, _LOGOUT = Code("110122", "Login"), Code("110123", "Logout")
_NODE: Final = Code("110126", "Node Authentication")
_CONFIGURED: Final = Code("110129", "Security Configuration")
_ATTRIBUTES: Final = Code("110137", "User Security Attributes Changed")
_RESTRICTED: Final = Code("110132", "Use of Restricted Function")

APPLICATION: Final = Code("110150", "Application")
SOURCE_MEDIA: Final = Code("110155", "Source Media")
DESTINATION_MEDIA: Final = Code("110154", "Destination Media")
DESTINATION: Final = Code("110152", "Destination Role ID")
SOURCE: Final = Code("110153", "Source Role ID")

_STUDY_UID: Final = Code("110180", "Study Instance UID")
_REPORT_NUMBER: Final = Code("9", "Report Number", "RFC-3881")
_CODES: Final = {"study": _STUDY_UID, "report": _REPORT_NUMBER}
_URI: Final = Code("12", "URI", "RFC-3881")
_MEDIA: Final = Code("110037", "URI")
"""Of what stands on no medium of CID 405: files and requests."""

EVENTS: Final[Mapping[EventKind, tuple[Code, Code | None]]] = {
    EventKind.SIGN_IN: (USER_AUTHENTICATION, _LOGIN),
    EventKind.SIGN_OUT: (USER_AUTHENTICATION, _LOGOUT),
    EventKind.QUERY: (QUERY, None),
    EventKind.READ: (INSTANCES_ACCESSED, None),
    EventKind.RETRIEVE: (INSTANCES_TRANSFERRED, None),
    EventKind.FEED: (QUERY, None),
    EventKind.IMPORT: (IMPORT, None),
    EventKind.EXPORT: (EXPORT, None),
    EventKind.CHANGE: (INSTANCES_ACCESSED, None),
    EventKind.DELETE: (STUDY_DELETED, None),
    EventKind.OPERATE: (SECURITY_ALERT, _RESTRICTED),
    EventKind.AUDIT_READ: (AUDIT_LOG_USED, None),
    EventKind.NODE_REFUSED: (SECURITY_ALERT, _NODE),
    EventKind.COMMAND: (SECURITY_ALERT, _CONFIGURED),
    EventKind.AUDIT_KEY: (SECURITY_ALERT, _CONFIGURED),
    EventKind.AUDIT_TRIMMED: (SECURITY_ALERT, _CONFIGURED),
    EventKind.STARTED: (APPLICATION_ACTIVITY, _START),
    EventKind.STOPPED: (APPLICATION_ACTIVITY, _STOP),
}
_OUTCOMES: Final = {Outcome.SUCCESS: "0", Outcome.FAILED: "4", Outcome.REFUSED: "8"}
_ROLES: Final = {
    INSTANCES_TRANSFERRED: (SOURCE, DESTINATION),
    QUERY: (DESTINATION, SOURCE),
    IMPORT: (DESTINATION, SOURCE),
    EXPORT: (SOURCE, DESTINATION),
}
"""What the system is, and what whoever asks is: source and destination of a query are those of the question."""


OF_USERS: Final = ("POST /identity/", "jmid users", "jmid clients", "jmid sites")
"""Routes and commands that change who may sign in, and as what."""


def event_of(record: AuditRecord) -> tuple[Code, Code | None]:
    """Return EventID and EventTypeCode. A refusal is an alert: somebody asked for what they may not."""
    is_alert = record.outcome is Outcome.REFUSED and record.kind not in (EventKind.SIGN_IN, EventKind.NODE_REFUSED)
    if is_alert:
        return SECURITY_ALERT, _RESTRICTED
    if record.kind is EventKind.IMPORT and "/dicom-web/studies" in record.route:
        return INSTANCES_TRANSFERRED, None  # between two Application Entities, not from a medium (A.5.3.7)
    is_of_users = record.kind in (EventKind.CHANGE, EventKind.COMMAND) and record.route.startswith(OF_USERS)
    return (SECURITY_ALERT, _ATTRIBUTES) if is_of_users else EVENTS[record.kind]


def outcome_of(record: AuditRecord) -> str:
    """Return EventOutcomeIndicator (RFC 3881 5.1.4)."""
    return _OUTCOMES[record.outcome]


def message(record: AuditRecord, *, alone: bool = True) -> bytes:
    """Return the message as XML in UTF-8. alone: as a document, with its declaration."""
    root, (event, _) = Element("AuditMessage"), event_of(record)
    _event(root, record)
    is_taken = event is INSTANCES_TRANSFERRED and record.kind is EventKind.IMPORT
    ours, theirs = _ROLES[IMPORT] if is_taken else _ROLES.get(event, (APPLICATION, None))
    _participants(root, record, ours, theirs)
    _media(root, event, record)
    _, _, process = record.source.partition("/")
    SubElement(root, "AuditSourceIdentification", AuditEnterpriseSiteID=_site(record), AuditSourceID=process)
    for each in _objects(record, event):
        root.append(each)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=alone))


def _event(root: Element, record: AuditRecord) -> None:
    (event, kind) = event_of(record)
    element = SubElement(
        root,
        "EventIdentification",
        EventActionCode="E" if event in _EXECUTED else record.action.value,
        EventDateTime=record.at,
        EventOutcomeIndicator=outcome_of(record),
    )
    _coded(element, "EventID", event)
    if kind is not None:
        _coded(element, "EventTypeCode", kind)
    if record.reason:
        SubElement(element, "EventOutcomeDescription").text = record.reason


_MEDIA_ROLES: Final = {EXPORT: DESTINATION_MEDIA, IMPORT: SOURCE_MEDIA}


def _media(root: Element, event: Code, record: AuditRecord) -> None:
    """Add the medium that something came from or went to (PS3.15 A.5.3.8 and A.5.3.9)."""
    if event in _MEDIA_ROLES:
        part = SubElement(root, "ActiveParticipant", UserID=record.route or "unknown", UserIsRequestor="false")
        _coded(part, "RoleIDCode", _MEDIA_ROLES[event])
        _coded(SubElement(part, "MediaIdentifier"), "MediaType", _MEDIA)


_EXECUTED: Final = frozenset({APPLICATION_ACTIVITY, QUERY, SECURITY_ALERT, USER_AUTHENTICATION})
"""Events whose action is always to execute."""


def _participants(root: Element, record: AuditRecord, ours: Code, theirs: Code | None) -> None:
    own = SubElement(root, "ActiveParticipant", UserID=record.source, UserIsRequestor="false")
    _coded(own, "RoleIDCode", ours)
    asking = SubElement(root, "ActiveParticipant", UserID=record.subject or "unknown", UserIsRequestor="true")
    if record.name:
        asking.set("UserName", record.name)
    if record.address:
        asking.set("NetworkAccessPointID", record.address)
        asking.set("NetworkAccessPointTypeCode", "2")
    for code in (*([theirs] if theirs else ()), *(Code(role, role, "99JMID") for role in record.roles)):
        _coded(asking, "RoleIDCode", code)


def _objects(record: AuditRecord, event: Code) -> Iterator[Element]:
    for name in record.objects:
        kind, _, value = name.partition(":")
        code = None if value.startswith(KEYED) else _CODES.get(kind)
        code = code or Code(kind, kind, "99JMID")
        role = {"study": "3", "report": "3"}.get(kind, "4")
        element = _object(value, code, "2", role)
        if kind == "study" and record.count > 1:
            _detail(element, "count", str(record.count))
        yield element
    if event is QUERY:
        yield _query(record)
    elif event is AUDIT_LOG_USED:
        yield _object(record.route.partition(" ")[2] or "audit_log", _URI, "2", "13", name="Security Audit Log")
    elif event is SECURITY_ALERT and not record.objects:
        yield _object(record.route or record.reason or record.kind.value, _URI, "2", "13")


def _query(record: AuditRecord) -> Element:
    """Return the object of a query: its route. What was asked for may name a patient, and is not recorded."""
    element = Element(
        "ParticipantObjectIdentification",
        ParticipantObjectID=record.route or "query",
        ParticipantObjectTypeCode="2",
        ParticipantObjectTypeCodeRole="24",
    )
    _coded(element, "ParticipantObjectIDTypeCode", Code("10", "Search Criteria", "RFC-3881"))
    SubElement(element, "ParticipantObjectQuery")
    return element


def _object(value: str, code: Code, kind: str, role: str, name: str = "") -> Element:
    element = Element(
        "ParticipantObjectIdentification",
        ParticipantObjectID=value,
        ParticipantObjectTypeCode=kind,
        ParticipantObjectTypeCodeRole=role,
    )
    _coded(element, "ParticipantObjectIDTypeCode", code)
    SubElement(element, "ParticipantObjectName").text = name or value
    return element


def _detail(element: Element, kind: str, value: str) -> None:
    SubElement(
        element, "ParticipantObjectDetail", type=kind, value=base64.b64encode(value.encode("utf-8")).decode("ascii")
    )


def _coded(parent: Element, name: str, code: Code) -> None:
    attributes = {"csd-code": code.value, "codeSystemName": code.scheme, "originalText": code.meaning}
    SubElement(parent, name, attributes)


def _site(record: AuditRecord) -> str:
    return record.source.partition("/")[0]
