"""Records as DICOM audit messages, valid by the standard's schema, as AuditEvents of FHIR R4, and as CSV."""

import base64
import csv
import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest
from lxml import etree

from shared.audit import dicom_message as codes
from shared.audit.dicom_message import EVENTS, message
from shared.audit.export import Format, begun, line
from shared.audit.fhir_event import audit_event
from shared.audit.record import AuditRecord, Happening, Tip, Who, chained, record_of
from shared.audit.syslog import framed
from shared.audit.words import Action, EventKind, Outcome
from tests.audit.chains import HANAKO, STUDY

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "data" / "ps3_15_a_5_1.rng"))
AT = 1_795_000_000.5
DOUBTFUL = Who("s<1>", '=cmd|"&<花子>', ("radiologist", "researcher"), "2001:db8::1", "token")


def record(kind: EventKind, **more: Any) -> AuditRecord:
    count = more.pop("count", 1)
    happened = Happening(kind, more.pop("action", Action.READ), **{"who": HANAKO, "route": "GET /x", **more})
    return chained(Tip(), [record_of(happened, "tokyo/centre/host:7", AT, AT + 3, count)])[0]


STORED = {"route": "POST /dicom-web/studies", "action": Action.CREATE}
USERS = {"route": "POST /identity/users", "action": Action.UPDATE}
EVERY = [
    record(kind, who=who, outcome=outcome, objects=objects, reason="" if outcome is Outcome.SUCCESS else "http-404")
    for kind in EventKind
    for outcome in Outcome
    for who in (HANAKO, DOUBTFUL, Who(address="192.0.2.9"), Who())
    for objects in ((), (STUDY, "report:r-1", "study:hmac-00ff"))
] + [record(EventKind.IMPORT, objects=(STUDY,), **STORED), record(EventKind.CHANGE, objects=("user:x",), **USERS)]


