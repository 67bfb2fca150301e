"""What ingest keeps: one arrival for every content, one receipt for everything that was sent together.

No record holds a patient's value: content is named by its SHA-256. In records and answers the endpoint is named "door".
"""

import enum
from typing import Final

import msgspec

from services.ingest.pull_records import PULLED, PULLS
from shared.documents import Collection
from shared.retention import RETENTION_TIMES

INSTANCES: Final = "instances"
REPORT: Final = "report"
NOT_PUBLISHED: Final = "no"
PUBLISHED: Final = "yes"


class ArrivalState(enum.StrEnum):
    """How far a content is at the gateway. released: de-identified, and its identified bytes deleted in time."""

    RECEIVED = "received"
    DEIDENTIFIED = "deidentified"
    REFUSED = "refused"
    RELEASED = "released"


class Outcome(enum.StrEnum):
    """What the centre said of what a content became."""

    OPEN = "open"
    DELIVERED = "delivered"
    FAILED = "failed"


class ReceiptState(enum.StrEnum):
    """How far a receipt is: see ``state_of``."""

    RECEIVED = "received"
    DEIDENTIFIED = "deidentified"
    LINKED = "linked"
    DELIVERED = "delivered"
    DUPLICATE = "duplicate"
    PARTLY_DELIVERED = "partly-delivered"
    UNDELIVERED = "undelivered"
    PARTLY_REFUSED = "partly-refused"
    REFUSED = "refused"
    REJECTED = "rejected"
    NOT_COLLECTED = "not-collected"


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One content as it was received. blob: its key in the identified store.  original: of a report, the bytes as sent.

    reason: why it was refused.  published: no or yes.  at: seconds since 1970, when it was received last.
    known_as: what it became: the pseudonymous SOP Instance UID, or ``<report id>|<SHA-256>`` of a report's version.
    outcome: at the centre; failure: why not.
    output_sha256, profile: the digest of what it became, and what it was de-identified by.
    holding: what the centre held of it when it was asked last, as of CustodyChecked; held_at: since when that is known.
    """

    blob: str
    receipt_id: str
    kind: str
    endpoint: str = msgspec.field(name="door")
    original: str = ""
    size_bytes: int = 0
    state: ArrivalState = ArrivalState.RECEIVED
    reason: str = ""
    published: str = NOT_PUBLISHED
    known_as: str = ""
    outcome: Outcome = Outcome.OPEN
    failure: str = ""
    output_sha256: str = ""
    profile: str = ""
    holding: str = ""
    held_at: float = 0.0
    at: float


class Resent(Arrival, frozen=True, kw_only=True):
    """A content that was known before, as it was sent again. id: ``<receipt>.<blob>``; the rest as of an Arrival."""

    id: str


class EarlyOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the centre said of something that no content of the receipt is known to have become, or not yet.

    id: ``<receipt>.<what it is known as>``.
    """

    id: str
    outcome: Outcome
    failure: str = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent together, and what became of it. Every number is the size of a set of contents.

    endpoint: stow, dimse, pull, fhir, hl7, cda, sr or csv.  sender: an AE title or a listed name, if known.
    received: contents that were new.  deidentified, refused, delivered_*, undelivered: how many of these.
    duplicates: contents that were known before.  duplicates_open, duplicates_lost: how many of these the centre has not
    yet been asked about, and how many were refused on the way or by it; it holds the others.
    duplicate_of: receipts that they first came by, some of them if they are many.
    rejected: contents that were not understood, which are kept, or too large, which are not.
    not_collected: how many contents each collection rule left out; no byte of them is kept, and nothing else counts
    them.  rules: versions of the rules that decided.  manual: whether a person chose what this peer sends.
    priority: whether a person asked for it: it is delivered before the bulk, as what is manual is.
    """

    id: str
    site: str
    endpoint: str = msgspec.field(name="door")
    kind: str
    sender: str = ""
    state: ReceiptState = ReceiptState.RECEIVED
    received: int = 0
    deidentified: int = 0
    refused: int = 0
    duplicates: int = 0
    duplicates_open: int = 0
    duplicates_lost: int = 0
    duplicate_of: tuple[str, ...] = ()
    rejected: int = 0
    reasons: dict[str, int] = {}
    linked_studies: tuple[str, ...] = ()
    delivered_instances: int = 0
    delivered_reports: int = 0
    undelivered: int = 0
    not_collected: dict[str, int] = {}
    rules: tuple[str, ...] = ()
    manual: bool = False
    priority: bool = False
    at: float


class RejectedState(enum.StrEnum):
    """Whether the bytes of what was rejected are still there."""

    KEPT = "kept"
    RELEASED = "released"
    NOT_KEPT = "not-kept"


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was not understood when it was received: kept as it came, with the reason.

    state: kept, released when its bytes were let go, or not-kept if it was too large to be taken; then blob is empty.
    """

    id: str
    receipt_id: str
    blob: str
    endpoint: str = msgspec.field(name="door")
    reason: str
    detail: str
    size_bytes: int
    state: RejectedState = RejectedState.KEPT
    at: float


