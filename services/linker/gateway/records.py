"""What the gateway's linker keeps: Studies and reports it has seen, deliveries, and how its workers fare."""

import enum

import msgspec

from services.linker.links import versions
from services.linker.links.candidates import IdentifiedReport, IdentifiedStudy
from services.linker.links.merges import NOBODY, MergedPatients
from services.linker.links.states import Announcement, DeliveryKind, DeliveryState
from shared.documents import Collection
from shared.events import InstanceRef, LinkKeys


class SeenStudy(IdentifiedStudy, frozen=True, kw_only=True):
    """A Study as its Instances told it."""

    site: str = ""


class ReportVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a report. seen_at: when it was first received, seconds since 1970."""

    sha256: str
    blob: str
    status: str
    issued: str
    seen_at: float
    flagged: bool
    keys: LinkKeys
    receipt_ids: tuple[str, ...]
    correlation_id: str
    site: str


class SeenReport(IdentifiedReport, frozen=True, kw_only=True):
    """A report in all its versions. receipt_ids: of all of them."""

    versions: tuple[ReportVersion, ...]
    receipt_ids: tuple[str, ...] = ()

    @property
    def current(self) -> ReportVersion:
        """The version that holds."""
        return versions.current(self.versions)

    def is_contested(self, approved: str, merged: MergedPatients = NOBODY) -> bool:
        """Say whether versions are of different patients, and nobody said that the one that holds is right.

        approved: the SHA-256 of the version that a person let leave, or empty. It stands for others of its patient.
        merged: whose pseudonyms are one patient's.
        """
        patients = {merged.survivor(version.keys.patient_id) for version in self.versions} - {""}
        settled = {merged.survivor(each.keys.patient_id) for each in self.versions if each.sha256 == approved}
        return len(patients) > 1 and merged.survivor(self.current.keys.patient_id) not in settled

    @property
    def patient_ids(self) -> frozenset[str]:
        """The pseudonyms that its versions name."""
        return frozenset(version.keys.patient_id for version in self.versions) - {""}


class Lane(enum.StrEnum):
    """Which deliveries go first. priority: a person sent it, or the centre asked for it back."""

    BULK = "bulk"
    PRIORITY = "priority"


WITHDRAWN = "withdrawn"
"""In place of a Failure Reason: a person rejected the Instance; it is sent no more, whoever asks for it."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has to reach the centre: a set of Instances of one Study, or one report.

    due_at, arrived_at, done_at: seconds since 1970.  reason: why it waits or failed.
    confirmed: SOP Instance UID → Warning Reason of what the centre has stored, empty without a warning.
    failed: SOP Instance UID → Failure Reason of what it never will store.  What is in neither still has to go.
    tries: SOP Instance UID → how often it failed without a final Failure Reason.
    attempts: the most of them, or how often the report did.
    want, sent, refused: a report's version and link as they are now, as the centre confirmed them, as it refused them.
    announce: due when a Delivered event has to be published.  told: receipts it was published for.
    approved, approved_by, approved_at: sha256 of the version that a person let pass review, who, and when.
    outcomes, kept: as code up to edf1031 wrote them; read into confirmed and failed.  kept: how many Instances of a
    released delivery were confirmed, where it no longer says which.
    recall_id: the recall that it is, or was last, delivered again for.  recalled: what of it still has to go again.
    resent: it was known before, and the centre has not been asked yet whether it holds it; a report goes anyway.
    lane: bulk or priority; empty, as in what was written before lanes, is bulk.
    withdraws: its Instances ask the centre to withdraw others; they go at once, and no receipt counts them.
    profile: that its Instances were de-identified by; empty in what was written before it was recorded.
    """

    id: str
    kind: DeliveryKind
    state: DeliveryState
    due_at: float
    arrived_at: float
    site: str
    correlation_id: str
    receipt_id: str = ""
    study_instance_uid: str = ""
    report_id: str = ""
    instances: tuple[InstanceRef, ...] = ()
    confirmed: dict[str, str] = {}
    failed: dict[str, str] = {}
    outcomes: dict[str, str] = {}
    attempts: int = 0
    tries: dict[str, int] = {}
    reason: str = ""
    want: str = ""
    sent: str = ""
    refused: str = ""
    announce: Announcement = Announcement.NONE
    told: tuple[str, ...] = ()
    approved: str = ""
    approved_by: str = ""
    approved_at: str = ""
    recall_id: str = ""
    recalled: tuple[str, ...] = ()
    resent: bool = False
    withdraws: bool = False
    profile: str = ""
    lane: str = ""
    done_at: float = 0.0
    kept: int = 0

    def __post_init__(self) -> None:
        if not self.outcomes:
            return
        outcomes = {uid: text.partition(":") for uid, text in self.outcomes.items()}
        confirmed = {uid: reason for uid, (kind, _, reason) in outcomes.items() if kind == "stored"}
        failed = {uid: reason for uid, (kind, _, reason) in outcomes.items() if kind == "failed"}
        msgspec.structs.force_setattr(self, "confirmed", {**confirmed, **self.confirmed})
        msgspec.structs.force_setattr(self, "failed", {**failed, **self.failed})
        msgspec.structs.force_setattr(self, "outcomes", {})

    @property
    def is_begun(self) -> bool:
        """Whether the centre was asked to take any of it."""
        refused = set(self.failed.values()) - {WITHDRAWN}
        return bool(self.attempts or self.confirmed or refused or self.recall_id)

    @property
    def waiting(self) -> tuple[InstanceRef, ...]:
        """The Instances that still have to go: neither confirmed nor refused for good, or recalled."""
        settled = (self.confirmed.keys() | self.failed.keys()) - set(self.recalled)
        return tuple(ref for ref in self.instances if ref.sop_instance_uid not in settled)


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a delivery worker fares, in whichever process it runs. tries: how often in a row the centre was away.

    next_at: when it tries again, seconds since 1970; 0 while the centre is there.
    """

    name: str
    tries: int = 0
    reason: str = ""
    next_at: float = 0.0


