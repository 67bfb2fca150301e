"""The record of each de-identified report: enough to say it again after the identified bytes are gone, and no value."""

import msgspec

from shared.documents import Collection
from shared.events import LinkKeys


class ReportAudit(msgspec.Struct, frozen=True, kw_only=True):
    """One report's way through a profile. blob: the identified one.  at: RFC 3339, when its event occurred.

    removed: category → how often.  dropped: kind of attachment → how many.  review: a person should read it; reasons
    say why, as words.  document: key of the de-identified report; sha256: of its bytes.
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


REPORT_AUDIT = Collection(
    "deid_report_audit", ReportAudit, key="blob", fields=("receipt_id", "report_id", "profile", "at")
)
