"""The events: typed, versioned, immutable; the one table of what services say to each other.

An event is about a batch and carries references, never bytes (claim check) and never a value that identifies a patient.
Its zone says which exchange carries it:

* ``identified``   inside the hospital, between ingest and anonymizer: references to identified bytes.
* ``deidentified`` inside the hospital, after the anonymizer: pseudonyms and references to de-identified bytes.
* ``centre``       inside the centre.

Ids derive from the cause (uuid5), so that a replayed handler publishes the same events again.

An event outlives a release: it can lie in a queue, or among the dead letters, while the code is replaced. A new field
with a default keeps the version, because both the older and the newer code then read both. Any other change is a new
version, and the type gets the function that makes it of the version before; docs/decisions/0047.
"""

import enum
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

import msgspec

from shared import clock

NAMESPACE = uuid.UUID("6f1e2a52-5bb5-5c0e-9a35-0b6a6f0d3c11")
MAX_BATCH = 200
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""Returns the JSON object of an event in the next version."""


class Zone(enum.StrEnum):
    """Which exchange carries an event."""

    IDENTIFIED = "identified"
    DEIDENTIFIED = "deidentified"
    CENTRE = "centre"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What every event carries.

    id: unique; derives from the cause.  correlation_id: the receipt's id, the same from receipt to case.
    causation_id: id of the event that caused this one; empty if none did.  occurred_at: RFC 3339, UTC.
    site: the hospital's short name.  upgrades: of each earlier version that is still understood, to the next one.
    """

    topic: ClassVar[str]
    zone: ClassVar[Zone]
    version: ClassVar[int] = 1
    upgrades: ClassVar[Mapping[int, Upgrade]] = {}

    id: str
    correlation_id: str
    causation_id: str = ""
    occurred_at: datetime
    site: str

    @classmethod
    def first(
        cls, key: str, *, correlation_id: str, site: str, occurred_at: datetime | None = None, **fields: Any
    ) -> Self:
        """Return an event that no event caused; ``key`` keeps its id when it is published again."""
        return cls(
            id=str(uuid.uuid5(NAMESPACE, f"{cls.topic}|{key}")),
            correlation_id=correlation_id,
            occurred_at=occurred_at or clock.utc_now(),
            site=site,
            **fields,
        )

    @classmethod
    def caused_by(cls, cause: "Event", key: str = "", **fields: Any) -> Self:
        """Return an event that ``cause`` leads to; ``key`` tells several of one type apart. Time is the cause's."""
        return cls(
            id=str(uuid.uuid5(NAMESPACE, f"{cls.topic}|{cause.id}|{key}")),
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            occurred_at=cause.occurred_at,
            site=cause.site,
            **fields,
        )


class InstanceRef(msgspec.Struct, frozen=True):
    """One de-identified Instance at rest in the gateway's de-identified store.

    sha256: of its Part 10 file, lower-case hexadecimal; empty in what was written before it was recorded.
    earlier_sha256: of what was made of the same content before, if that was different; the centre may hold it.
    """

    blob: str
    size_bytes: int
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    modality: str = ""
    sha256: str = ""
    earlier_sha256: str = ""


class LinkKeys(msgspec.Struct, frozen=True):
    """What report and study are matched by; every value is already a pseudonym or kept by the profile.

    study_date: DICOM DA (YYYYMMDD) or empty.  Empty means unknown and matches nothing.
    """

    patient_id: str = ""
    accession_number: str = ""
    study_instance_uid: str = ""
    modality: str = ""
    study_date: str = ""


class InstancesReceived(Event, frozen=True, kw_only=True):
    """Instances are safe in the identified store. resent: they were known before; the centre may hold them.

    priority: a person sent them, or asked for them; they are delivered before the bulk.
    """

    topic = "instances.received"
    zone = Zone.IDENTIFIED
    receipt_id: str
    blobs: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]
    resent: bool = False
    priority: bool = False


class ReportReceived(Event, frozen=True, kw_only=True):
    """A report is safe in the identified store, as a FHIR R4 Bundle whatever form it came in.

    resent, priority: as above.
    """

    topic = "report.received"
    zone = Zone.IDENTIFIED
    receipt_id: str
    blob: str
    resent: bool = False
    priority: bool = False


class InputRefused(Event, frozen=True, kw_only=True):
    """The anonymizer put part of what was received into quarantine. reasons: blob key → reason word."""

    topic = "input.refused"
    zone = Zone.IDENTIFIED
    receipt_id: str
    reasons: dict[str, str]


