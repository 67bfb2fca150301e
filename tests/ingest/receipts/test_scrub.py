"""The scrub of the identified store finds what is damaged and what no row names, and changes nothing."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.ingest.deps import IngestDeps
from services.ingest.receipts.receiving import Content, new_receipt, receive, reject
from services.ingest.receipts.records import ARRIVALS, COLLECTIONS, Scrubbed
from services.ingest.receipts.routes import status
from services.ingest.receipts.scrub import scrub
from services.ingest.settings import IngestSettings
from shared.blobs.local import open_local
from shared.bus.journal import open_journal
from shared.documents.sqlite import open_sqlite
from shared.errors import Invalid, Unavailable
from shared.lease import LEASES, Lease, Leases
from shared.metrics import REGISTRY
from shared.set_aside import SET_ASIDE
from tests.breaking import breaking
from tests.ingest.conftest import here


@pytest.fixture
async def deps(tmp_path: Path) -> AsyncIterator[IngestDeps]:
    async with (
        open_local(tmp_path / "blobs") as blobs,
        open_journal(tmp_path / "bus.sqlite") as bus,
        open_sqlite(tmp_path / "documents.sqlite") as documents,
    ):
        await documents.declare(LEASES, SET_ASIDE, *COLLECTIONS)
        yield IngestDeps(IngestSettings(), documents, blobs, bus, "a", tmp_path, tmp_path, here)


@pytest.fixture
async def lease(deps: IngestDeps) -> AsyncIterator[Lease]:
    async with Leases(deps.documents, "test", 60.0).held("ingest-scrub") as held:
        yield held


async def kept(deps: IngestDeps) -> tuple[str, str]:
    """Keep two contents, the second with its original, and one that is rejected; return the keys of the contents."""
    receipt = new_receipt(deps, "fhir", "report")
    await receive(deps, receipt, [Content(b"one"), Content(b"two", b"original")])
    await reject(deps, receipt, b"bad", Invalid("not-dicom"))
    return hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"two").hexdigest()


def counted() -> float:
    return REGISTRY.get_sample_value("jmid_damaged_total", {"service": "ingest"}) or 0.0


def found(scrubbed: Scrubbed) -> tuple[int, int, int, int]:
    return scrubbed.compared, scrubbed.damaged, scrubbed.unread, scrubbed.nameless


async def test_all_that_is_right_and_named_is_compared_and_no_more(deps: IngestDeps, lease: Lease) -> None:
    await kept(deps)

    assert found(await scrub(deps, lease, 0.0)) == (4, 0, 0, 0)


async def test_damaged_bytes_and_those_without_a_row_are_counted_and_kept(deps: IngestDeps, lease: Lease) -> None:
    first, second = await kept(deps)
    await deps.blobs.put(first, b"changed")
    await deps.documents.delete(ARRIVALS, second)
    await deps.blobs.put("rejected/" + "0" * 64, b"left behind, and not what its key says")
    before, keys = counted(), {key async for key in deps.blobs.keys("")}

    scrubbed = await scrub(deps, lease, 0.0)

    figures = await status(deps)
    assert found(scrubbed) == (5, 2, 0, 3)  # without a row: the second, its original, and what is in rejected/
    assert counted() == before + 2
    assert (figures["damaged"], figures["bytes without a record"]) == (2, 3)
    assert {key async for key in deps.blobs.keys("")} == keys


async def test_a_blob_that_cannot_be_read_stops_no_other(deps: IngestDeps, lease: Lease) -> None:
    first, _ = await kept(deps)
    blobs = breaking(deps.blobs, "stream", lambda key, *_: key == first, Unavailable("for this one"))

    assert found(await scrub(replace(deps, blobs=blobs), lease, 0.0)) == (3, 0, 1, 0)


async def test_a_store_that_is_away_ends_it_without_a_result(deps: IngestDeps, lease: Lease) -> None:
    receipt = new_receipt(deps, "stow", "instances")
    await receive(deps, receipt, [Content(f"content {number}".encode()) for number in range(10)])
    blobs = breaking(deps.blobs, "stream", lambda *_: True, Unavailable("away"))

    with pytest.raises(Unavailable):
        await scrub(replace(deps, blobs=blobs), lease, 0.0)

    assert (await status(deps))["damaged"] == 0
