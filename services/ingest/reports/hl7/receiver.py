"""Takes one HL7 v2 message, whatever carried it: keeps it, then acknowledges it."""

from collections.abc import Sequence

import msgspec

from services.ingest.deps import IngestDeps
from services.ingest.receipts.receiving import Content, new_receipt, receive, reject
from services.ingest.receipts.records import REPORT
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.hl7.acknowledgement import ACCEPTED, REJECTED, answer, check, code_of
from services.ingest.reports.hl7.merges import MERGES, hl7_merges
from services.ingest.reports.hl7.message import Segment, segments_of
from services.ingest.reports.hl7.report import hl7_reports
from services.ingest.reports.merges import merge_document
from shared.errors import Invalid, Transient

TYPES = frozenset({"application/hl7-v2", "x-application/hl7-v2+er7", "application/hl7-v2+er7"})


class Taken(msgspec.Struct, frozen=True):
    """message: the ACK.  code: its MSA-1.  is_transient: the same message may be sent again."""

    message: bytes
    code: str
    receipt_id: str
    is_transient: bool = False

    @property
    def http_status(self) -> int:
        """Return the status of HTTP that says the same."""
        if self.is_transient:
            return 503
        return {ACCEPTED: 200, REJECTED: 415}.get(self.code, 422)


async def take(deps: IngestDeps, data: bytes, channel: str, sender: str = "") -> Taken:
    """Keep a message and return its acknowledgement: AA only when its reports, or merges, are durable."""
    receipt = new_receipt(deps, channel, REPORT, sender)
    head: Segment | None = None
    try:
        try:
            segments = await deps.read(data, segments_of, data)
            head = segments[0]
            check(segments)
            documents = await deps.read(data, _documents, segments, deps.settings.hl7_accession)
        except Invalid as error:
            if data:
                await reject(deps, receipt, data, error)
            return Taken(answer(head, error), code_of(error), receipt.id)
        is_merge = head.text(9) in MERGES
        await receive(deps, receipt, [Content(each, data, is_merge=is_merge) for each in documents])
    except Transient:
        return Taken(answer(head, is_transient=True), REJECTED, receipt.id, is_transient=True)
    return Taken(answer(head), ACCEPTED, receipt.id)


def _documents(segments: Sequence[Segment], accession: Sequence[str]) -> list[bytes]:
    if segments[0].text(9) in MERGES:
        return [merge_document(each) for each in hl7_merges(segments)]
    return [bundle_of(report) for report in hl7_reports(segments, accession)]
