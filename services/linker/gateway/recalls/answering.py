"""Reads the centre's recall list: delivers again what is held here, has the PACS asked for the rest, says what became.

A recall is open until its answer is taken; every step may be done again.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.recalls import compared, fetching
from services.linker.gateway.recalls.centre import RecallResult, recalls_of, tell_answer, tell_progress, unproven
from services.linker.gateway.recalls.proofs import OPTED_OUT, prove
from services.linker.gateway.recalls.records import FETCHES, Fetch
from services.linker.gateway.records import DELIVERIES, Delivery, Lane
from services.linker.links.states import DeliveryState, RecallState
from shared import clock
from shared.documents import Eq
from shared.documents.optimistic import change
from shared.logs import decided
from shared.metrics import RECALLS

_LONGEST_UID: Final = 64  # PS3.5 9.1
_NEVER: Final = float("inf")


async def recall_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Answer what the centre's recall list asks for, and whether Studies could be recalled. Rests after it."""
    await fetching.ask_repairs(deps)
    try:
        recalls = await recalls_of(centre, deps.site)
        answer = partial(_recall, deps, centre)
        await deps.set_asides.of("recall").each(recalls, _study_of, answer, is_all=True)
        studies = await unproven(centre)
        await deps.set_asides.of("recall-proof").each(studies, str, partial(prove, deps, centre), is_all=True)
    except CentreUnavailable as error:
        outage.seen(error.reason, error.retry_after_s)
    return 0


def _study_of(recall: dict[str, Any]) -> str:
    return str(recall.get("study_instance_uid", ""))[:_LONGEST_UID]


async def _recall(deps: GatewayDeps, centre: Centre, recall: dict[str, Any]) -> None:
    study, recall_id = str(recall.get("study_instance_uid", "")), str(recall.get("recall_id", ""))
    batches = compared.of_images(await deps.documents.find_all(DELIVERIES, Eq("study_instance_uid", study)))
    if await fetching.is_of_opted_out(deps, study):
        await _say(deps, centre, study, RecallResult(recall_id, RecallState.UNAVAILABLE, {OPTED_OUT: 1}))
        return
    if not batches and recall.get("site") != deps.site:
        return  # another gateway's
    held, lost = compared.held_and_lost(batches)
    fetch = await deps.documents.get(FETCHES, recall_id)
    if (fetch is None and (lost or not batches)) or (fetch is not None and not fetch.is_asked):
        fetch = await fetching.asked(deps, study, recall_id, str(recall.get("requested_by", "")))
    since = fetch.asked_at if fetch else _NEVER
    for batch in held:
        if batch.arrived_at < since:
            await _again(deps, batch, recall_id)
    awaited = max(len(lost), not batches)
    if fetch is not None and compared.is_open(
        fetch, awaited, _newest(held), clock.now(), deps.settings.recall_settle_s
    ):
        await _tell_progress(deps, centre, fetch)
    elif all(_is_finished(batch, recall_id, since) for batch in held):
        await _say(deps, centre, study, _result(recall_id, batches, fetch))


def _newest(held: Sequence[Delivery]) -> float:
    return max((batch.arrived_at for batch in held), default=0.0)


def _is_finished(batch: Delivery, recall_id: str, since: float) -> bool:
    is_own = batch.recall_id == recall_id or batch.arrived_at >= since
    return is_own and batch.state in compared.FINISHED


def _result(recall_id: str, batches: Sequence[Delivery], fetch: Fetch | None) -> RecallResult:
    """Return what became of a recall. Pure."""
    held, lost = compared.held_and_lost(batches)
    missing = compared.missing(held, max(len(lost), not batches), fetch)
    comparison = compared.compare(batches, fetch.asked_at if fetch else _NEVER)
    is_any = any(batch.confirmed for batch in held)
    state = RecallState.REDELIVERED if not missing else RecallState.PARTLY if is_any else RecallState.UNAVAILABLE
    source = "" if not is_any else "pacs" if fetch else "gateway"
    counts = {word: count for word, count in comparison.counts.items() if count}
    return RecallResult(recall_id, state, missing, counts, comparison.why, source)


async def _say(deps: GatewayDeps, centre: Centre, study: str, answer: RecallResult) -> None:
    await tell_answer(centre, study, deps.site, answer)
    fetch = await deps.documents.get(FETCHES, answer.recall_id)
    if fetch is not None:
        await fetching.ended(deps, fetch)
    RECALLS.labels(answer.outcome.value).inc()
    decided("recall-answered", service="linker", correlation_id=answer.recall_id, reason=answer.outcome.value)


async def _tell_progress(deps: GatewayDeps, centre: Centre, fetch: Fetch) -> None:
    """Tell the centre how far the PACS is, once for each step."""
    step = fetch.outcome or "asked-pacs"
    if fetch.told == step:
        return
    await tell_progress(centre, fetch.study_instance_uid, deps.site, fetch.id, step)

    async def noted(old: Fetch | None) -> Fetch | None:
        return old and msgspec.structs.replace(old, told=step)

    await change(deps.documents, FETCHES, fetch.id, noted)


async def _again(deps: GatewayDeps, batch: Delivery, recall_id: str) -> None:
    async def step(now: Delivery | None) -> Delivery | None:
        if now is None or now.state not in compared.FINISHED or now.recall_id == recall_id:
            return None
        stored = tuple(now.confirmed)
        again = msgspec.structs.replace(
            now, recall_id=recall_id, recalled=stored, attempts=0, tries={}, lane=Lane.PRIORITY
        )
        return msgspec.structs.replace(again, state=DeliveryState.PENDING, due_at=clock.now()) if stored else again

    await change(deps.documents, DELIVERIES, batch.id, step)
    deps.wake_up.set()
