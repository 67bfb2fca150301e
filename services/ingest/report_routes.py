"""The report receiver: FHIR R4 JSON and XML, CDA R2 and HL7 v2 by POST.

FHIR and CDA are answered with 202 and the receipt when everything is safe; errors are OperationOutcome (FHIR R4) and
what came is kept. HL7 v2 is answered with its own acknowledgement.
"""

from collections.abc import Callable

import msgspec
import orjson
from aiohttp import web

from services.ingest.deps import IngestDeps
from services.ingest.receipts.receiving import Content, new_receipt, receive, reject
from services.ingest.receipts.records import RECEIPTS, REPORT
from services.ingest.reports.bundle import bundle_of
from services.ingest.reports.cda.document import cda_report
from services.ingest.reports.fhir.document import fhir_bundles, fhir_xml_bundles
from services.ingest.reports.hl7 import receiver
from services.ingest.reports.merges import is_merge
from shared.dicom.multipart import content_type
from shared.errors import Invalid, Transient
from shared.fhir.values import operation_outcome
from shared.web.errors import RETRY_AFTER_S

FHIR = "application/fhir+json"
FHIR_XML = "application/fhir+xml"
CDA = "application/cda+xml"
_FHIR_TYPES = frozenset({FHIR, "application/json"})
_CDA_TYPES = frozenset({CDA, "application/hl7-cda+xml", "application/hl7-sda+xml", "text/xml", "application/xml"})
_XML_TYPES = frozenset({"text/xml", "application/xml"})
_FHIR_ROOT, _HEAD = b"http://hl7.org/fhir", 1024
"""What tells FHIR from CDA where the type says only that it is XML."""
_TAKEN = f"send {FHIR}, {FHIR_XML}, {CDA} or application/hl7-v2"
_NOT_THE_FORM = frozenset({"not-json", "not-fhir", "not-xml", "not-cda"})


class ReportReceiver:
    """POST /ingest/reports."""

    def __init__(self, deps: IngestDeps) -> None:
        self._deps = deps

    def routes(self) -> list[web.RouteDef]:
        """Return the route, with its full path."""
        return [web.post("/ingest/reports", self.post)]

    async def post(self, request: web.Request) -> web.Response:
        """Keep a report, or a Bundle or message of reports."""
        kind = content_type(request.headers.get("Content-Type", ""))[0]
        if kind not in {FHIR_XML, *_FHIR_TYPES, *_CDA_TYPES, *receiver.TYPES}:
            return _outcome(415, "not-supported", _TAKEN)
        data = await self._body(request)
        if data is None:
            most = self._deps.settings.max_report_bytes
            return _outcome(413, "too-long", f"a report has at most {most} bytes")
        if kind in receiver.TYPES:
            return _acknowledged(await receiver.take(self._deps, data, "hl7"))
        if kind == FHIR_XML or (kind in _XML_TYPES and _FHIR_ROOT in data[:_HEAD]):
            return await self._keep(data, "fhir", fhir_xml_bundles)
        if kind in _CDA_TYPES:
            return await self._keep(data, "cda", _cda_bundles)
        return await self._keep(data, "fhir", fhir_bundles)

    async def _keep(self, data: bytes, channel: str, read: Callable[[bytes], list[bytes]]) -> web.Response:
        """Keep the reports of a document, as its reader gives them."""
        receipt = new_receipt(self._deps, channel, REPORT)
        try:
            try:
                bundles = await self._deps.read(data, read, data)
            except Invalid as error:
                if data:
                    await reject(self._deps, receipt, data, error)
                status = 400 if error.reason in _NOT_THE_FORM else 422
                return _outcome(status, "invalid", str(error), receipt.id)
            await receive(self._deps, receipt, [Content(each, data, is_merge=is_merge(each)) for each in bundles])
        except Transient:
            return _outcome(503, "transient", "it could not be kept now; send it again")
        kept = await self._deps.documents.get(RECEIPTS, receipt.id)
        return web.Response(
            status=202,
            body=orjson.dumps(msgspec.to_builtins(kept)),
            content_type="application/json",
            headers={"Location": f"/ingest/receipts/{receipt.id}", "X-Receipt": receipt.id},
        )

    async def _body(self, request: web.Request) -> bytes | None:
        """Return the body; None if it is too large."""
        gathered = bytearray()
        async for chunk in request.content.iter_any():
            gathered += chunk
            if len(gathered) > self._deps.settings.max_report_bytes:
                return None
        return bytes(gathered)


def _cda_bundles(data: bytes) -> list[bytes]:
    return [bundle_of(cda_report(data))]


def _outcome(status: int, code: str, diagnostics: str, receipt_id: str = "") -> web.Response:
    headers = {**({"X-Receipt": receipt_id} if receipt_id else {}), **_wait(status)}
    return web.Response(
        status=status, body=orjson.dumps(operation_outcome(code, diagnostics)), content_type=FHIR, headers=headers
    )


def _wait(status: int) -> dict[str, str]:
    """Return how long to wait before what cannot be kept now is sent again (RFC 9110 10.2.3)."""
    return {"Retry-After": RETRY_AFTER_S} if status == 503 else {}


def _acknowledged(taken: receiver.Taken) -> web.Response:
    headers = {"X-Receipt": taken.receipt_id, **_wait(taken.http_status)}
    return web.Response(
        status=taken.http_status,
        body=taken.message,
        content_type="application/hl7-v2",
        charset="utf-8",
        headers=headers,
    )
