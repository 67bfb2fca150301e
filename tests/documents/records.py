"""Records that the tests of the documents port keep."""

import enum

import msgspec

from shared.documents import Collection


class State(enum.StrEnum):
    OPEN = "open"
    DONE = "done"


class Item(msgspec.Struct, frozen=True):
    """Has a field of each kind."""

    uid: str
    patient: str = ""
    number: int = 0
    dose: float | None = None
    name: str | None = None
    good: bool = False
    state: State = State.OPEN
    modalities: tuple[str, ...] = ()
    inner: dict[str, list[int | None]] = {}
    body: bytes = b""


FIELDS = ("patient", "number", "dose", "name", "good", "state", "modalities")
INDEXES = (("patient", "number"), ("state", "number"))
ITEMS = Collection("items", Item, key="uid", fields=FIELDS, indexes=INDEXES)
FED = Collection("fed", Item, key="uid", fields=FIELDS, indexes=INDEXES, feed=True)
