"""The merges worker's round: tell the centre what is due, and the receipts that it was told."""

from functools import partial

import msgspec

from services.linker.gateway.delivery.transport import Centre, CentreUnavailable
from services.linker.gateway.delivery.worker import Outage
from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.merges.records import MERGE_DELIVERIES, MergeDelivery, ToldState
from services.linker.links.merges import PATIENT_MERGES, MergeDecision, PatientMerge
from shared.documents import Eq
from shared.documents.optimistic import change
from shared.events import Delivered

_LIMIT = 200


async def merges_round(deps: GatewayDeps, centre: Centre, outage: Outage) -> int:
    """Tell the centre what is due; return how much that was. What fails by itself is set aside and tried again."""
    page = await deps.documents.find(MERGE_DELIVERIES, Eq("state", ToldState.DUE), limit=_LIMIT)
    told = 0

    async def tell(row: MergeDelivery) -> None:
        nonlocal told
        merges = await deps.documents.get_many(PATIENT_MERGES, list(row.merges))
        await centre.call("POST", "merges", (200,), body_of(deps.site, list(merges.values())))
        await deps.bus.publish(*(_delivered(deps, row, each) for each in row.receipts))
        await change(deps.documents, MERGE_DELIVERIES, row.id, partial(_told, row))
        told += 1

    try:
        if page.documents:
            await deps.set_asides.of("tell merges").each(page.documents, lambda row: row.id, tell, is_all=True)
    except CentreUnavailable as error:
        outage.seen(error.reason, error.retry_after_s)
    return told


def body_of(site: str, merges: list[PatientMerge]) -> dict[str, object]:
    """Return what is sent: pseudonyms and times. Who decided by hand, and in which words, stays at the gateway."""
    rows = [{"patients": each.patients, "decisions": [_said(own) for own in each.decisions]} for each in merges]
    return {"site": site, "merges": rows}


def _said(decision: MergeDecision) -> dict[str, str]:
    return {"action": decision.action, "surviving": decision.surviving, "at": decision.at}


def _delivered(deps: GatewayDeps, row: MergeDelivery, receipt_id: str) -> Delivered:
    return Delivered.first(
        f"{row.id}|{receipt_id}", correlation_id=receipt_id, site=deps.site, receipt_id=receipt_id, confirmed=(row.id,)
    )


async def _told(seen: MergeDelivery, now: MergeDelivery | None) -> MergeDelivery | None:
    if now is None or now.revision != seen.revision:
        return None
    return msgspec.structs.replace(now, state=ToldState.DONE, told=now.receipts)
