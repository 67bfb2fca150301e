"""The words of the audit trail: what a route is audited as, what happened, and how it ended. Pure."""

import enum


class AuditClass(enum.StrEnum):
    """What the requests of a route are recorded as.

    none: refusals alone are recorded, since nothing of a patient is read or changed there.  sign-in: who a person is.
    query: search; with an object in its path, reading of it.  read: pages, reports and metadata of one object.
    retrieve: Instances, frames and renderings.  feed: programs that follow what changed.  import: what comes in.
    export: what leaves as a copy: a backup, a proof, files.  change, delete: of what is there.
    operate: figures and repairs, without a patient's data.  audit: of this trail.
    """

    NONE = "none"
    SIGN_IN = "sign-in"
    QUERY = "query"
    READ = "read"
    RETRIEVE = "retrieve"
    FEED = "feed"
    IMPORT = "import"
    EXPORT = "export"
    CHANGE = "change"
    DELETE = "delete"
    OPERATE = "operate"
    AUDIT = "audit"


class EventKind(enum.StrEnum):
    """What happened. The first are those of routes; the others have no route."""

    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    QUERY = "query"
    READ = "read"
    RETRIEVE = "retrieve"
    FEED = "feed"
    IMPORT = "import"
    EXPORT = "export"
    CHANGE = "change"
    DELETE = "delete"
    OPERATE = "operate"
    AUDIT_READ = "audit-read"
    NODE_REFUSED = "node-refused"
    COMMAND = "command"
    AUDIT_KEY = "audit-key"
    AUDIT_TRIMMED = "audit-trimmed"
    STARTED = "started"
    STOPPED = "stopped"


class Action(enum.StrEnum):
    """Create, read, update, delete or execute (PS3.15 A.5.2, EventActionCode)."""

    CREATE = "C"
    READ = "R"
    UPDATE = "U"
    DELETE = "D"
    EXECUTE = "E"


class Outcome(enum.StrEnum):
    """success: it was answered.  refused: whoever asked may not.  failed: it was not there, wrong, or broke."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILED = "failed"


CHANGING = frozenset({AuditClass.IMPORT, AuditClass.CHANGE, AuditClass.DELETE, AuditClass.SIGN_IN})
"""Recorded before they are answered."""
