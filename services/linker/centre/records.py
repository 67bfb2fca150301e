"""What the centre's linker keeps: the clinical documents of every case, and one ordered feed of their changes."""

import enum

import msgspec

from services.linker.diagnoses.records import Entry
from services.linker.links import versions
from services.linker.links.candidates import IdentifiedReport, IdentifiedStudy
from services.linker.links.states import RecallState
from services.linker.reports.completeness import DayCounts
from shared.documents import Collection
from shared.events import LinkKeys
from shared.fhir.statuses import RETRACTED


class StoredVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a report. resource: the FHIR document as it came. seen_at: seconds since 1970."""

    sha256: str
    status: str
    issued: str
    seen_at: float
    resource: bytes
    keys: LinkKeys
    studies: tuple[str, ...]
    link: str
    flagged: bool


class StoredReport(IdentifiedReport, frozen=True, kw_only=True):
    """A report in all its versions. studies: what it is linked to now; touched: and ever was."""

    site: str
    profile: str
    versions: tuple[StoredVersion, ...]
    studies: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    rule: str = ""
    status: str = ""

    @property
    def current(self) -> StoredVersion:
        """The version that holds."""
        return versions.current(self.versions)

    @property
    def hidden(self) -> bool:
        """Whether the report was cancelled or entered in error."""
        return self.current.status in RETRACTED


class KnownStudy(IdentifiedStudy, frozen=True, kw_only=True):
    """A Study that the archive has. series: those whose storing has been taken into account.

    site: that all its Instances came from; empty if it is not known, or several.
    """

    series: tuple[str, ...] = ()
    site: str = ""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the change feed: which document changed, and the Studies whose case it belongs or belonged to.

    correlation_id: the receipt that it came by, where it came by one.
    """

    key: str
    kind: str
    document_id: str
    studies: tuple[str, ...] = ()
    correlation_id: str = ""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far a reader of the feed has come."""

    name: str
    seq: int


class RecallStep(msgspec.Struct, frozen=True):
    """How far a gateway was with a recall, as a word. at: RFC 3339."""

    step: str
    site: str
    at: str


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """A Study wanted back from a gateway.

    requested_at, answered_at: RFC 3339.  missing: why Instances did not come back, and how many; 0111: their bytes
    differ from those that were stored the first time.
    compared: same, changed, missing, new: how many, by the digest of what was delivered first.
    changed_by: why they changed, and how many.  source: gateway, by its own copy, or pacs.  steps: oldest first.
    """

    study_instance_uid: str
    recall_id: str
    state: RecallState
    requested_by: str
    requested_at: str
    site: str = ""
    why: str = ""
    answered_by: str = ""
    answered_at: str = ""
    missing: dict[str, int] = {}
    compared: dict[str, int] = {}
    changed_by: dict[str, int] = {}
    source: str = ""
    steps: tuple[RecallStep, ...] = ()


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """That a Study's images stay. dataset: the one that needs them; empty: somebody wants them here.  at: RFC 3339."""

    id: str
    study_instance_uid: str
    dataset: str
    by: str
    why: str
    at: str


class ProofState(enum.StrEnum):
    """Whether a gateway could deliver a Study again."""

    ASKED = "asked"
    POSSIBLE = "possible"
    UNAVAILABLE = "unavailable-at-gateway"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway last said of a Study. asked_at, answered_at: seconds since 1970.  reason: a word."""

    study_instance_uid: str
    state: ProofState
    asked_at: float
    answered_at: float = 0.0
    site: str = ""
    reason: str = ""


class SiteDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a site told of one day. id: ``<site>|<day>``.  told_at: RFC 3339."""

    id: str
    site: str
    day: str
    counts: DayCounts
    told_at: str


REPORTS = Collection(
    name="reports",
    type=StoredReport,
    key="report_id",
    fields=("studies", "patient_id", "accession_number", "named_study", "study_date", "site", "status"),
    indexes=(("patient_id", "study_date"),),
)
STUDIES_KNOWN = Collection(
    name="studies_known",
    type=KnownStudy,
    key="study_instance_uid",
    fields=("accession_numbers", "patient_ids", "study_dates"),
)
ANNOTATIONS = Collection(name="annotations", type=Entry, key="id", fields=("studies", "report_id"))
CASE_CHANGES = Collection(name="case_changes", type=Changed, key="key", feed=True)
CURSORS = Collection(name="cursors", type=Cursor, key="name")
RECALLS = Collection(
    name="recalls",
    type=Recall,
    key="study_instance_uid",
    fields=("state", "site", "requested_at"),
    indexes=(("state", "requested_at"),),
)
COMPLETENESS = Collection(name="completeness", type=SiteDay, key="id", fields=("site", "day"))
PINS = Collection(name="pins", type=Pin, key="id", fields=("study_instance_uid", "at"))
PROOFS = Collection(
    name="recall_proofs",
    type=Proof,
    key="study_instance_uid",
    fields=("state", "asked_at"),
    indexes=(("state", "asked_at"),),
)


def with_version(
    old: StoredReport | None, site: str, profile: str, version: StoredVersion, report_id: str
) -> StoredReport:
    """Return the report with one version more; the same version again replaces its link, and keeps its first time."""
    known = {v.sha256: v for v in (old.versions if old else ())}
    twin = known.get(version.sha256)
    if twin:
        version = msgspec.structs.replace(version, seen_at=min(twin.seen_at, version.seen_at))
    known[version.sha256] = version
    all_ = tuple(sorted(known.values(), key=versions.precedence))
    keys, last = all_[-1].keys, all_[-1]
    return StoredReport(
        report_id=report_id,
        site=site,
        profile=profile,
        versions=all_,
        studies=old.studies if old else (),
        touched=old.touched if old else (),
        rule=old.rule if old else "",
        status=last.status,
        patient_id=keys.patient_id,
        accession_number=keys.accession_number,
        named_study=keys.study_instance_uid,
        study_date=keys.study_date,
    )
