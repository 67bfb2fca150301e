"""The anonymizer's records: what was done to each Instance, and what was refused. No record holds a patient's value."""

import re
from enum import StrEnum

import msgspec

from services.anonymizer.device_rules import Device, DeviceRule
from services.anonymizer.merge_records import PATIENT_MERGES
from services.anonymizer.name_records import HEADER_NAMES, SITE_NAMES
from services.anonymizer.opt_out_records import NOT_COLLECTED, OPT_OUTS, PLACES
from services.anonymizer.pixels.series_ends import SeriesLooks
from services.anonymizer.pseudonyms.key_register import KEY_VERSIONS
from services.anonymizer.pseudonyms.vault import VAULT, VAULT_READS
from shared import metrics
from shared.dicom import spool
from shared.dicom.elements import FileBytes
from shared.documents import Collection
from shared.events import InstanceRef, LinkKeys


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """One Instance's way through a profile. The identified blob's key is the SHA-256 of what came in.

    counts: action → how often.  digest: SHA-256 of what went out.  at: RFC 3339, when its event occurred.
    subject: the patient's pseudonym.  decision: number of the person's decision that let it go, 0 if nobody had to.
    device_rule: rule and version by which its pixels were masked.
    withdrawn_by: SOP Instance UID of the note by which the centre was asked to withdraw it; empty if it was not.
    rules_only: whether its texts were cleaned without the analyser.
    """

    blob: str
    receipt_id: str
    profile: str
    keys_version: str
    counts: dict[str, int]
    digest: str
    at: str
    instance: InstanceRef
    keys: LinkKeys
    subject: str = ""
    decision: int = 0
    device_rule: str = ""
    withdrawn_by: str = ""
    rules_only: bool = False

    def __post_init__(self) -> None:
        """Fill in what a record of before has in its keys."""
        if not self.subject:
            msgspec.structs.force_setattr(self, "subject", self.keys.patient_id)


class ReportAudit(msgspec.Struct, frozen=True, kw_only=True):
    """One report's way through a profile. blob: the identified one.  at: RFC 3339, when its event occurred.

    removed: category → how often.  dropped: kind of attachment → how many.  review: a person should read it; reasons
    say why, as words.  document: key of the de-identified report; sha256: of its bytes.
    subject, decision, rules_only: as there.
    """

    blob: str
    receipt_id: str
    profile: str
    keys_version: str
    removed: dict[str, int]
    dropped: dict[str, int]
    review: bool
    reasons: tuple[str, ...]
    report_id: str
    document: str
    sha256: str
    status: str
    issued: str
    keys: LinkKeys
    at: str
    subject: str = ""
    decision: int = 0
    rules_only: bool = False

    def __post_init__(self) -> None:
        """Fill in what a record of before has in its keys."""
        if not self.subject:
            msgspec.structs.force_setattr(self, "subject", self.keys.patient_id)


class Kind(StrEnum):
    """What is in quarantine."""

    INSTANCE = "instance"
    REPORT = "report"


class State(StrEnum):
    """Where an item of the quarantine is.

    waiting: for a person.  decided: on its way through the service again.  released: handed over for delivery.
    rejected: kept for good.  rejected-after-release: likewise, but what was made of it had been handed over before.
    """

    WAITING = "waiting"
    DECIDED = "decided"
    RELEASED = "released"
    REJECTED = "rejected"
    REJECTED_LATE = "rejected-after-release"

    @property
    def has_left(self) -> bool:
        """Say whether something of it was handed over for delivery."""
        return self in (State.RELEASED, State.REJECTED_LATE)


