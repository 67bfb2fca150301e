"""The centre's API of annotations."""

import msgspec
from aiohttp import web

from services.linker.centre import entries, feed, views, within_reach
from services.linker.centre.deps import CentreDeps
from services.linker.centre.free_text import warnings, with_warnings
from services.linker.centre.records import ANNOTATIONS
from services.linker.centre.withdrawal_records import check_studies
from services.linker.diagnoses.records import Entry
from services.linker.links.manual import decoded
from shared.documents import Condition, Eq
from shared.documents.optimistic import change
from shared.errors import NotFound
from shared.web import routing
from shared.web.actor import name_of
from shared.web.audited import about
from shared.web.routing import json_answer

_LIMIT = 500


class CaseRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

    @routing.get("/api/annotations")
    async def get_annotations(self, request: web.Request) -> web.Response:
        """Return the annotations of a Study."""
        where: list[Condition] = []
        if "study" in request.query:
            where.append(Eq("studies", request.query["study"]))
        if "report" in request.query:
            where.append(Eq("report_id", request.query["report"]))
        page = await self._deps.documents.find(
            ANNOTATIONS, *where, limit=_LIMIT, after=request.query.get("after") or None
        )
        within = await within_reach.entries(self._deps, page.documents)
        shown = [views.entry(e) for e in within if e.removed != "yes" or "removed" in request.query]
        return json_answer({"annotations": shown, "next": page.next})

    @routing.post("/api/annotations")
    async def post_annotation(self, request: web.Request) -> web.Response:
        """Write an annotation, or a new version of one."""
        asked = _signed(await decoded(request, entries.AnnotationRequest))
        entries.check_annotation(asked)
        about(request, "study", asked.study_instance_uid)
        typed = {"note": asked.note, "label.display": asked.label.display if asked.label else ""}
        return await self._write(asked, await warnings(self._deps.check_text, typed))

    async def _write(self, asked: entries.AnnotationRequest, doubts: list[str]) -> web.Response:
        await within_reach.check(self._deps, [asked.study_instance_uid])
        await within_reach.check_entry(self._deps, await self._deps.documents.get(ANNOTATIONS, asked.id))
        await check_studies(self._deps, asked.study_instance_uid)
        entry_id, stamped = entries.stamped(asked)

        async def step(old: Entry | None) -> Entry | None:
            if old is None and asked.id and asked.remove:
                raise NotFound("unknown-entry", "id: no such entry")
            return entries.versioned(old, entry_id, stamped)

        entry = await change(self._deps.documents, ANNOTATIONS, entry_id, step)
        if entry is None:
            raise NotFound("unknown-entry", "id: no such entry")
        await feed.note(self._deps, "annotation", entry_id, entry.touched)
        return json_answer(with_warnings(views.entry(entry), doubts), status=200 if len(entry.versions) > 1 else 201)


def _signed(asked: entries.AnnotationRequest) -> entries.AnnotationRequest:
    """Return what is asked for with the name of who asks."""
    return msgspec.structs.replace(asked, by=name_of(asked.by))
