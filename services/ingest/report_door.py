"""The report front door: FHIR R4 JSON by POST.

Answers 202 with the receipt when everything is safe; errors are OperationOutcome (FHIR R4) and what came is kept.
"""

import asyncio

import msgspec
import orjson
from aiohttp import web

from services.ingest.deps import IngestDeps
from services.ingest.fhir import canonical_bundles, outcome
from services.ingest.receiving import Content, new_receipt, receive, reject
from services.ingest.records import RECEIPTS, REPORT
from shared.dicom.multipart import content_type
from shared.errors import Invalid, Transient

FHIR = "application/fhir+json"
_TYPES = frozenset({FHIR, "application/json"})


class ReportDoor:
    """POST /ingest/reports."""

    def __init__(self, deps: IngestDeps) -> None:
        self._deps = deps

    def routes(self) -> list[web.RouteDef]:
        """Return the route, with its full path."""
        return [web.post("/ingest/reports", self.post)]

    async def post(self, request: web.Request) -> web.Response:
        """Keep a report, or a Bundle of reports."""
        if content_type(request.headers.get("Content-Type", ""))[0] not in _TYPES:
            return _outcome(415, "not-supported", f"send {FHIR} or application/json")
        data = await self._body(request)
        if data is None:
            most = self._deps.settings.max_report_bytes
            return _outcome(413, "too-long", f"a report has at most {most} bytes")
        receipt = new_receipt(self._deps, "fhir", REPORT)
        try:
            try:
                bundles = await asyncio.to_thread(canonical_bundles, data)
            except Invalid as error:
                if data:
                    await reject(self._deps, receipt, data, error)
                status = 400 if error.reason in ("not-json", "not-fhir") else 422
                return _outcome(status, "invalid", str(error), receipt.id)
            await receive(self._deps, receipt, [Content(bundle, data) for bundle in bundles])
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


def _outcome(status: int, code: str, diagnostics: str, receipt_id: str = "") -> web.Response:
    headers = {"X-Receipt": receipt_id} if receipt_id else {}
    return web.Response(status=status, body=outcome(code, diagnostics), content_type=FHIR, headers=headers)