class Choice(StrEnum):
    """What a person decides: it leaves as it is, with boxes masked (images), with places cut (reports), or not."""

    ACCEPT = "accept"
    MASK = "mask"
    CUT = "cut"
    REJECT = "reject"


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """What the profile did not let pass. series, subject: pseudonyms of the Series and the patient, "" if not known."""

    blob: str
    receipt_id: str
    kind: Kind = Kind.INSTANCE
    reason: str
    detail: str
    sop_class_uid: str = ""
    size_bytes: int = 0
    at: str
    state: State = State.WAITING
    series: str = ""
    subject: str = ""
    device: Device = Device()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided, and who (by). number: 1, and one more with each that supersedes it.

    boxes: of mask, in pixels.  page_boxes: of one page of a document each, its number from 0 first.
    cuts: number of the text, begin and end in signs; digest: of the cleaned report they were made on.
    """

    blob: str
    decision: Choice
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    page_boxes: tuple[tuple[int, int, int, int, int], ...] = ()
    cuts: tuple[tuple[int, int, int], ...] = ()
    digest: str = ""
    by: str
    at: str
    number: int = 1

    @property
    def is_rejection(self) -> bool:
        """Say whether the item stays here for good."""
        return self.decision is Choice.REJECT


class DecisionEvent(msgspec.Struct, frozen=True, kw_only=True):
    """That a decision was made; never changed, so that the one that supersedes it leaves it to be read.

    reason: of the item then.  scope: item, or series if it was made for all that waited of one.
    had_left: whether what it is about had been handed over for delivery before.
    """

    id: str
    blob: str
    kind: Kind
    receipt_id: str
    subject: str
    reason: str
    decision: Decision
    scope: str = "item"
    had_left: bool = False
    by: str
    at: str


DAMAGED = "damaged-at-rest"
SEND_AGAIN = "the identified bytes are no more those that came: have them sent again"
_DIGEST = re.compile(r"[0-9a-f]{64}")


def is_damaged(key: str, data: FileBytes) -> bool:
    """Say whether the bytes of an identified blob are not those that came: its key is their SHA-256."""
    return _DIGEST.fullmatch(key) is not None and spool.sha256(data) != key


def count_refused(kind: str, reason: str) -> None:
    """Count what was refused, and that stored bytes are damaged where that is the reason. kind: instance or report."""
    metrics.REFUSED.labels("anonymizer", kind, reason).inc()
    if reason == DAMAGED:
        metrics.DAMAGED.labels("anonymizer").inc()


DECISIONS = Collection("deid_decisions", Decision, key="blob", fields=("decision", "at"))
DECISION_EVENTS = Collection(
    "deid_decision_events",
    DecisionEvent,
    key="id",
    fields=("blob", "subject", "by", "at"),
    indexes=(("subject", "at"), ("by", "at")),
)
DEVICE_RULES = Collection("deid_device_rules", DeviceRule, key="id", fields=("state",))
AUDIT = Collection(
    "deid_audit",
    Audit,
    key="blob",
    fields=("receipt_id", "at", "subject", "device_rule"),
    indexes=(("subject", "at"),),
)
QUARANTINE = Collection(
    "quarantine",
    Quarantined,
    key="blob",
    fields=("receipt_id", "reason", "state", "kind", "series", "subject", "at"),
    indexes=(("state", "at"), ("state", "reason", "at"), ("state", "kind", "at"), ("state", "series", "at")),
)
REPORT_AUDIT = Collection(
    "deid_report_audit",
    ReportAudit,
    key="blob",
    fields=("receipt_id", "report_id", "profile", "at", "subject"),
    indexes=(("subject", "at"),),
)
SERIES_LOOKS = Collection("deid_series_looks", SeriesLooks, key="series")
COLLECTIONS = (
    AUDIT,
    QUARANTINE,
    DECISIONS,
    DECISION_EVENTS,
    DEVICE_RULES,
    SITE_NAMES,
    HEADER_NAMES,
    REPORT_AUDIT,
    SERIES_LOOKS,
    VAULT,
    VAULT_READS,
    KEY_VERSIONS,
    OPT_OUTS,
    NOT_COLLECTED,
    PLACES,
    PATIENT_MERGES,
)
