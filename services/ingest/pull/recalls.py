"""Asks the hospital's PACS for a Study that the centre wants back: a pull of one Study, of which the linker is told.

What comes goes the way of everything that is received. It goes before other pulls, and keeps the hours and the pace of
its source; a source that stays away ends it.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.pull.begin import NOT_FOUND, let_go
from services.ingest.pull.sources import Sources, recall_source
from services.ingest.pull_records import PULLED, PULLS, TELLING, Pull, PulledStudy, PullState, StudyState
from services.ingest.receipts.records import ARRIVALS, RECEIPTS, RESENDS, ArrivalState
from services.ingest.reloaded import Reloaded
from shared import clock
from shared.documents import Eq, optimistic
from shared.events import Event, Purpose, StudyFetched, StudyWanted

NO_SOURCE: Final = "no-pacs"
NOT_THERE: Final = "not-in-pacs"
AWAY: Final = "pacs-away"
WAITING: Final = "waiting-for-pacs"
OUTSIDE_HOURS: Final = "outside-hours"
FOUND, ARRIVED, THROUGH, SENT = "found", "arrived", "through", "sent"
_HOUR_S: Final = 3600.0
_AT_WORK: Final = ("", "pace")


class Progress(NamedTuple):
    """What the linker is told. outcome: a word.  instances: of the Study, as far as known.

    found: the source has it.  arrived: it came, and is being de-identified.  through: all that came was.  sent: by
    C-MOVE, whose contents have receipts of their own: what became of them is not followed here.
    """

    outcome: str
    is_end: bool = False
    instances: int = 0
    refused: Mapping[str, int] = {}


class Contents(NamedTuple):
    """What became of what came by one receipt. waiting: contents that are not de-identified yet."""

    waiting: int = 0
    refused: Mapping[str, int] = {}


async def begin_recall(event: StudyWanted, deps: IngestDeps, sources: Reloaded[Sources]) -> Sequence[Event]:
    """Begin the pull of a recall, once, in whichever process; without a source say so."""
    pull_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"recall|{event.recall_id}"))
    source = recall_source(sources.value)
    pull = Pull(
        id=pull_id,
        source=source,
        blob=event.blob,
        priority=True,
        recall_id=event.recall_id,
        purpose=event.purpose,
        telling=TELLING,
        at=clock.now(),
    )

    async def step(old: Pull | None) -> Pull | None:
        return pull if old is None else None

    if source or await deps.documents.get(PULLS, pull_id) is not None:
        await optimistic.change(deps.documents, PULLS, pull_id, step)
        return []
    await deps.blobs.delete(event.blob)
    return [StudyFetched.caused_by(event, recall_id=event.recall_id, outcome=NO_SOURCE, is_end=True)]


def order_of(pull: Pull) -> tuple[bool, float]:
    """Return what pulls are carried out by: a Study that somebody waits for goes first. Pure."""
    return not (pull.recall_id and pull.purpose is Purpose.DELIVER), pull.at


def has_waited_long(pull: Pull, now: float, most_h: float) -> bool:
    """Say whether a recall has waited for its source for as long as it may. now: seconds since 1970. Pure."""
    return bool(pull.recall_id) and now - pull.at >= most_h * _HOUR_S


async def tell_all(deps: IngestDeps) -> None:
    """Tell the linker of every recall how far it is, where that is something else than it was told last."""
    pulls = await deps.documents.find_all(PULLS, Eq("telling", TELLING))
    await deps.set_asides.of("recall-told").each(pulls, lambda pull: pull.id, partial(_tell, deps), is_all=True)


async def _tell(deps: IngestDeps, pull: Pull) -> None:
    rows = await deps.documents.find_all(PULLED, Eq("pull_id", pull.id))
    contents = await _contents(deps, next((row.receipt_id for row in rows if row.receipt_id), ""))
    progress = progress_of(pull, rows, contents)
    told = "|".join((progress.outcome, str(progress.instances), *map(str, sorted(progress.refused.items()))))
    if not progress.outcome or told == pull.told:
        return
    event = StudyFetched.first(
        f"{pull.id}|{told}",
        correlation_id=pull.recall_id,
        site=deps.site,
        recall_id=pull.recall_id,
        outcome=progress.outcome,
        is_end=progress.is_end,
        instances=progress.instances,
        refused=dict(progress.refused),
    )
    await deps.bus.publish(event)

    async def noted(old: Pull | None) -> Pull | None:
        if old is None or not progress.is_end:
            return old and msgspec.structs.replace(old, told=told)
        return msgspec.structs.replace(old, told=told, telling="", blob="")

    await optimistic.change(deps.documents, PULLS, pull.id, noted)
    if progress.is_end:
        await let_go(deps.documents, deps.blobs, pull)


async def _contents(deps: IngestDeps, receipt_id: str) -> Contents:
    """Return what became of what came by a receipt, new or sent again."""
    if not receipt_id:
        return Contents()
    own, count, every = Eq("receipt_id", receipt_id), deps.documents.count, deps.documents.every
    received, refused = Eq("state", ArrivalState.RECEIVED), Eq("state", ArrivalState.REFUSED)
    waiting = await count(ARRIVALS, own, received) + await count(RESENDS, own, received)
    reasons = Counter([each.reason async for each in every(ARRIVALS, own, refused)])
    reasons.update([each.reason async for each in every(RESENDS, own, refused)])
    receipt = await deps.documents.get(RECEIPTS, receipt_id)
    left = sum(receipt.not_collected.values()) if receipt else 0
    return Contents(waiting, dict(reasons) | ({"not-collected": left} if left else {}))


def progress_of(pull: Pull, rows: Sequence[PulledStudy], contents: Contents) -> Progress:
    """Return how far a recall is; an empty outcome while there is nothing to say. Pure."""
    if pull.state in (PullState.FINDING, PullState.PULLING):
        waits = pull.reason not in (*_AT_WORK, OUTSIDE_HOURS)
        return Progress(WAITING if waits else OUTSIDE_HOURS if pull.reason == OUTSIDE_HOURS else "")
    if pull.state is not PullState.DONE:
        return Progress(pull.reason or pull.state.value, is_end=True)
    if not rows or any(row.reason == NOT_FOUND for row in rows):
        return Progress(NOT_THERE, is_end=True)
    if pull.purpose is Purpose.PROVE:
        return Progress(FOUND, is_end=True, instances=sum(row.expected for row in rows))
    arrived = sum(row.arrived for row in rows)
    if not arrived:
        return Progress(next((row.reason for row in rows if row.reason), "nothing-came"), is_end=True)
    if not any(row.receipt_id for row in rows):
        return Progress(SENT, is_end=True, instances=arrived)
    if contents.waiting:
        return Progress(ARRIVED, instances=arrived)
    return Progress(THROUGH, is_end=True, instances=arrived, refused=contents.refused)


def is_only_looked_for(pull: Pull) -> bool:
    """Say whether a pull ends when its source has answered which Studies it has. Pure."""
    return bool(pull.recall_id) and pull.purpose is Purpose.PROVE


def looked_for(row: PulledStudy) -> PulledStudy:
    """Return the row of a Study that was only looked for; one that is not there stays failed. Pure."""
    return row if row.state is StudyState.FAILED else msgspec.structs.replace(row, state=StudyState.SEEN)
