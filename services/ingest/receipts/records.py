"""What ingest keeps: one arrival for every content, one receipt for everything that was sent together.

No record holds a patient's value: content is named by its SHA-256. In records and answers the endpoint is named "door".
"""

from typing import Final

import msgspec

from shared.documents import Collection

INSTANCES: Final = "instances"
REPORT: Final = "report"
RECEIVED: Final = "received"
DEIDENTIFIED: Final = "deidentified"
REFUSED: Final = "refused"
RELEASED: Final = "released"  # de-identified, and the identified bytes deleted after their retention
NOT_PUBLISHED: Final = "no"
PUBLISHED: Final = "yes"


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One content that was received. blob: its key in the identified store.  original: of a report, the bytes as sent.

    state: received, deidentified, refused or released.  reason: why it was refused.  published: no or yes.
    at: seconds since 1970.
    """

    blob: str
    receipt_id: str
    kind: str
    endpoint: str = msgspec.field(name="door")
    original: str = ""
    size_bytes: int = 0
    state: str = RECEIVED
    reason: str = ""
    published: str = NOT_PUBLISHED
    at: float


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent together, and what became of it. endpoint: stow, dimse, fhir or csv.  sender: an AE title, if any.

    received, deidentified, refused: how many contents, computed from the arrivals.  duplicates: how many were known.
    duplicate_of: receipts that they first came by, some of them if they are many.
    rejected: how many were not understood; they are kept.  delivered_*: what the centre has confirmed.
    """

    id: str
    site: str
    endpoint: str = msgspec.field(name="door")
    kind: str
    sender: str = ""
    state: str = RECEIVED
    received: int = 0
    deidentified: int = 0
    refused: int = 0
    duplicates: int = 0
    duplicate_of: tuple[str, ...] = ()
    rejected: int = 0
    reasons: dict[str, int] = {}
    linked_studies: tuple[str, ...] = ()
    delivered_instances: int = 0
    delivered_reports: int = 0
    at: float


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was not understood when it was received: kept as it came, with the reason."""

    id: str
    receipt_id: str
    blob: str
    endpoint: str = msgspec.field(name="door")
    reason: str
    detail: str
    size_bytes: int
    at: float


class SrVersion(msgspec.Struct, frozen=True):
    """Which report an SR document is a version of. report_id: the SOP Instance UID of its first version."""

    sop_instance_uid: str
    report_id: str


ARRIVALS = Collection(
    name="arrivals",
    type=Arrival,
    key="blob",
    fields=("receipt_id", "state", "published", "at"),
    indexes=(("published", "at"), ("receipt_id", "state"), ("state", "at")),
)
RECEIPTS = Collection(name="receipts", type=Receipt, key="id", fields=("state", "at"), indexes=(("state", "at"),))
REJECTED = Collection(name="rejected", type=Rejected, key="id", fields=("receipt_id", "at"))
SR_VERSIONS = Collection(name="sr_versions", type=SrVersion, key="sop_instance_uid")
COLLECTIONS = (ARRIVALS, RECEIPTS, REJECTED, SR_VERSIONS)


def state_of(receipt: Receipt) -> str:
    """Return how far a receipt has come: the least that is true of everything in it that was not refused."""
    good = receipt.received - receipt.refused
    if receipt.received == 0:
        return "rejected" if receipt.rejected else "duplicate"
    if good == 0:
        return REFUSED
    if receipt.delivered_instances + receipt.delivered_reports >= good:
        return "delivered"
    if receipt.linked_studies and receipt.deidentified >= good:
        return "linked"
    if receipt.deidentified >= good:
        return "partly-refused" if receipt.refused else DEIDENTIFIED
    return RECEIVED
