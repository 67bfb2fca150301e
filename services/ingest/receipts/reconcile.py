"""Compare the ledger of arrivals with the identified bytes, and send again from them what is nowhere else.

Runs beside the services: what is to go again is a row of ``resends``, as if a hospital had sent it again.
"""

from collections.abc import Iterable, Sequence

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.ledger import add_arrivals
from services.ingest.receipts.receiving import new_receipt
from services.ingest.receipts.records import ARRIVALS, INSTANCES, RESENDS, Arrival, ArrivalState, Outcome, Receipt
from shared.documents import In
from shared.logs import decided
from shared.supervision import origin

_PAGE = 200
_ENDPOINT = "reconcile"
_KEPT = (ArrivalState.RECEIVED, ArrivalState.DEIDENTIFIED, ArrivalState.REFUSED)


class Identified(msgspec.Struct):
    """without_bytes: contents that are not released, and whose bytes are not here.  unread: that it cannot be told of.

    again: of those that the gateway lost de-identified, what goes again from its identified bytes.  lost: the others,
    as the SOP Instance UIDs that they are known as.
    """

    without_bytes: int = 0
    unread: int = 0
    again: int = 0
    lost: set[str] = set()


async def _count(deps: IngestDeps, result: Identified) -> None:
    """Count the contents that should have identified bytes and have not."""
    async for arrival in deps.documents.every(ARRIVALS, In("state", _KEPT)):
        is_here = await _is_here(deps, arrival)
        result.without_bytes += is_here is False
        result.unread += is_here is None


async def _is_here(deps: IngestDeps, arrival: Arrival) -> bool | None:
    """Say whether the bytes of a content are here; None if the store errors on it."""
    try:
        return await deps.blobs.size(arrival.blob) is not None
    except Exception as error:
        decided("not-compared", level="error", service="ingest", error=type(error).__name__, origin=origin(error))
        return None


async def send_again(deps: IngestDeps, names: Iterable[str], *, dry_run: bool) -> Identified:
    """Have go again what became these SOP Instance UIDs, where its identified bytes are still kept."""
    wanted = sorted(names)
    result = Identified(lost=set(wanted))
    await _count(deps, result)
    await _again(deps, result, wanted, new_receipt(deps, _ENDPOINT, INSTANCES), dry_run=dry_run)
    return result


async def send_missing_again(deps: IngestDeps, names: Iterable[str]) -> Identified:
    """Have go again, before the bulk, what became these SOP Instance UIDs; what is on its way is not begun anew."""
    wanted = sorted(names)
    result = Identified(lost=set(wanted))
    await _again(deps, result, wanted, new_receipt(deps, _ENDPOINT, INSTANCES, priority=True), dry_run=False)
    return result


async def _again(
    deps: IngestDeps, result: Identified, wanted: Sequence[str], receipt: Receipt, *, dry_run: bool
) -> None:
    for start in range(0, len(wanted), _PAGE):
        here = await _here(deps, wanted[start : start + _PAGE])
        result.lost -= {each.known_as for each in here}
        result.again += len({each.known_as for each in here})
        fresh = await _not_under_way(deps, here) if here and not dry_run else []
        if fresh:
            await add_arrivals(deps, receipt, fresh)


async def _not_under_way(deps: IngestDeps, arrivals: list[Arrival]) -> list[Arrival]:
    """Return those that no earlier run has go again and that are not answered about yet."""
    rows = deps.documents.every(RESENDS, In("blob", tuple(each.blob for each in arrivals)))
    begun = {
        row.blob
        async for row in rows
        if row.endpoint == _ENDPOINT and row.outcome is Outcome.OPEN and row.state is not ArrivalState.REFUSED
    }
    return [each for each in arrivals if each.blob not in begun]


async def _here(deps: IngestDeps, names: Sequence[str]) -> list[Arrival]:
    known = deps.documents.every(ARRIVALS, In("known_as", tuple(names)))
    return [each async for each in known if await _is_here(deps, each)]
