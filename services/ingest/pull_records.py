"""What is kept of pulls: one record a pull, one a Study of it. Neither names a patient, an order or a UID.

What is asked for (UIDs, accession numbers, query keys) is one content in the identified store, which the pull names.
"""

import enum
from typing import Final

import msgspec

from shared.documents import Collection
from shared.events import Purpose

TELLING: Final = "yes"


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
    """found: waits for its turn.  asked: its retrieve began.  arrived: all of it came.  failed: the reason says why.

    seen: the source has it, and was asked for no more.
    """

    FOUND = "found"
    ASKED = "asked"
    ARRIVED = "arrived"
    FAILED = "failed"
    SEEN = "seen"


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """One pull. source: its name in the list of sources.  blob: what is asked for, or which Studies were found;
    empty when it is not needed any more.

    reason: why it waits or failed.  at: when it was begun, seconds since 1970.
    priority: whether what comes is delivered before the bulk.
    recall_id: the recall that it is for, or empty; then purpose says whether the Study is fetched or only looked for.
    telling: yes while the linker is to be told how far it is.  told: what it was told last.
    """

    id: str
    source: str
    state: PullState = PullState.FINDING
    blob: str
    studies: int = 0
    reason: str = ""
    priority: bool = False
    recall_id: str = ""
    purpose: Purpose = Purpose.DELIVER
    telling: str = ""
    told: str = ""
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
    name="pulls", type=Pull, key="id", fields=("state", "blob", "telling", "at"), indexes=(("state", "at"), ("at",))
)
PULLED = Collection(
    name="pulled_studies",
    type=PulledStudy,
    key="id",
    fields=("pull_id", "state", "number"),
    indexes=(("pull_id", "state", "number"), ("pull_id", "number")),
)
