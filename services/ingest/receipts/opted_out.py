"""Lets go of what came of a patient who opted out: identified bytes at once, by whatever receipt they came.

The receipt says how many contents that was, with the reason, and nothing of whom.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.counting import note_changed
from services.ingest.receipts.ledger import change_arrival
from services.ingest.receipts.originals import original_is_needed
from services.ingest.receipts.records import ARRIVALS, RECEIPTS, Arrival, ArrivalState
from shared.logs import decided

OPTED_OUT: Final = "opted-out"


async def let_go(deps: IngestDeps, blobs: Sequence[str]) -> None:
    """Delete the bytes of these contents, and mark the contents as refused."""
    arrivals = await deps.documents.get_many(ARRIVALS, list(blobs)) if blobs else {}
    for blob in blobs:
        await deps.blobs.delete(blob)
    for each in arrivals.values():
        if each.original and each.original != each.blob and not await original_is_needed(deps, each):
            await deps.blobs.delete(each.original)
        await change_arrival(deps, each.blob, _refused)
    changed = Counter(each.receipt_id for each in arrivals.values())
    for receipt in (await deps.documents.get_many(RECEIPTS, sorted(changed))).values():
        await note_changed(deps, receipt, changed[receipt.id])
    if blobs:
        decided("opted-out", level="warning", service="ingest", count=len(blobs))


def _refused(old: Arrival) -> Arrival:
    return msgspec.structs.replace(old, state=ArrivalState.REFUSED, reason=OPTED_OUT)
