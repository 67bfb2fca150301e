"""The one tree of errors; the class decides what becomes of a message.

    JmidError
    ├── Transient            may succeed later: retried with growing delay
    │   ├── Unavailable      a port or a peer does not answer
    │   │   └── DamagedStore  what it keeps cannot be read; a person has to restore it
    │   │   └── WorkerDied   a process that did CPU work ended by itself
    │   ├── Conflict         somebody else wrote first (version guard)
    │   └── StorageFull      no room; nothing was stored
    ├── Permanent            will never succeed: dead letter and quarantine at once
    │   ├── Invalid          the input breaks a rule
    │   ├── Refused          a policy or profile does not let it pass
    │   │   └── TooCostly    it takes more time or memory than one piece of work may
    │   ├── NotFound         what is referred to does not exist
    │   └── Damaged          what is at rest is not what was put there
    ├── SettingsError        a setting is missing or wrong; names the variable
    ├── RouteNotDeclared     a route stands in no line of the access table; the process does not start
    └── IncompatibleData     records at rest are of another version than this code writes; says what to do

Texts say what, where and which rule, and never hold a patient's value.
Anything that is not a JmidError is treated as Transient and, when retries are used up, goes to the dead letters.
"""


class JmidError(Exception):
    """Root of all errors that J-MID raises itself."""


class Transient(JmidError):
    """It may succeed later."""


class Unavailable(Transient):
    """A port or a peer does not answer, or answered that it cannot now."""


class WorkerDied(Unavailable):
    """A process that did CPU work ended by itself: killed from outside, or by a fault of a library in it."""


class DamagedStore(Unavailable):
    """A store's own files are damaged: nothing of it is lost while work waits, and a person has to restore it."""


class Conflict(Transient):
    """A guarded write found another version than it expected."""


class StorageFull(Transient):
    """There is no room; nothing was stored."""


class Permanent(JmidError):
    """It will never succeed.

    reason: a stable machine-readable word such as ``missing-sop-instance-uid``; safe in logs, events and metrics.
    detail: what, where and which rule, for a person; without any patient's value.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["Permanent"], tuple[str, str]]:
        return (type(self), (self.reason, self.detail))  # crosses the process pool whole


class Invalid(Permanent):
    """The input breaks a rule that its detail names."""


class Refused(Permanent):
    """A policy or a de-identification profile does not let it pass."""


class TooCostly(Refused):
    """It takes more time or memory than one piece of work may."""


class NotFound(Permanent):
    """What is referred to does not exist."""


class Damaged(Permanent):
    """Bytes at rest are not those that were put there: of another digest, cut short, or gone."""


class SettingsError(JmidError):
    """A setting is missing or wrong; the text names the variable and shows a right value."""


class RouteNotDeclared(JmidError):
    """A route has no line in the access table, or two; the text names it."""


class IncompatibleData(JmidError):
    """Records at rest are of another version than this code writes; the text says what to do."""