def parsed(data: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(data)


def test_every_message_is_valid_by_the_schema_of_the_standard() -> None:
    for each in EVERY:
        assert SCHEMA.validate(etree.fromstring(message(each))), (each, SCHEMA.error_log.last_error)


def test_the_schema_refuses_what_is_no_message() -> None:
    assert not SCHEMA.validate(etree.fromstring(message(EVERY[0]).replace(b"EventDateTime", b"EventTime")))


@pytest.mark.parametrize(
    ("kind", "event", "event_type"),
    [
        (EventKind.STARTED, "110100", "110120"),
        (EventKind.STOPPED, "110100", "110121"),
        (EventKind.AUDIT_READ, "110101", None),
        (EventKind.READ, "110103", None),
        (EventKind.RETRIEVE, "110104", None),
        (EventKind.DELETE, "110105", None),
        (EventKind.IMPORT, "110107", None),
        (EventKind.EXPORT, "110106", None),
        (EventKind.QUERY, "110112", None),
        (EventKind.NODE_REFUSED, "110113", "110126"),
        (EventKind.SIGN_IN, "110114", "110122"),
        (EventKind.SIGN_OUT, "110114", "110123"),
    ],
)
def test_each_kind_has_its_code_of_cid_400(kind: EventKind, event: str, event_type: str | None) -> None:
    root = parsed(message(record(kind)))

    types = [each.get("csd-code") for each in root.iterfind("EventIdentification/EventTypeCode")]
    assert root.find("EventIdentification/EventID").get("csd-code") == event  # type: ignore[union-attr]
    assert types == ([event_type] if event_type else [])


def test_a_retrieval_names_source_destination_study_and_how_many() -> None:
    root = parsed(message(record(EventKind.RETRIEVE, objects=(STUDY,), count=1000)))

    roles = [
        [each.get("csd-code") for each in part.iterfind("RoleIDCode")] for part in root.iterfind("ActiveParticipant")
    ]
    requestors = [part.get("UserIsRequestor") for part in root.iterfind("ActiveParticipant")]
    study = root.find("ParticipantObjectIdentification")
    detail = root.find("ParticipantObjectIdentification/ParticipantObjectDetail")
    assert roles == [["110153"], ["110152", "radiologist"]]
    assert requestors == ["false", "true"]
    assert study is not None
    assert detail is not None
    assert (study.get("ParticipantObjectID"), study[0].get("csd-code")) == ("2.25.1", "110180")
    assert base64.b64decode(detail.get("value", "")) == b"1000"


def test_what_is_stored_by_dicomweb_was_transferred_to_us_and_what_is_copied_names_a_medium() -> None:
    stored, copied = parsed(message(EVERY[-2])), parsed(message(record(EventKind.EXPORT, route="jmid backup")))

    told = [
        [root.find("EventIdentification/EventID").get("csd-code")]  # type: ignore[union-attr]
        + [part.find("RoleIDCode").get("csd-code") for part in root.iterfind("ActiveParticipant")]  # type: ignore[union-attr]
        for root in (stored, copied)
    ]
    assert told[0] == ["110104", "110152", "110153"]
    assert told[1] == ["110106", "110153", "110152", "110154"]
    assert stored.find("EventIdentification").get("EventActionCode") == "C"  # type: ignore[union-attr]


def test_a_change_of_users_is_one_of_their_security_attributes() -> None:
    kind = parsed(message(EVERY[-1])).find("EventIdentification/EventTypeCode")

    assert kind is not None
    assert kind.get("csd-code") == "110137"


def test_a_refusal_is_an_alert_and_a_failure_is_not() -> None:
    refused, failed = (
        parsed(message(record(EventKind.READ, outcome=outcome, reason="no-role"))).find("EventIdentification")
        for outcome in (Outcome.REFUSED, Outcome.FAILED)
    )

    assert refused is not None
    assert failed is not None
    assert (refused[0].get("csd-code"), refused[1].get("csd-code")) == ("110113", "110132")
    assert (refused.get("EventOutcomeIndicator"), refused[2].text) == ("8", "no-role")
    assert (failed[0].get("csd-code"), failed.get("EventOutcomeIndicator")) == ("110103", "4")


def test_every_kind_of_record_has_an_event() -> None:
    assert set(EVENTS) == set(EventKind)
    assert codes.BEGIN_TRANSFERRING not in {event for event, _ in EVENTS.values()}  # nothing here says so


def test_an_audit_event_of_fhir_has_what_the_resource_needs() -> None:
    for each in EVERY:
        event = audit_event(each)
        assert event["type"]["code"]
        assert event["recorded"]
        assert all("requestor" in agent for agent in event["agent"])
        assert event["source"]["observer"]
        assert event["outcome"] in ("0", "4", "8")
        assert event["action"] in ("C", "R", "U", "D", "E")
        assert not [name for name, value in event.items() if value in (None, [], {}, "")]


def test_an_audit_event_names_who_what_and_how_many() -> None:
    event = audit_event(record(EventKind.RETRIEVE, objects=(STUDY,), count=3))

    assert event["period"] == {"start": "2026-11-18T11:06:40.500Z", "end": "2026-11-18T11:06:43.500Z"}
    assert event["agent"][0]["who"]["identifier"]["value"] == "s-1"
    assert event["entity"][0]["what"]["identifier"] == {"system": "urn:dicom:uid", "value": "urn:oid:2.25.1"}
    assert {"type": "count", "valueString": "3"} in event["entity"][0]["detail"]


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    text = begun(Format.CSV) + line(record(EventKind.READ, who=DOUBTFUL._replace(subject="=1+1")), Format.CSV)

    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 1
    assert rows[0]["who"].startswith("'=1+1")
    assert rows[0]["number"] == "1"


@pytest.mark.parametrize("form", Format)
def test_a_record_is_one_line(form: Format) -> None:
    assert line(record(EventKind.READ, who=DOUBTFUL), form).count("\n") == 1


def test_fhir_lines_are_json() -> None:
    assert orjson.loads(line(EVERY[0], Format.FHIR))["resourceType"] == "AuditEvent"


def test_a_frame_of_syslog_says_its_length_and_its_parts() -> None:
    frame = framed(record(EventKind.READ, who=DOUBTFUL))

    length, _, rest = frame.partition(b" ")
    head, _, xml = rest.partition(b"\xef\xbb\xbf")
    assert int(length) == len(rest)
    assert head == b"<85>1 2026-11-18T11:06:40.500Z host jmid 7 DICOM+RFC3881 - "
    assert parsed(xml).tag == "AuditMessage"
