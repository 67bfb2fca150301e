"""Keeps one Instance that came by C-STORE, whoever asked for it, and says what it is answered with (PS3.4 B.2.3)."""

from services.ingest.deps import IngestDeps
from services.ingest.images import structured_reports
from services.ingest.images.instance_uids import identify_all
from services.ingest.receipts.receiving import Bytes, Content, receive, reject
from services.ingest.receipts.records import Receipt
from shared.dicom.store_response import CANNOT_UNDERSTAND, DOES_NOT_MATCH
from shared.errors import Invalid

SUCCESS = 0x0000


async def keep_instance(deps: IngestDeps, receipt: Receipt, data: Bytes, sop_instance_uid: str = "") -> int:
    """Return the status; Success once the bytes are durable. Raises Transient.

    sop_instance_uid: that the Instance has to have; empty is any.
    """
    (uids,) = await identify_all([data], deps.cpu, with_facts=deps.has_rules)
    if isinstance(uids, Invalid):
        await reject(deps, receipt, data, uids)
        return CANNOT_UNDERSTAND
    if sop_instance_uid not in ("", uids.sop_instance_uid):
        await reject(deps, receipt, data, Invalid("uid-mismatch", "Affected SOP Instance UID (PS3.7 9.1.1.1)"))
        return DOES_NOT_MATCH
    await receive(deps, receipt, [Content(data, facts=uids.facts)])
    await structured_reports.take(deps, [(uids, data)], receipt.sender)
    return SUCCESS