class CustodyNight(msgspec.Struct, frozen=True, kw_only=True):
    """One nightly comparison with the centre. night: its date.  began_at, ended_at: seconds since 1970; 0 is not yet.

    held, evicted, withdrawn, deleted, absent, other: contents, as of CustodyChecked.  unasked: Studies and reports
    that the centre, or one of our own stores, erred on.
    """

    night: str
    began_at: float
    ended_at: float = 0.0
    held: int = 0
    evicted: int = 0
    withdrawn: int = 0
    deleted: int = 0
    absent: int = 0
    other: int = 0
    unasked: int = 0

    @property
    def differences(self) -> int:
        """How many contents the centre confirmed and does not hold."""
        return self.absent + self.other

    @property
    def asked(self) -> int:
        """How many contents the centre was asked for."""
        return self.held + self.evicted + self.deleted + self.absent + self.other


STUDIES_SEEN = Collection(
    name="studies_seen",
    type=SeenStudy,
    key="study_instance_uid",
    fields=("accession_numbers", "patient_ids", "study_dates"),
)
REPORTS_SEEN = Collection(
    name="reports_seen",
    type=SeenReport,
    key="report_id",
    fields=("patient_id", "accession_number", "named_study", "study_date", "receipt_ids"),
    indexes=(("patient_id", "study_date"),),
)
DELIVERIES = Collection(
    name="deliveries",
    type=Delivery,
    key="id",
    fields=("kind", "state", "due_at", "study_instance_uid", "receipt_id", "announce", "done_at", "lane"),
    indexes=(
        ("kind", "state", "due_at"),
        ("lane", "kind", "state", "due_at"),
        ("study_instance_uid", "state"),
        ("kind", "state", "done_at"),
    ),
)
CUSTODY_NIGHTS = Collection(name="custody_nights", type=CustodyNight, key="night", fields=("night",))
WORKERS = Collection(name="delivery_workers", type=WorkerStatus, key="name")


def with_version(old: SeenReport | None, report_id: str, version: ReportVersion) -> SeenReport:
    """Return the report with one more version; the same version again only adds its receipts."""
    known = {v.sha256: v for v in (old.versions if old else ())}
    twin = known.get(version.sha256)
    if twin:
        receipts = tuple(sorted({*twin.receipt_ids, *version.receipt_ids}))
        earlier = min(twin, version, key=lambda v: (v.seen_at, v.correlation_id))
        version = msgspec.structs.replace(earlier, receipt_ids=receipts)
    known[version.sha256] = version
    all_ = tuple(sorted(known.values(), key=versions.precedence))
    keys = all_[-1].keys
    return SeenReport(
        report_id=report_id,
        versions=all_,
        patient_id=keys.patient_id,
        accession_number=keys.accession_number,
        named_study=keys.study_instance_uid,
        study_date=keys.study_date,
        receipt_ids=tuple(sorted({receipt for v in all_ for receipt in v.receipt_ids})),
    )
