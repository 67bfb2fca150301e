"""Deletion under an administrator's role, with a reason that is kept.

Source: PS3.18 has no delete transaction of its own; the resources are those of 10.4, the method is RFC 9110 9.3.5.
"""

import uuid

from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.records import DELETIONS, INSTANCES, DeletionRecord, InstanceRecord
from services.archive.store import deletion
from services.archive.store.removal import remove
from shared import clock
from shared.documents import Condition, Eq
from shared.logs import decided
from shared.web import bearer
from shared.web.identity.actor import actor_of

REASON_HEADER = "X-Reason"
PAGE = 200
_FIELDS = {"study": "study_instance_uid", "series": "series_instance_uid", "instance": "sop_instance_uid"}


class RemovalRoutes:
    """DELETE of a Study, a Series or an Instance."""

    def __init__(self, deps: ArchiveDeps) -> None:
        self._deps = deps

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, with full paths."""
        study = "/dicom-web/studies/{study}"
        series = study + "/series/{series}"
        return [web.delete(path, self.delete) for path in (study, series, series + "/instances/{instance}")]

    async def delete(self, request: web.Request) -> web.Response:
        """Delete records, then bytes; what was deleted is 410 until it is stored again.

        401 without the administrator's token or role, 400 without a reason, 404 if unknown.
        """
        self._authorise(request)
        if not request.headers.get(REASON_HEADER, "").strip():
            raise web.HTTPBadRequest(text=f"say why in the {REASON_HEADER} header\n")
        where = [Eq(_FIELDS[name], uid) for name, uid in request.match_info.items()]
        if not await self._some(where, 1):
            raise web.HTTPNotFound(text="there is nothing of that kind\n")
        await self._note(request)
        deleted = 0
        async with self._deps.study_locks.hold(request.match_info["study"]):
            while page := await self._some(where, PAGE):
                await remove(self._deps, page, deletion.rows(page, clock.now()))
                deleted += len(page)
        decided("deleted", level="warning", service="archive", count=deleted)
        return web.Response(status=204)

    def _authorise(self, request: web.Request) -> None:
        actor, token = actor_of(request), self._deps.settings.administrator_token
        if actor is not None:  # whom the gate has let in
            return
        if not token:
            raise web.HTTPForbidden(text="deletion is off: JMID_ARCHIVE_ADMINISTRATOR_TOKEN is not set\n")
        if not bearer.is_shown(request, token):
            raise bearer.unauthorized()

    async def _note(self, request: web.Request) -> None:
        """Keep what was to go, and why, before it goes."""
        record = DeletionRecord(
            id=str(uuid.uuid4()),
            uids=dict(request.match_info),
            reason=request.headers[REASON_HEADER].strip()[:1000],
            at=clock.now(),
        )
        await self._deps.documents.put(DELETIONS, record)

    async def _some(self, where: list[Eq], limit: int) -> list[InstanceRecord]:
        conditions: list[Condition] = list(where)
        return (await self._deps.documents.find(INSTANCES, *conditions, limit=limit)).documents
