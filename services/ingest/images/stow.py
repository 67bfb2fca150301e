"""The STOW-RS receiver: takes identified Instances, understands only identity and integrity.

Source: PS3.18 10.5. A batch is answered when its bytes and ledger rows are durable.
"""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import orjson
from aiohttp import web

from services.ingest.deps import IngestDeps
from services.ingest.images import structured_reports
from services.ingest.images.instance_uids import InstanceUids, identify_all
from services.ingest.receipts.receiving import Bytes, Content, new_receipt, receive, reject, reject_unkept
from services.ingest.receipts.records import INSTANCES, Receipt
from shared.dicom.json_values import attribute
from shared.dicom.multipart import MultipartReader, Part, boundary_of, content_type
from shared.dicom.spool import TooLarge, take_in
from shared.dicom.store_response import (
    CANNOT_UNDERSTAND,
    DOES_NOT_MATCH,
    TOO_LARGE,
    reference,
    status_of,
    store_response,
)
from shared.dicom.uid import is_uid
from shared.errors import Invalid, StorageFull, Transient

DICOM = "application/dicom"
RECEIPT_HEADER = "X-Receipt"


class Failure(msgspec.Struct, frozen=True):
    """An Instance that was not taken. The UIDs are empty if it could not be read.  reason: PS3.4 Table B.2-1."""

    reason: int
    sop_class_uid: str = ""
    sop_instance_uid: str = ""


class Answer(msgspec.Struct):
    """What the response says. broken: why the body ended early.  left: how many of ``stored`` are not collected."""

    stored: list[InstanceUids] = []
    failed: list[Failure] = []
    unsupported: int = 0
    left: int = 0
    broken: str = ""


class StowReceiver:
    """POST /ingest/dicom-web/studies and /ingest/dicom-web/studies/{study}."""

    def __init__(self, deps: IngestDeps) -> None:
        self._deps = deps

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, with full paths."""
        path = "/ingest/dicom-web/studies"
        return [web.post(path, self.post), web.post(path + "/{study}", self.post)]

    async def post(self, request: web.Request) -> web.Response:
        """Keep what the body holds, batch by batch, while it arrives."""
        study = request.match_info.get("study", "")
        if study and not is_uid(study):
            raise web.HTTPBadRequest(text="the Study Instance UID of the URL is no valid UID (PS3.5 9.1)\n")
        is_urgent = request.query.get("priority", "") == "true"
        receipt, answer = new_receipt(self._deps, "stow", INSTANCES, priority=is_urgent), Answer([], [])
        try:
            async for batch in self._batches(request, receipt, answer):
                await self._keep(batch, study, receipt, answer)
        except StorageFull as error:
            raise web.HTTPServiceUnavailable(
                text="no room; nothing of this batch was kept\n", headers={"Retry-After": "60"}
            ) from error
        except Transient as error:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from error
        return _response(answer, receipt)

    async def _batches(self, request: web.Request, receipt: Receipt, answer: Answer) -> AsyncIterator[list[Bytes]]:
        kind, parameters = content_type(request.headers.get("Content-Type", ""))
        if kind != "multipart/related" or parameters.get("type", DICOM).lower() != DICOM:
            raise web.HTTPUnsupportedMediaType(text=f'send multipart/related; type="{DICOM}" (PS3.18 10.5.1)\n')
        settings = self._deps.settings
        batch: list[Bytes] = []
        size = 0
        try:
            boundary = boundary_of(request.headers["Content-Type"])
            async for part in MultipartReader(request.content, boundary, settings.max_parts):
                if content_type(part.headers.get("content-type", DICOM))[0] != DICOM:
                    answer.unsupported += 1
                    continue
                try:
                    batch.append(await self._taken(part))
                except TooLarge as error:  # the reader skips what is left of it
                    answer.failed.append(Failure(TOO_LARGE))
                    name, size_bytes = f"part {len(answer.failed)}", settings.max_instance_bytes
                    await reject_unkept(self._deps, receipt, error, name=name, size_bytes=size_bytes)
                    continue
                size += len(batch[-1])
                if len(batch) >= settings.batch_parts or size >= settings.batch_bytes:
                    yield batch
                    batch, size = [], 0
        except Invalid as error:  # the body ended early: what came whole before is kept
            answer.broken = str(error)
        if batch:
            yield batch

    async def _taken(self, part: Part) -> Bytes:
        own = self._deps.settings
        return await take_in(part, small=own.small_part_bytes, most=own.max_instance_bytes, scratch=self._deps.scratch)

    async def _keep(self, batch: list[Bytes], study: str, receipt: Receipt, answer: Answer) -> None:
        identities = await identify_all(batch, self._deps.cpu, with_facts=self._deps.has_rules)
        good: list[tuple[InstanceUids, Bytes]] = []
        for data, uids in zip(batch, identities, strict=True):
            if isinstance(uids, Invalid):
                await reject(self._deps, receipt, data, uids)
                answer.failed.append(Failure(CANNOT_UNDERSTAND))
            elif study not in ("", uids.study_instance_uid):
                mismatch = Invalid("study-mismatch", "the Study is not that of the URL (PS3.18 10.5.1)")
                await reject(self._deps, receipt, data, mismatch)
                answer.failed.append(Failure(DOES_NOT_MATCH, uids.sop_class_uid, uids.sop_instance_uid))
            else:
                good.append((uids, data))
        if good:
            answer.left += len(good) - await receive(
                self._deps, receipt, [Content(data, facts=uids.facts) for uids, data in good]
            )
            await structured_reports.take(self._deps, good)
        answer.stored += [uids for uids, _ in good]


def _response(answer: Answer, receipt: Receipt) -> web.Response:
    headers = {RECEIPT_HEADER: receipt.id}
    if not answer.stored and not answer.failed:
        if answer.unsupported:
            raise web.HTTPUnsupportedMediaType(text=f"no part is {DICOM} (PS3.18 10.5.1)\n")
        raise web.HTTPBadRequest(text=f"{answer.broken or 'the body holds no Instance (PS3.18 10.5.1)'}\n")
    is_partial = bool(answer.unsupported or answer.broken or answer.left)
    status = status_of(len(answer.stored), len(answer.failed), is_partial=is_partial)
    if answer.broken:
        headers["Warning"] = f'299 - "{answer.broken}"'
    elif answer.left:
        headers["Warning"] = f'299 - "{answer.left} Instances are not collected here and were not kept"'
    body = orjson.dumps(_document(answer))
    return web.Response(body=body, status=status, content_type="application/dicom+json", headers=headers)


def _document(answer: Answer) -> dict[str, Any]:
    """The Store Instances Response (PS3.18 10.5.3). There is nothing to retrieve here, so no Retrieve URL."""
    stored = [reference(each.sop_class_uid, each.sop_instance_uid) for each in answer.stored]
    failed = [
        {**reference(each.sop_class_uid, each.sop_instance_uid), "00081197": attribute("US", each.reason)}
        for each in answer.failed
    ]
    return {"00081190": attribute("UR"), **store_response(stored, failed)}
