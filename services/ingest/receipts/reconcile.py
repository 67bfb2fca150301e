"""Compare the ledger of arrivals with the identified bytes, and send again from them what is nowhere else.

Runs beside the services: what is to go again is a row of ``resends``, as if a hospital had sent it again.
"""

from collections.abc import Iterable, Sequence

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.ledger import add_arrivals
from services.ingest.receipts.receiving import new_receipt
from services.ingest.receipts.records import ARRIVALS, INSTANCES, Arrival, ArrivalState
from shared.documents import In

_PAGE = 200
_KEPT = (ArrivalState.RECEIVED, ArrivalState.DEIDENTIFIED, ArrivalState.REFUSED)


class Identified(msgspec.Struct):
    """without_bytes: contents that are not released, and whose bytes are not here.

    again: of those that the gateway lost de-identified, what goes again from its identified bytes.  lost: the others,
    as the SOP Instance UIDs that they are known as.
    """

    without_bytes: int = 0
    again: int = 0
    lost: set[str] = set()


async def count_without_bytes(deps: IngestDeps) -> int:
    """Return how many contents should have identified bytes and have not."""
    found = 0
    async for arrival in deps.documents.every(ARRIVALS, In("state", _KEPT)):
        found += await deps.blobs.size(arrival.blob) is None
    return found


async def send_again(deps: IngestDeps, names: Iterable[str], *, dry_run: bool) -> Identified:
    """Have go again what became these SOP Instance UIDs, where its identified bytes are still kept."""
    wanted = sorted(names)
    result = Identified(without_bytes=await count_without_bytes(deps), lost=set(wanted))
    receipt = new_receipt(deps, "reconcile", INSTANCES)
    for start in range(0, len(wanted), _PAGE):
        here = await _here(deps, wanted[start : start + _PAGE])
        result.lost -= {each.known_as for each in here}
        result.again += len({each.known_as for each in here})
        if here and not dry_run:
            await add_arrivals(deps, receipt, here)
    return result


async def _here(deps: IngestDeps, names: Sequence[str]) -> list[Arrival]:
    known = deps.documents.every(ARRIVALS, In("known_as", tuple(names)))
    return [each async for each in known if await deps.blobs.size(each.blob) is not None]
