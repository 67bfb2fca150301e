"""What is let go when its retention is over, and what is not."""

from pathlib import Path

import orjson
import pytest

from services.ingest.deps import IngestDeps
from services.ingest.receipts import handlers
from services.ingest.receipts.outbox import release_some
from services.ingest.receipts.receiving import new_receipt, reject
from services.ingest.receipts.records import ARRIVALS, REJECTED
from services.ingest.receipts.rejected import drop_rejected
from services.ingest.settings import IngestSettings
from shared.documents import Eq
from shared.errors import Invalid, NotFound
from shared.events import InputDeidentified, InputRefused
from shared.service import Role
from tests.ingest.conftest import Doors, here

FUTURE = 9e12


async def test_the_original_of_a_report_in_quarantine_outlives_its_siblings(doors: Doors, tmp_path: Path) -> None:
    reports = [
        {"resourceType": "DiagnosticReport", "status": "final", "subject": {"display": name}, "conclusion": name}
        for name in ("x", "y")
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in reports]}
    kind = {"Content-Type": "application/fhir+json"}
    async with doors.client.post("/ingest/reports", data=orjson.dumps(bundle), headers=kind) as answer:
        receipt_id = (await answer.json())["id"]

    async def published() -> bool:
        return await doors.documents.count(ARRIVALS, Eq("published", "yes")) == 2

    await doors.until(published)
    blobs = doors.host.ports[Role.GATEWAY].blobs["identified"]
    deps = IngestDeps(IngestSettings(), doors.documents, blobs, doors.bus, "a", tmp_path, tmp_path, here)
    good, bad = (await doors.documents.find(ARRIVALS)).documents
    about = {"correlation_id": receipt_id, "site": "a", "receipt_id": receipt_id}
    await handlers.input_deidentified(InputDeidentified.first("1", **about, blobs=(good.blob,)), deps)
    await handlers.input_refused(InputRefused.first("2", **about, reasons={bad.blob: "free-text"}), deps)

    released = await release_some(deps, FUTURE)

    assert released == 1
    assert await blobs.get(bad.original)
    assert await blobs.get(bad.blob)
    with pytest.raises(NotFound):
        await blobs.get(good.blob)


async def test_rejected_bytes_have_a_retention_and_a_quota(doors: Doors, tmp_path: Path) -> None:
    deps = deps_of(doors, tmp_path, rejected_days=10.0, rejected_items=3, rejected_bytes=25)
    sizes = [10, 10, 10, 10, 1]
    for number, size in enumerate(sizes):
        receipt = new_receipt(deps, "stow", "instances")
        await reject(deps, receipt, bytes([number]) * size, Invalid("not-dicom", ""))
    rows = [row async for row in deps.documents.every(REJECTED)]

    by_quota = await drop_rejected(deps)
    newest = await kept_sizes(deps)
    by_age = await drop_rejected(deps, max(row.at for row in rows) + 11 * 86_400)

    assert (by_quota, newest) == (2, [1, 10, 10])
    assert (by_age, await kept_sizes(deps)) == (3, [])
    assert [key async for key in deps.blobs.keys("rejected/")] == []
    assert await deps.documents.count(REJECTED) == 5


async def test_bytes_that_were_rejected_twice_are_kept_while_one_of_them_is(doors: Doors, tmp_path: Path) -> None:
    deps = deps_of(doors, tmp_path, rejected_items=1)
    for _ in range(2):
        await reject(deps, new_receipt(deps, "stow", "instances"), b"the same", Invalid("not-dicom", ""))

    assert await drop_rejected(deps) == 1

    assert await kept_sizes(deps) == [8]


async def kept_sizes(deps: IngestDeps) -> list[int]:
    """Return the sizes of the bytes that are there, in the order of size."""
    kept = [row async for row in deps.documents.every(REJECTED, Eq("state", "kept"))]
    return sorted([len(await deps.blobs.get(row.blob)) for row in kept])


def deps_of(doors: Doors, folder: Path, **settings: float) -> IngestDeps:
    blobs = doors.host.ports[Role.GATEWAY].blobs["identified"]
    own = IngestSettings(**settings)  # type: ignore[arg-type]
    return IngestDeps(own, doors.documents, blobs, doors.bus, "a", folder, folder, here)