class Uncounted(msgspec.Struct, frozen=True):
    """That a long receipt has to be counted. contents: how many changed since it was; 0 if none.

    size: contents of the receipt.  at: when it changed last, seconds since 1970.
    """

    receipt_id: str
    contents: int
    size: int
    at: float


class Scrubbed(msgspec.Struct, frozen=True, kw_only=True):
    """What the last scrub of the identified store found. ended_at: seconds since 1970.

    compared, damaged: blobs.  unread: that the store erred on.  nameless: keys that no row names.
    """

    name: str
    ended_at: float = 0.0
    compared: int = 0
    damaged: int = 0
    unread: int = 0
    nameless: int = 0


class SrVersion(msgspec.Struct, frozen=True):
    """Which report an SR document is a version of. report_id: the SOP Instance UID of its first version."""

    sop_instance_uid: str
    report_id: str


_FIELDS = ("receipt_id", "state", "published", "outcome", "known_as", "at")
_INDEXES = (
    ("published", "at"),
    ("receipt_id", "state"),
    ("receipt_id", "outcome"),
    ("receipt_id", "known_as", "state"),
    ("state", "at"),
)
ARRIVALS = Collection(
    name="arrivals",
    type=Arrival,
    key="blob",
    fields=(*_FIELDS, "original"),
    indexes=(*_INDEXES, ("original", "state")),
)
RESENDS = Collection(name="resends", type=Resent, key="id", fields=("blob", *_FIELDS), indexes=_INDEXES)
EARLY_OUTCOMES = Collection(name="early_outcomes", type=EarlyOutcome, key="id")
RECEIPTS = Collection(name="receipts", type=Receipt, key="id", fields=("state", "at"), indexes=(("state", "at"),))
REJECTED = Collection(
    name="rejected",
    type=Rejected,
    key="id",
    fields=("receipt_id", "state", "blob", "at"),
    indexes=(("state", "at"), ("blob", "state")),
)
UNCOUNTED = Collection(name="uncounted_receipts", type=Uncounted, key="receipt_id", fields=("contents",))
SCRUBS = Collection(name="ingest_scrubs", type=Scrubbed, key="name")
SR_VERSIONS = Collection(name="sr_versions", type=SrVersion, key="sop_instance_uid")
COLLECTIONS = (
    ARRIVALS,
    RESENDS,
    EARLY_OUTCOMES,
    RECEIPTS,
    REJECTED,
    UNCOUNTED,
    SCRUBS,
    SR_VERSIONS,
    PULLS,
    PULLED,
    RETENTION_TIMES,
)


def state_of(receipt: Receipt) -> ReceiptState:
    """Return how far a receipt has come: the least that is true of everything in it that is collected.

    delivered: the centre has confirmed every content; partly-delivered: all is settled, and something was refused,
    rejected or not taken by the centre; undelivered: the centre took nothing.  duplicate: nothing was new, and the
    centre holds all of it; until that is known, received.
    """
    good = receipt.received - receipt.refused
    if receipt.received == 0 and receipt.duplicates == 0:
        if receipt.rejected:
            return ReceiptState.REJECTED
        return ReceiptState.NOT_COLLECTED if receipt.not_collected else ReceiptState.DUPLICATE
    if receipt.received and good == 0 and not receipt.duplicates:
        return ReceiptState.REFUSED
    delivered = receipt.delivered_instances + receipt.delivered_reports
    if delivered + receipt.undelivered >= good and not receipt.duplicates_open:
        confirmed = delivered + receipt.duplicates - receipt.duplicates_lost
        return _settled(receipt, confirmed, receipt.undelivered + receipt.duplicates_lost)
    if receipt.received == 0:
        return ReceiptState.RECEIVED
    if receipt.deidentified >= good:
        whole = ReceiptState.PARTLY_REFUSED if receipt.refused else ReceiptState.DEIDENTIFIED
        return ReceiptState.LINKED if receipt.linked_studies else whole
    return ReceiptState.RECEIVED


def _settled(receipt: Receipt, confirmed: int, lost: int) -> ReceiptState:
    """Return the state of a receipt that nothing more is expected of. confirmed, lost: contents, by the centre."""
    if lost and not confirmed:
        return ReceiptState.UNDELIVERED
    if lost or receipt.refused or receipt.rejected:
        return ReceiptState.PARTLY_DELIVERED
    return ReceiptState.DELIVERED if receipt.received else ReceiptState.DUPLICATE
