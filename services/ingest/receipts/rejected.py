"""Lets go of the bytes of what was rejected: after its retention, and the oldest first where there are too many.

The row stays, with its reason, and so do the counts of its receipt.
"""

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.records import REJECTED, Rejected, RejectedState
from shared import clock
from shared.documents import Eq, Order
from shared.logs import decided

_DAY_S = 86_400.0


async def drop_rejected(deps: IngestDeps, now: float | None = None) -> int:
    """Drop what is too old or beyond the quota, and return how much; of the rest the newest are kept."""
    settings = deps.settings
    border = (clock.now() if now is None else now) - settings.rejected_days * _DAY_S
    items = size_bytes = dropped = 0
    newest = (Order("at", descending=True),)
    async for row in deps.documents.every(REJECTED, Eq("state", RejectedState.KEPT), order=newest):
        items, size_bytes = items + 1, size_bytes + row.size_bytes
        if row.at < border or items > settings.rejected_items or size_bytes > settings.rejected_bytes:
            await _drop(deps, row)
            dropped += 1
    if dropped:
        decided("rejected-dropped", service="ingest", count=dropped)
    return dropped


async def _drop(deps: IngestDeps, row: Rejected) -> None:
    """Delete the bytes, unless the same were rejected elsewhere too, and note it."""
    if await deps.documents.count(REJECTED, Eq("blob", row.blob), Eq("state", RejectedState.KEPT)) == 1:
        await deps.blobs.delete(row.blob)
    await deps.documents.put(REJECTED, msgspec.structs.replace(row, state=RejectedState.RELEASED))
