"""An SR document that comes as an Instance is also a report, if it is one by what it holds.

The Instance goes on as every other; the report has a receipt of its own. What cannot be read as a report is kept as
rejected, with the reason, beside the Instance.
"""

import asyncio
from collections.abc import Sequence

from services.ingest.deps import IngestDeps
from services.ingest.images.instance_uids import InstanceUids
from services.ingest.receipts.receiving import Bytes, Content, new_receipt, not_handled, receive, reject
from services.ingest.receipts.records import REPORT, SR_VERSIONS, SrVersion
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.sr.report import CLASSES, Document
from shared.errors import Invalid, Transient


async def take(deps: IngestDeps, instances: Sequence[tuple[InstanceUids, Bytes]], sender: str = "") -> None:
    """Keep the reports among Instances that were kept. Raises StorageFull or Unavailable, and nothing is promised."""
    for uids, data in instances:
        if uids.sop_class_uid in CLASSES:
            await _take(deps, data, sender)


async def _take(deps: IngestDeps, data: Bytes, sender: str) -> None:
    receipt = new_receipt(deps, "sr", REPORT, sender)
    try:
        if len(data) > deps.settings.max_report_bytes:
            raise Invalid("too-long", f"a report has at most {deps.settings.max_report_bytes} bytes")
        document = await asyncio.to_thread(Document, bytes(data))
        report_id = await _report_id(deps, document)
        bundle = await asyncio.to_thread(_bundle, document, report_id)
    except Invalid as error:
        await reject(deps, receipt, data, error)
        return
    except Transient:
        raise
    except Exception as error:
        await reject(deps, receipt, data, not_handled(error))
        return
    if bundle is not None:
        await receive(deps, receipt, [Content(bundle)])
        await deps.documents.put(SR_VERSIONS, SrVersion(document.sop_instance_uid, report_id))


def _bundle(document: Document, report_id: str) -> bytes | None:
    report = document.report(report_id)
    return None if report is None else bundle_of(report)


async def _report_id(deps: IngestDeps, document: Document) -> str:
    """Return the SOP Instance UID of the first version: an SR names its predecessors, but has no number they share."""
    known = await deps.documents.get_many(SR_VERSIONS, [document.sop_instance_uid, *document.predecessors])
    if document.sop_instance_uid in known:
        return known[document.sop_instance_uid].report_id
    firsts = [known[uid].report_id for uid in document.predecessors if uid in known]
    return next(iter([*firsts, *document.predecessors, document.sop_instance_uid]))
