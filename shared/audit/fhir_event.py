"""A record as an AuditEvent of FHIR R4. Pure.

Source: FHIR R4 (4.0.1) AuditEvent; its codes are those of PS3.15 A.5 and PS3.16 CID 400.
"""

from typing import Any, Final

from shared.audit.dicom_message import Code, event_of, outcome_of
from shared.audit.names import KEYED
from shared.audit.record import AuditRecord

DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
SOURCE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/security-source-type"
OBJECT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OURS: Final = "urn:jmid:audit"


def audit_event(record: AuditRecord) -> dict[str, Any]:
    """Return the resource."""
    event, kind = event_of(record)
    resource = {
        "resourceType": "AuditEvent",
        "id": record.key,
        "type": _coding(event),
        "subtype": [_coding(kind)] if kind is not None else None,
        "action": record.action.value,
        "period": {"start": record.at, "end": record.until} if record.until else None,
        "recorded": record.until or record.at,
        "outcome": outcome_of(record),
        "outcomeDesc": record.reason or None,
        "agent": [_agent(record)],
        "source": {
            "site": record.source.partition("/")[0],
            "observer": {"display": record.source},
            "type": [{"system": SOURCE_TYPE, "code": "4", "display": "Application Server"}],
        },
        "entity": [_entity(name, record) for name in record.objects] or None,
    }
    return {name: value for name, value in resource.items() if value is not None}


def _agent(record: AuditRecord) -> dict[str, Any]:
    agent: dict[str, Any] = {"requestor": True}
    named = {"display": record.name} if record.name else {}
    if record.subject:
        agent["who"] = {"identifier": {"system": f"{OURS}:subject", "value": record.subject}, **named}
    if record.name:
        agent["name"] = record.name
    if record.roles:
        agent["role"] = [{"coding": [{"system": f"{OURS}:role", "code": role}]} for role in record.roles]
    if record.address:
        agent["network"] = {"address": record.address, "type": "2"}
    return agent


def _entity(name: str, record: AuditRecord) -> dict[str, Any]:
    kind, _, value = name.partition(":")
    system = "urn:dicom:uid" if kind == "study" and not value.startswith(KEYED) else f"{OURS}:{kind}"
    details = [("route", record.route), ("count", str(record.count)), ("digest", record.digest)]
    return {
        "what": {"identifier": {"system": system, "value": f"urn:oid:{value}" if system == "urn:dicom:uid" else value}},
        "type": {"system": OBJECT_TYPE, "code": "2", "display": "System Object"},
        "detail": [{"type": each, "valueString": text} for each, text in details if text],
    }


def _coding(code: Code) -> dict[str, str]:
    return {"system": DCM if code.scheme == "DCM" else OURS, "code": code.value, "display": code.meaning}
