"""The Store Transaction: STOW-RS.

Source: PS3.18 10.5; status codes of Table 10.5.3-1; response Table 10.5.3-2; Failure Reasons PS3.4 B.2.3, PS3.7 C.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import orjson
from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.http.responses import base_url
from services.archive.store.acceptance import OF_OTHER_GATEWAY, Sender
from services.archive.store.batch import Sent
from services.archive.store.body import DICOM, JSON, XML, Received, batches
from services.archive.store.store import Outcome, Store
from shared.dicom.json_values import attribute
from shared.dicom.native_xml import native_model
from shared.dicom.spool import TooLarge
from shared.dicom.store_response import NOT_AUTHORIZED, TOO_LARGE, reference, status_of, store_response
from shared.dicom.uid import is_uid
from shared.errors import Invalid, StorageFull, Transient
from shared.web import bearer, csrf
from shared.web.audited import about

CORRELATION = "X-Correlation-ID"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class StowRoutes:
    """POST /studies and /studies/{study}."""

    def __init__(self, deps: ArchiveDeps, store: Store) -> None:
        self._deps = deps
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, with full paths."""
        return [web.post("/dicom-web/studies", self.post), web.post("/dicom-web/studies/{study}", self.post)]

    async def post(self, request: web.Request) -> web.Response:
        """Store what the body holds, batch by batch, while it arrives."""
        study = request.match_info.get("study", "")
        if study and not is_uid(study):
            raise web.HTTPBadRequest(text="the Study Instance UID of the URL is no valid UID (PS3.5 9.1)\n")
        sender = self._sender(request)
        received = Received(failures=[])
        outcomes: list[Outcome] = []
        try:
            arriving = batches(request, self._deps, received)
            store = partial(self._store.take, study=study, correlation_id=correlation_of(request), sender=sender)
            await self._take_all(arriving, store, outcomes)
        except TooLarge as error:
            raise web.HTTPRequestEntityTooLarge(0, 0, text=f"{error}\n") from error
        except Invalid as error:
            received.broken = str(error)
        except StorageFull as error:
            raise web.HTTPInsufficientStorage(text="no room; what was confirmed before is kept\n") from error
        except Transient as error:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from error
        about(request, "study", *sorted({each.study_instance_uid for each in outcomes if not each.failure}))
        outcomes += [Outcome(each.sop_class_uid, each.sop_instance_uid, failure=each) for each in received.failures]
        return _response(request, outcomes, received, study, self._base(request))

    def _sender(self, request: web.Request) -> Sender:
        """Return who stores; 401 for a credential that is not the gateways'."""
        gateways = self._deps.gateways
        is_gateway = gateways.gateway(request) is not None
        return Sender(is_gateway=is_gateway, is_own_page=self._is_own_page(request), sites=gateways.sites(request))

    def _is_own_page(self, request: web.Request) -> bool:
        """Say whether a browser says that a page of ours, or of an origin that may call us, sends it."""
        origin = request.headers.get("Origin", "")
        if not origin or origin in self._deps.settings.cors_origins:
            return bool(origin)
        return not csrf.is_foreign(None, origin, request.host) and _fetch_site(request) == "same-origin"

    async def _take_all(
        self,
        arriving: AsyncIterator[list[Sent]],
        store: Callable[[list[Sent]], Awaitable[list[Outcome]]],
        outcomes: list[Outcome],
    ) -> None:
        """Store one batch while the next arrives."""
        batch = await anext(arriving, None)
        while batch is not None:
            storing = asyncio.ensure_future(store(batch))
            try:
                batch = await anext(arriving, None)
            finally:
                outcomes += await storing

    def _base(self, request: web.Request) -> str:
        return base_url(request, self._deps.settings.public_root)


def _fetch_site(request: web.Request) -> str:
    """Return what a browser says of the page (Fetch Metadata): on plain http to another machine nothing, as if same."""
    return request.headers.get("Sec-Fetch-Site", "same-origin")


def correlation_of(request: web.Request) -> str:
    """Return the receipt's id that a gateway tells; "" if there is none or no UUID, so that no free text is logged."""
    given = request.headers.get(CORRELATION, "")
    return given if _UUID.fullmatch(given) else ""


def _response(request: web.Request, outcomes: list[Outcome], received: Received, study: str, base: str) -> web.Response:
    if not outcomes and received.broken:
        raise web.HTTPBadRequest(text=f"{received.broken}\n")
    if not outcomes and received.unsupported:
        raise web.HTTPUnsupportedMediaType(text=f"no part is {DICOM} (PS3.18 10.5.1)\n")
    if not outcomes:
        raise web.HTTPBadRequest(text="the body holds no Instance (PS3.18 10.5.1)\n")
    failed = [outcome for outcome in outcomes if outcome.failure]
    if outcomes and all(each.failure and each.failure.reason == TOO_LARGE for each in outcomes):
        raise web.HTTPRequestEntityTooLarge(0, 0, text="the Instance is larger than this archive takes\n")
    is_partial = bool(received.unsupported or received.broken)
    status = status_of(len(outcomes) - len(failed), len(failed), is_partial=is_partial)
    document = _document(outcomes, study, base)
    accept = request.headers.get("Accept", "")
    headers = {"Warning": f'299 {base}: "{received.broken}"'} if received.broken else {}
    if refused := {each.failure.detail for each in failed if each.failure and each.failure.reason == NOT_AUTHORIZED}:
        is_other = refused == {OF_OTHER_GATEWAY}  # no Instance's fault: the gateway keeps them until it is mended
        headers["WWW-Authenticate"] = bearer.challenge("insufficient_scope" if is_other else "")
    if XML in accept and JSON not in accept:
        return web.Response(body=native_model(document), status=status, content_type=XML, headers=headers)
    return web.Response(body=orjson.dumps(document), status=status, content_type=JSON, headers=headers)


def _document(outcomes: Sequence[Outcome], study: str, base: str) -> dict[str, Any]:
    """Return the Store Instances Response Module (PS3.18 Table 10.5.3-2... PS3.3 I.2.2)."""
    document: dict[str, Any] = {}
    studies = {o.study_instance_uid for o in outcomes if not o.failure}
    if len(studies) == 1:
        document["00081190"] = attribute("UR", f"{base}/studies/{study or next(iter(studies))}")
    failed = [_failed(outcome) for outcome in outcomes if outcome.failure]
    stored = [_stored(outcome, base) for outcome in outcomes if not outcome.failure]
    return document | store_response(stored, failed)


def _failed(outcome: Outcome) -> dict[str, Any]:
    failure = outcome.failure
    assert failure is not None
    return {
        **reference(outcome.sop_class_uid, outcome.sop_instance_uid),
        "00081197": attribute("US", failure.reason),
        "00000902": attribute("LO", failure.detail[:64]),
    }


def _stored(outcome: Outcome, base: str) -> dict[str, Any]:
    series = f"{base}/studies/{outcome.study_instance_uid}/series/{outcome.series_instance_uid}"
    url = f"{series}/instances/{outcome.sop_instance_uid}"
    return {**reference(outcome.sop_class_uid, outcome.sop_instance_uid), "00081190": attribute("UR", url)}
