"""Whether the document that several reports came in is still needed."""

from services.ingest.deps import IngestDeps
from services.ingest.receipts.records import ARRIVALS, Arrival, ArrivalState
from shared.documents import Eq, In


async def original_is_needed(deps: IngestDeps, arrival: Arrival) -> bool:
    """Say whether another report that came in the same document still waits or is in quarantine."""
    held = In("state", (ArrivalState.RECEIVED, ArrivalState.DEIDENTIFIED, ArrivalState.REFUSED))
    page = await deps.documents.find(ARRIVALS, Eq("original", arrival.original), held, limit=2)
    return any(each.blob != arrival.blob for each in page.documents)
