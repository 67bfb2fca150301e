"""What the gateway does at leisure: release the blobs of what was delivered, answer the centre's recalls."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, WITHDRAWN, Delivery, Lane
from services.linker.links.states import DeliveryKind, DeliveryState, RecallState
from shared import clock
from shared.documents import Eq, Order, Range
from shared.documents.optimistic import change
from shared.logs import decided

_PAGE = 100
_LONGEST_UID = 64  # PS3.5 9.1
_FINISHED = (DeliveryState.DONE, DeliveryState.FAILED)
_RELEASED = "released-at-gateway"
_ARRIVED = (DeliveryState.DONE, DeliveryState.RELEASED)


async def release_round(deps: GatewayDeps) -> int:
    """Delete the de-identified Instances of Studies that the centre has had for the retention time; return how many."""
    if not deps.settings.retention_h:
        return 0
    cutoff = await deps.retention_clock.now() - deps.settings.retention_h * 3600
    where = (Eq("kind", DeliveryKind.INSTANCES), Eq("state", DeliveryState.DONE), Range("done_at", high=cutoff))
    ripe = deps.documents.every(DELIVERIES, *where, order=(Order("done_at"),), page_size=_PAGE)
    studies = dict.fromkeys([delivery.study_instance_uid async for delivery in ripe])  # their names, not all they hold
    released = 0

    async def release(study: str) -> None:
        nonlocal released
        released += await _release(deps, study, cutoff)

    await deps.set_asides.of("release").each(studies, str, release, is_all=True)
    if released:
        decided("released", service="linker", count=released)
    return released


async def _release(deps: GatewayDeps, study: str, cutoff: float) -> int:
    batches = await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", study))
    if any(b.state not in _ARRIVED or b.done_at > cutoff for b in batches):
        return 0

    async def step(now: Delivery | None) -> Delivery | None:
        if now is None or now.state is not DeliveryState.DONE:
            return None
        return msgspec.structs.replace(now, state=DeliveryState.RELEASED)

    released = 0
    for batch in (b for b in batches if b.state is DeliveryState.DONE):
        for ref in batch.instances:
            released += await deps.blobs.delete(ref.blob)
        await change(deps.documents, DELIVERIES, batch.id, step)
    return released


async def recall_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Read the centre's recall list; deliver again what is still held, and say so of what is not. Rests after it."""

    async def answer(recall: dict[str, Any]) -> None:
        await _recall(deps, centre, recall)

    async def prove(study: str) -> None:
        await _prove(deps, centre, study)

    try:
        recalls = await centre.recalls(deps.site)
        await deps.set_asides.of("recall").each(recalls, _study_of, answer, is_all=True)
        await deps.set_asides.of("recall-proof").each(await centre.unproven(), str, prove, is_all=True)
    except CentreUnavailable as error:
        outage.seen(error.reason, error.retry_after_s)
    return 0


def _study_of(recall: dict[str, Any]) -> str:
    return str(recall.get("study_instance_uid", ""))[:_LONGEST_UID]


async def _recall(deps: GatewayDeps, centre: Centre, recall: dict[str, Any]) -> None:
    study, recall_id = str(recall.get("study_instance_uid", "")), str(recall.get("recall_id", ""))
    batches = await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", study))
    batches = [batch for batch in batches if batch.kind is DeliveryKind.INSTANCES]
    if not batches:
        if recall.get("site") == deps.site:
            await centre.answer_recall(study, recall_id, RecallState.UNAVAILABLE, deps.site, {})
        return
    batches, lost = _held_and_lost(batches)
    if not batches:
        await centre.answer_recall(study, recall_id, RecallState.UNAVAILABLE, deps.site, {_RELEASED: len(lost)})
    elif all(batch.state in _FINISHED and batch.recall_id == recall_id for batch in batches):
        missing = _missing(batches, lost)
        outcome = RecallState.PARTLY if missing else RecallState.REDELIVERED
        await centre.answer_recall(study, recall_id, outcome, deps.site, missing)
    else:
        for batch in batches:
            await _again(deps, batch, recall_id)


def _missing(batches: Sequence[Delivery], lost: set[str]) -> dict[str, int]:
    """Return why Instances did not come back, and how many: the centre's Failure Reason, or that they are let go here.

    0111 is what the centre answers where the bytes differ from those that it stored the first time.
    """
    reasons = {uid: reason for batch in batches for uid, reason in batch.failed.items() if reason != WITHDRAWN}
    stored = {uid for batch in batches for uid in batch.confirmed}
    counted = Counter(reason for uid, reason in reasons.items() if uid not in stored)
    return dict(counted) | ({_RELEASED: len(lost)} if lost else {})


async def _prove(deps: GatewayDeps, centre: Centre, study: str) -> None:
    """Say whether all of a Study that this gateway delivered could be delivered again; of another's say nothing."""
    batches = await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", study))
    batches = [batch for batch in batches if batch.kind is DeliveryKind.INSTANCES]
    if not batches:
        return
    held, lost = _held_and_lost(batches)
    refs = [ref for batch in held for ref in batch.instances]
    possible = not lost and all([await deps.blobs.size(ref.blob) is not None for ref in refs])
    await centre.prove(study, deps.site, possible=possible)


def _held_and_lost(batches: Sequence[Delivery]) -> tuple[list[Delivery], set[str]]:
    """Return the deliveries whose bytes are here, and the Instances of others that none of these has."""
    held = [batch for batch in batches if batch.state is not DeliveryState.RELEASED]
    released = [batch for batch in batches if batch.state is DeliveryState.RELEASED]
    here = {ref.sop_instance_uid for batch in held for ref in batch.instances}
    return held, {uid for batch in released for uid in batch.confirmed} - here


async def _again(deps: GatewayDeps, batch: Delivery, recall_id: str) -> None:
    async def step(now: Delivery | None) -> Delivery | None:
        if now is None or now.state not in _FINISHED or now.recall_id == recall_id:
            return None
        stored = tuple(now.confirmed)
        again = msgspec.structs.replace(
            now, recall_id=recall_id, recalled=stored, attempts=0, tries={}, lane=Lane.PRIORITY
        )
        return msgspec.structs.replace(again, state=DeliveryState.PENDING, due_at=clock.now()) if stored else again

    await change(deps.documents, DELIVERIES, batch.id, step)
    deps.wake_up.set()
