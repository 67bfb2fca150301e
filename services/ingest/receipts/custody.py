"""Where each content that was received is: waiting, refused, or at the centre. Pure.

received = stored + refused + waiting + deleted, of each day: every content is in exactly one stage, and what should be
in one and is not there is a difference, which is named by receipt and digest. A content belongs to the day of its
receipt, by the site's time zone; one that was refused and then sent again belongs to the newer receipt.
"""

import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from services.ingest.receipts.records import Arrival, ArrivalState, Outcome, Rejected

MOST_NAMED: Final = 100
NOT_AT_THE_CENTRE: Final = "not-at-the-centre"
_FRESH_S: Final = 300.0
_OPEN_S: Final = 3600.0
_SETTLED_S: Final = 86_400.0


class Stage(enum.StrEnum):
    """Where a content is.

    received: waits to be de-identified.  on-the-way: de-identified, and the centre has not answered about it.
    held: in quarantine.  rejected: not understood when it was received.  not-taken: the centre refused it.
    stored, evicted: the centre has confirmed it; it let the bytes go by itself.
    deleted, deleted-at-centre: it was there; a person here rejected it or its patient opted out; an administrator
    there deleted it.
    missing, other: it was confirmed, and the centre does not hold it, or holds other bytes.
    """

    RECEIVED = "received"
    ON_THE_WAY = "on-the-way"
    HELD = "held"
    REJECTED = "rejected"
    NOT_TAKEN = "not-taken"
    STORED = "stored"
    EVICTED = "evicted"
    DELETED = "deleted"
    DELETED_AT_CENTRE = "deleted-at-centre"
    MISSING = "missing"
    OTHER = "other"


WAITING: Final = (Stage.RECEIVED, Stage.ON_THE_WAY)
REFUSED: Final = (Stage.HELD, Stage.REJECTED, Stage.NOT_TAKEN)
STORED: Final = (Stage.STORED, Stage.EVICTED)
DELETED: Final = (Stage.DELETED, Stage.DELETED_AT_CENTRE)
DIFFERENT: Final = (Stage.MISSING, Stage.OTHER)
_BY_HOLDING: Final[Mapping[str, Stage]] = {
    "": Stage.STORED,  # by its answer; not asked since
    "held": Stage.STORED,
    "evicted": Stage.EVICTED,
    "deleted": Stage.DELETED_AT_CENTRE,
    "withdrawn": Stage.DELETED,
    "absent": Stage.MISSING,
}


class Tally(msgspec.Struct, frozen=True):
    """How many contents, and their bytes as received."""

    contents: int = 0
    size_bytes: int = 0


class Difference(msgspec.Struct, frozen=True):
    """One content that is not where it should be. blob: the SHA-256 of what was received.  what: a word."""

    receipt_id: str
    blob: str
    what: str


class DayLedger(msgspec.Struct, frozen=True, kw_only=True):
    """What was received on a day, and where it is. day: YYYY-MM-DD.

    received: counted by itself.  stages: stage → contents.  differences: of more than 100 some.
    sent_again: contents that were known before, not part of received.  not_collected: left out by the rules, likewise.
    counted_at: seconds since 1970; 0 asks for a new count.
    """

    day: str
    site: str
    received: Tally = Tally()
    stages: dict[str, Tally] = {}
    differences: tuple[Difference, ...] = ()
    sent_again: int = 0
    not_collected: int = 0
    counted_at: float = 0.0

    def of(self, stages: Iterable[Stage]) -> Tally:
        """Return the sum of some stages."""
        own = [self.stages[stage] for stage in stages if stage in self.stages]
        return Tally(sum(each.contents for each in own), sum(each.size_bytes for each in own))

    @property
    def adds_up(self) -> bool:
        """Whether received = stored + refused + waiting + deleted, without a difference."""
        return self.received == self.of((*STORED, *REFUSED, *WAITING, *DELETED)) and not self.differences

    @property
    def is_settled(self) -> bool:
        """Whether nothing of it waits and nothing differs."""
        return self.adds_up and not self.of(WAITING).contents


