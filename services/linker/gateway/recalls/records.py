"""What the gateway's linker keeps of Studies that the PACS is asked for."""

import enum

import msgspec

from shared.documents import Collection
from shared.events import Purpose


class FetchState(enum.StrEnum):
    """Whether the centre has been answered."""

    OPEN = "open"
    ENDED = "ended"


class Fetch(msgspec.Struct, frozen=True, kw_only=True):
    """A Study that the PACS is asked for. id: of the recall, or a random one where only a proof is wanted.

    asked_at, told_at: seconds since 1970.  is_asked: whether the event was published.
    outcome, is_end, instances, refused: as StudyFetched says them.  told: the outcome that the centre was told last.
    for_repair: the gateway wants it by itself; no recall of the centre is answered by it.
    """

    id: str
    study_instance_uid: str
    purpose: Purpose
    state: FetchState = FetchState.OPEN
    asked_at: float
    is_asked: bool = False
    outcome: str = ""
    is_end: bool = False
    instances: int = 0
    refused: dict[str, int] = {}
    told_at: float = 0.0
    told: str = ""
    for_repair: bool = False


FETCHES = Collection(
    name="recall_fetches",
    type=Fetch,
    key="id",
    fields=("study_instance_uid", "state"),
    indexes=(("study_instance_uid", "state"),),
)