class InputDeidentified(Event, frozen=True, kw_only=True):
    """The anonymizer has dealt with these identified blobs: their receipts can say so, and the blobs may go.

    known_as: blob key → what it became, as Delivered names it.  sha256: blob key → digest of what it became.
    profile: that it was de-identified by.  All three lack in an event of the code before they were there.
    """

    topic = "input.deidentified"
    zone = Zone.IDENTIFIED
    receipt_id: str
    blobs: tuple[str, ...]
    known_as: dict[str, str] = {}
    sha256: dict[str, str] = {}
    profile: str = ""


class InstancesDeidentified(Event, frozen=True, kw_only=True):
    """De-identified Instances of one Study are safe in the de-identified store.

    resent, priority: as in InstancesReceived.

    withdrawn: SOP Instance UIDs that a person rejected after they had left: these Instances say so to the centre.
    """

    topic = "instances.deidentified"
    zone = Zone.DEIDENTIFIED
    receipt_id: str
    keys: LinkKeys
    instances: Annotated[tuple[InstanceRef, ...], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]
    resent: bool = False
    withdrawn: tuple[str, ...] = ()
    priority: bool = False


class ReportDeidentified(Event, frozen=True, kw_only=True):
    """A de-identified report is safe in the de-identified store, as a FHIR R4 DiagnosticReport.

    report_id: the pseudonym of the report's own identifier, the same for every version of the report.
    status: FHIR DiagnosticReport.status.  issued: FHIR instant or empty.  sha256: of the de-identified document.
    flagged: whether a check asks a person to look at it; None in an event of the code before the field was there.
    resent, priority: as in ReportReceived.
    """

    topic = "report.deidentified"
    zone = Zone.DEIDENTIFIED
    receipt_id: str
    report_id: str
    blob: str
    sha256: str
    status: str
    issued: str
    keys: LinkKeys
    flagged: bool | None = None
    resent: bool = False
    priority: bool = False


class ReportLinked(Event, frozen=True, kw_only=True):
    """The gateway's linker found a report's Study. rule: accession, study-uid, patient-modality-date or by-hand."""

    topic = "report.linked"
    zone = Zone.DEIDENTIFIED
    receipt_id: str
    report_id: str
    study_instance_uid: str
    rule: str


class Delivered(Event, frozen=True, kw_only=True):
    """The centre has confirmed, or will not take, something that came in by one receipt.

    confirmed: SOP Instance UIDs, and ``<report id>|<SHA-256>`` of reports' versions.  failed: the same → why.  Both
    lack in an event of the code before they were there.  instances, reports: how many were confirmed, all told so far.
    """

    topic = "delivered"
    zone = Zone.DEIDENTIFIED
    receipt_id: str
    instances: int = 0
    reports: int = 0
    confirmed: tuple[str, ...] = ()
    failed: dict[str, str] = {}


class CustodyChecked(Event, frozen=True, kw_only=True):
    """The centre was asked what it holds of what it had confirmed of a receipt.

    holdings: the names that Delivered gives → held (with the digest that was sent), evicted, withdrawn, absent, or
    other (another digest, or none told).
    """

    topic = "custody.checked"
    zone = Zone.DEIDENTIFIED
    receipt_id: str
    holdings: dict[str, str]


class InstancesStored(Event, frozen=True, kw_only=True):
    """The archive has stored Instances of one Series.

    keys: what reports are matched by, as the Series' Instances have it.  sha256, sizes_bytes: of each Instance's
    Part 10 file, in the order of sop_instance_uids.  All three lack in an event of the code before they were there.
    """

    topic = "instances.stored"
    zone = Zone.CENTRE
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]
    keys: LinkKeys | None = None
    sha256: tuple[str, ...] = ()
    sizes_bytes: tuple[int, ...] = ()


class StudyChanged(Event, frozen=True, kw_only=True):
    """The archive's record of a Study changed. change: what happened: stored, deleted, evicted or recalled."""

    topic = "study.changed"
    zone = Zone.CENTRE
    study_instance_uid: str
    change: str = "stored"


class CaseChanged(Event, frozen=True, kw_only=True):
    """A clinical document of a case changed at the centre: report, link, confirmed diagnosis or annotation."""

    topic = "case.changed"
    zone = Zone.CENTRE
    study_instance_uid: str
    report_ids: tuple[str, ...] = ()


EVENTS: tuple[type[Event], ...] = (
    InstancesReceived,
    ReportReceived,
    InputRefused,
    InputDeidentified,
    InstancesDeidentified,
    ReportDeidentified,
    ReportLinked,
    Delivered,
    CustodyChecked,
    InstancesStored,
    StudyChanged,
    CaseChanged,
)
BY_TOPIC = {event.topic: event for event in EVENTS}
