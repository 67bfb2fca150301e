"""What the gateway does at leisure: release the blobs of what was delivered."""

import msgspec

from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.records import DELIVERIES, Delivery
from services.linker.links.states import DeliveryKind, DeliveryState
from shared.documents import Eq, Order, Range
from shared.documents.optimistic import change
from shared.logs import decided

_PAGE = 100
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