class Judged(NamedTuple):
    """Where a content is. what: how it differs, empty if it does not."""

    stage: Stage
    what: str = ""


MERGE = "merge/"
"""Begins the name of a merge of patients: the centre holds it as no Instance and no report, and is not asked for it."""


def judged(arrival: Arrival) -> Judged:
    """Return where a content is, as the records say."""
    if arrival.state is ArrivalState.RECEIVED:
        return Judged(Stage.RECEIVED)
    if arrival.state is ArrivalState.REFUSED:
        return Judged(Stage.HELD)
    if arrival.outcome is Outcome.FAILED:
        return Judged(Stage.NOT_TAKEN)
    if arrival.outcome is Outcome.OPEN:
        return Judged(Stage.ON_THE_WAY)
    stage = _BY_HOLDING.get(arrival.holding, Stage.OTHER)
    return Judged(stage, {Stage.MISSING: NOT_AT_THE_CENTRE, Stage.OTHER: "other-at-the-centre"}.get(stage, ""))


def proven(arrival: Arrival, holdings: Mapping[str, str], planned: Mapping[str, str], *, has_bytes: bool) -> Judged:
    """Return where a content is, as the evidence says.

    holdings: name → what the centre answered just now, of what it had confirmed.  planned: name → state of the delivery
    that waits with it.  has_bytes: whether its identified bytes are here.
    """
    own = judged(arrival)
    if own.stage in (Stage.RECEIVED, Stage.HELD) and not has_bytes:
        return Judged(Stage.MISSING, "bytes-not-here")
    if arrival.known_as.startswith(MERGE):
        return own
    if own.stage is Stage.ON_THE_WAY and arrival.known_as not in planned.keys() | holdings.keys():
        return Judged(Stage.MISSING, "no-delivery")
    if own.stage in (*STORED, *DELETED, *DIFFERENT) or (own.stage is Stage.ON_THE_WAY and arrival.known_as in holdings):
        holding = holdings.get(arrival.known_as)
        if holding is None:
            return Judged(Stage.MISSING, "no-delivery")
        return judged(msgspec.structs.replace(arrival, outcome=Outcome.DELIVERED, holding=holding))
    return own


class Count:
    """Adds up one day. Every content that is added is in one stage."""

    def __init__(self) -> None:
        self._contents: Counter[Stage] = Counter()
        self._bytes: Counter[Stage] = Counter()
        self._differences: list[Difference] = []

    def add(self, arrival: Arrival, found: Judged) -> None:
        """Add one content."""
        self._contents[found.stage] += 1
        self._bytes[found.stage] += arrival.size_bytes
        if found.what:
            self._differences.append(Difference(arrival.receipt_id, arrival.blob, found.what))

    def add_rejected(self, row: Rejected) -> None:
        """Add what was not understood."""
        self._contents[Stage.REJECTED] += 1
        self._bytes[Stage.REJECTED] += row.size_bytes

    def ledger(self, day: str, site: str, counted_at: float, received: int, *, sent_again: int, left: int) -> DayLedger:
        """Return the ledger. received: how many contents there are, counted by itself."""
        stages = {stage.value: Tally(count, self._bytes[stage]) for stage, count in sorted(self._contents.items())}
        return DayLedger(
            day=day,
            site=site,
            received=Tally(received, sum(self._bytes.values())),
            stages=stages,
            differences=tuple(self._differences[:MOST_NAMED]),
            sent_again=sent_again,
            not_collected=left,
            counted_at=counted_at,
        )


def is_due(old: DayLedger | None, today: str, now: float) -> bool:
    """Say whether a day is to be counted again: often while it is new, seldom once nothing waits."""
    if old is None or not 0 <= now - old.counted_at < _SETTLED_S:
        return True
    age = now - old.counted_at
    if old.day == today:
        return age >= _FRESH_S
    return age >= _OPEN_S and not old.is_settled
