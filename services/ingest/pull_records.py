"""What is kept of pulls: one record a pull, one a Study of it. Neither names a patient, an order or a UID.

What is asked for (UIDs, accession numbers, query keys) is one content in the identified store, which the pull names.
"""

import enum

import msgspec

from shared.documents import Collection


class PullState(enum.StrEnum):
    """finding: the source is asked which Studies there are.  pulling: they are fetched.  done: each has an end.

    stopped: by a person.  failed: nothing could be found; the reason says why.
    """

    FINDING = "finding"
    PULLING = "pulling"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class StudyState(enum.StrEnum):
    """found: waits for its turn.  asked: its retrieve began.  arrived: all of it came.  failed: the reason says why."""

    FOUND = "found"
    ASKED = "asked"
    ARRIVED = "arrived"
    FAILED = "failed"


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """One pull. source: its name in the list of sources.  blob: what is asked for, or which Studies were found.

    reason: why it waits or failed.  at: when it was begun, seconds since 1970.
    priority: whether what comes is delivered before the bulk.
    """

    id: str
    source: str
    state: PullState = PullState.FINDING
    blob: str
    studies: int = 0
    reason: str = ""
    priority: bool = False
    at: float


class PulledStudy(msgspec.Struct, frozen=True, kw_only=True):
    """One Study of a pull. id: ``<pull>.<number>``.  number: its place in the pull's list, from 0.

    expected: how many Instances the source says it has; 0 if it does not say.  arrived: how many came.
    failed: how many the source could not send, or were not taken.  receipt_id: that they came by, empty for C-MOVE.
    """

    id: str
    pull_id: str
    number: int
    state: StudyState = StudyState.FOUND
    expected: int = 0
    arrived: int = 0
    failed: int = 0
    reason: str = ""
    attempts: int = 0
    receipt_id: str = ""


PULLS = Collection(
    name="pulls", type=Pull, key="id", fields=("state", "blob", "at"), indexes=(("state", "at"), ("at",))
)
PULLED = Collection(
    name="pulled_studies",
    type=PulledStudy,
    key="id",
    fields=("pull_id", "state", "number"),
    indexes=(("pull_id", "state", "number"), ("pull_id", "number")),
)
