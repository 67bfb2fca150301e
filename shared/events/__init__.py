"""The events: the one table of what services say to each other. What every event carries: ``shared.events.base``."""

from typing import Annotated

import msgspec

from shared.events.base import NAMESPACE as NAMESPACE
from shared.events.base import Event as Event
from shared.events.base import InstanceRef as InstanceRef
from shared.events.base import LinkKeys as LinkKeys
from shared.events.base import Upgrade as Upgrade
from shared.events.base import Zone as Zone
from shared.events.patients import OptOutRemembered as OptOutRemembered
from shared.events.patients import PatientOptedOut as PatientOptedOut
from shared.events.patients import PatientsMerged as PatientsMerged
from shared.events.patients import PatientWithdrawn as PatientWithdrawn
from shared.events.recalls import Purpose as Purpose
from shared.events.recalls import RecallWanted as RecallWanted
from shared.events.recalls import StudyFetched as StudyFetched
from shared.events.recalls import StudyWanted as StudyWanted

MAX_BATCH = 200


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
    """A report is safe in the identified store, as a FHIR R4 Bundle whatever form it came in; or a merge of patients.

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
    known_as: dict[str, str] = msgspec.field(default_factory=dict)
    sha256: dict[str, str] = msgspec.field(default_factory=dict)
    profile: str = ""


class InstancesDeidentified(Event, frozen=True, kw_only=True):
    """De-identified Instances of one Study are safe in the de-identified store.

    resent, priority: as in InstancesReceived.  profile: that they were de-identified by, with its version; empty in an
    event of the code before it was there, and where they were made by several.

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
    profile: str = ""


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
    failed: dict[str, str] = msgspec.field(default_factory=dict)


class CustodyChecked(Event, frozen=True, kw_only=True):
    """The centre was asked what it holds of what it had confirmed of a receipt.

    holdings: the names that Delivered gives → held (with the digest that was sent), evicted, withdrawn, deleted
    (by an administrator at the centre), absent, or other (another digest, or none told).
    """

    topic = "custody.checked"
    zone = Zone.DEIDENTIFIED
    receipt_id: str
    holdings: dict[str, str]


class InstancesStored(Event, frozen=True, kw_only=True):
    """The archive has stored Instances of one Series.

    keys: what reports are matched by, as the Series' Instances have it.  sha256, sizes_bytes: of each Instance's
    Part 10 file, in the order of sop_instance_uids.  All three lack in an event of the code before they were there.
    study_site: short name of the site that all Instances of the Study came from; empty if it is not known, or several.
    """

    topic = "instances.stored"
    zone = Zone.CENTRE
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]
    keys: LinkKeys | None = None
    sha256: tuple[str, ...] = ()
    sizes_bytes: tuple[int, ...] = ()
    study_site: str = ""


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
    PatientOptedOut,
    PatientWithdrawn,
    RecallWanted,
    StudyWanted,
    StudyFetched,
    PatientsMerged,
    OptOutRemembered,
)
BY_TOPIC = {event.topic: event for event in EVENTS}
