"""How the audit trail is kept: read as JMID_AUDIT and JMID_AUDIT_…. Every process of the system keeps the same."""

import enum
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from shared.settings import Seconds

LEAST_DAYS: Final = 1827
"""Five years."""


class AuditMode(enum.StrEnum):
    """required: what cannot be recorded is refused.  best-effort: it is served and recorded later.  off: nothing is."""

    REQUIRED = "required"
    BEST_EFFORT = "best-effort"
    OFF = "off"


class AuditSettings(msgspec.Struct, frozen=True):
    """The audit trail of one process; each field is JMID_<FIELD>."""

    audit: Annotated[
        AuditMode,
        Meta(
            description="required: a change is recorded before it is answered, and while records cannot be written "
            "patients' data is refused; best-effort: it is served, and recorded when that works again; off: nothing is "
            "recorded, for measurements alone."
        ),
    ] = AuditMode.REQUIRED
    audit_flush_s: Annotated[
        Seconds, Meta(description="How long the record of a read may wait: what a killed process may lose.")
    ] = 0.2
    audit_write_s: Annotated[
        Seconds, Meta(description="How long the writing of records may take before it counts as failed.")
    ] = 5.0
    audit_keep_days: Annotated[
        int, Meta(description="How long records are kept; never less than five years.", ge=LEAST_DAYS, le=100_000)
    ] = 3653
    audit_keys: Annotated[
        Path | None,
        Meta(description="The folder of the keys that sign days and name objects; empty is <home>/<role>/audit."),
    ] = None
    audit_key_days: Annotated[int, Meta(description="After how many days a new key signs.", ge=1, le=100_000)] = 366
    audit_syslog: Annotated[
        str,
        Meta(
            description="Where records are sent as DICOM audit messages: tls://host:port (RFC 5425); empty is nowhere.",
            pattern=r"^(|tls://[^/]+:[0-9]+)$",
        ),
    ] = ""
    audit_syslog_ca: Annotated[
        Path | None, Meta(description="A PEM file of who may vouch for the syslog receiver; empty is the system's.")
    ] = None
    audit_syslog_certificate: Annotated[
        Path | None, Meta(description="A PEM file with our certificate and its key, if the receiver asks for one.")
    ] = None
