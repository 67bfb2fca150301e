"""A receipt or a content that ingest's outbox cannot deal with: the others are published and released."""

from dataclasses import replace

import msgspec
import pytest

from services.ingest.receipts import outbox
from services.ingest.receipts.ledger import change_arrival
from services.ingest.receipts.receiving import Content, new_receipt, receive
from services.ingest.receipts.records import ARRIVALS, NOT_PUBLISHED, RECEIPTS, Arrival, ArrivalState
from shared.documents import Eq
from shared.errors import Conflict, Unavailable
from shared.set_aside import SET_ASIDE
from tests.breaking import breaking
from tests.ingest.receipts.test_outbox import Process, processes  # noqa: F401 - a fixture

FUTURE = 9e12


async def three_receipts(process: Process) -> list[str]:
    """Receive three contents under a receipt each; return the ids of the receipts."""
    receipts = []
    for number in range(3):
        receipt = new_receipt(process.deps, "stow", "instances")
        await receive(process.deps, receipt, [Content(f"content {number}".encode())])
        receipts.append(receipt.id)
    return receipts


async def set_aside(process: Process) -> list[tuple[str, str]]:
    return [(item.work, item.key) for item in (await process.deps.documents.find(SET_ASIDE)).documents]


@pytest.mark.parametrize(
    ("error", "page"),
    [(ValueError(), 1000), (ValueError(), 1), (Conflict("kept changing"), 1000), (Unavailable("for this one"), 1000)],
)
async def test_a_receipt_that_cannot_be_repaired_keeps_no_other_from_being_published(
    processes: list[Process],  # noqa: F811
    error: Exception,
    page: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "PAGE", page)
    process = processes[0]
    receipts = await three_receipts(process)
    broken = breaking(
        process.deps.documents, "get_many", lambda kind, keys: kind is RECEIPTS and receipts[1] in keys, error
    )
    deps = replace(process.deps, documents=broken)

    async with process.leases.held("ingest-outbox") as lease:
        published = [await outbox.publish_some(deps, lease) for _ in range(2)]

        left = (await deps.documents.find(ARRIVALS, Eq("published", NOT_PUBLISHED))).documents
        assert sum(published) == 2
        assert [each.receipt_id for each in left] == [receipts[1]]
        assert await set_aside(process) == [("publish arrivals", receipts[1])]
        assert await outbox.publish_some(process.deps, lease) == 1
    assert await set_aside(process) == []


async def test_a_content_that_cannot_be_deleted_keeps_no_other_from_being_released(
    processes: list[Process],  # noqa: F811
) -> None:
    process = processes[0]
    await three_receipts(process)
    arrivals = (await process.deps.documents.find(ARRIVALS)).documents
    for each in arrivals:
        await change_arrival(process.deps, each.blob, _deidentified)
    bad = arrivals[1].blob
    deps = replace(process.deps, blobs=breaking(process.deps.blobs, "delete", lambda key: key == bad, ValueError()))

    assert await outbox.release_some(deps, FUTURE) == 2
    assert await outbox.release_some(deps, FUTURE) == 0  # and the loop comes to an end

    assert await process.deps.documents.count(ARRIVALS, Eq("state", ArrivalState.RELEASED)) == 2
    assert await set_aside(process) == [("release", bad)]


def _deidentified(arrival: Arrival) -> Arrival:
    return msgspec.structs.replace(arrival, state=ArrivalState.DEIDENTIFIED)
