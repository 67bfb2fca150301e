"""What is let go when its retention is over, and what is not."""

from pathlib import Path

import orjson
import pytest

from services.ingest.deps import IngestDeps
from services.ingest.receipts import handlers
from services.ingest.receipts.outbox import release_some
from services.ingest.receipts.records import ARRIVALS
from services.ingest.settings import IngestSettings
from shared.documents import Eq
from shared.errors import NotFound
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
