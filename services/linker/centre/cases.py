"""The centre's API of what people add to a case: confirmed diagnoses, annotations; and recalls."""

import uuid
from typing import Annotated, TypeVar

import msgspec
import orjson
from aiohttp import web
from msgspec import Meta

from services.linker.centre import entries, feed, views, within_reach
from services.linker.centre.acceptance import check_acts_for, check_gateway
from services.linker.centre.deps import CentreDeps
from services.linker.centre.free_text import warnings, with_warnings
from services.linker.centre.records import RECALLS, Entry, Recall
from services.linker.centre.reports import ENTRIES
from services.linker.centre.withdrawal_records import check_studies
from services.linker.links.bounds import Note, Word
from services.linker.links.manual import decoded
from services.linker.links.states import RecallState
from shared import clock
from shared.documents import Condition, Eq, Order
from shared.documents.optimistic import change
from shared.errors import Invalid, NotFound
from shared.web import routing
from shared.web.actor import name_of

_LIMIT = 500
Asked = TypeVar("Asked", entries.DiagnosisRequest, entries.AnnotationRequest, "RecallRequest")
OUTCOMES = (RecallState.REDELIVERED, RecallState.PARTLY, RecallState.UNAVAILABLE)
MOST_REASONS = 50


class RecallRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a Study back. site: the hospital that has it; empty asks all."""

    study_instance_uid: Word
    by: Word = ""
    site: Word = ""
    why: Note = ""


class RecallAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a gateway says of a recall."""

    recall_id: Word
    outcome: Word
    site: Word
    missing: Annotated[dict[Word, Annotated[int, Meta(ge=0)]], Meta(max_length=MOST_REASONS)] = {}


class CaseRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

    @routing.get("/api/diagnoses")
    async def get_diagnoses(self, request: web.Request) -> web.Response:
        """Return the confirmed diagnoses of a Study or report."""
        return await self._list(request, "diagnosis", "diagnoses")

    @routing.get("/api/annotations")
    async def get_annotations(self, request: web.Request) -> web.Response:
        """Return the annotations of a Study."""
        return await self._list(request, "annotation", "annotations")

    @routing.post("/api/diagnoses")
    async def post_diagnosis(self, request: web.Request) -> web.Response:
        """Write a confirmed diagnosis, or a new version of one."""
        asked = _signed(await decoded(request, entries.DiagnosisRequest))
        entries.check_diagnosis(asked)
        typed = {"note": asked.note, "display": asked.display}
        return await self._write("diagnosis", asked, await warnings(self._deps.check_text, typed))

    @routing.post("/api/annotations")
    async def post_annotation(self, request: web.Request) -> web.Response:
        """Write an annotation, or a new version of one."""
        asked = _signed(await decoded(request, entries.AnnotationRequest))
        entries.check_annotation(asked)
        typed = {"note": asked.note, "label.display": asked.label.display if asked.label else ""}
        return await self._write("annotation", asked, await warnings(self._deps.check_text, typed))

    @routing.get("/api/recalls")
    async def get_recalls(self, request: web.Request) -> web.Response:
        """Return recalls of one state (default requested); with site, those that this site could answer.

        study: the last recall of this Study instead, in whatever state.
        """
        site = request.query.get("site", "")
        check_acts_for(request, self._deps, site)
        if study := request.query.get("study", ""):
            last = await self._deps.documents.get(RECALLS, study)
            shown = [last] if last is not None and (not site or last.site in ("", site)) else []
            return _json({"recalls": [msgspec.to_builtins(each) for each in shown]})
        state = request.query.get("state", RecallState.REQUESTED)
        order = (Order("requested_at"),)
        page = await self._deps.documents.find(RECALLS, Eq("state", state), order=order, limit=_LIMIT)
        recalls = [msgspec.to_builtins(r) for r in page.documents if not site or r.site in ("", site)]
        return _json({"recalls": recalls})

    @routing.post("/api/recalls")
    async def post_recall(self, request: web.Request) -> web.Response:
        """Ask for a Study back; asked again while it is open, it stays the same recall."""
        asked = _signed(await decoded(request, RecallRequest))
        if not asked.by.strip() or not asked.study_instance_uid:
            raise Invalid("missing-by", "study_instance_uid and by are needed")
        await within_reach.check(self._deps, [asked.study_instance_uid])
        await check_studies(self._deps, asked.study_instance_uid)
        doubts = await warnings(self._deps.check_text, {"why": asked.why})
        recall = Recall(
            study_instance_uid=asked.study_instance_uid,
            recall_id=str(uuid.uuid4()),
            state=RecallState.REQUESTED,
            requested_by=asked.by.strip(),
            requested_at=clock.utc_now().isoformat(timespec="milliseconds"),
            site=asked.site,
            why=asked.why,
        )

        async def step(old: Recall | None) -> Recall | None:
            return None if old is not None and old.state is RecallState.REQUESTED else recall

        now = await change(self._deps.documents, RECALLS, asked.study_instance_uid, step)
        return _json(with_warnings(msgspec.to_builtins(now), doubts), status=201)

    @routing.post("/api/recalls/{study}/done")
    async def answer_recall(self, request: web.Request) -> web.Response:
        """Take a gateway's answer; an answer to an older recall of the Study is 409."""
        check_gateway(request, self._deps)
        answer = await decoded(request, RecallAnswer)
        check_acts_for(request, self._deps, answer.site)
        if answer.outcome not in OUTCOMES:
            raise Invalid("not-an-outcome", f"outcome takes {' or '.join(OUTCOMES)}")
        return await self._answer(request.match_info["study"], answer)

    async def _answer(self, study: str, answer: RecallAnswer) -> web.Response:
        async def step(old: Recall | None) -> Recall | None:
            if old is None:
                raise NotFound("unknown-recall", "no such recall")
            if old.recall_id != answer.recall_id or old.state is RecallState.REDELIVERED:
                return None
            at = clock.utc_now().isoformat(timespec="milliseconds")
            state = RecallState(answer.outcome)
            told = msgspec.structs.replace(old, state=state, answered_by=answer.site, answered_at=at)
            return msgspec.structs.replace(told, missing=answer.missing)

        now = await change(self._deps.documents, RECALLS, study, step)
        same = now is not None and now.recall_id == answer.recall_id
        return _json(msgspec.to_builtins(now), status=200 if same else 409)

    async def _list(self, request: web.Request, kind: str, name: str) -> web.Response:
        where: list[Condition] = []
        if "study" in request.query:
            where.append(Eq("studies", request.query["study"]))
        if "report" in request.query:
            where.append(Eq("report_id", request.query["report"]))
        page = await self._deps.documents.find(
            ENTRIES[kind], *where, limit=_LIMIT, after=request.query.get("after") or None
        )
        within = await within_reach.entries(self._deps, page.documents)
        shown = [views.entry(e) for e in within if e.removed != "yes" or "removed" in request.query]
        return _json({name: shown, "next": page.next})

    async def _write(
        self, kind: str, asked: entries.DiagnosisRequest | entries.AnnotationRequest, doubts: list[str]
    ) -> web.Response:
        await within_reach.check(self._deps, *entries.about(asked))
        await within_reach.check_entry(self._deps, await self._deps.documents.get(ENTRIES[kind], asked.id))
        await check_studies(self._deps, *entries.about(asked)[0])
        entry_id, stamped = entries.stamped(asked)

        async def step(old: Entry | None) -> Entry | None:
            if old is None and asked.id and asked.remove:
                raise NotFound("unknown-entry", "id: no such entry")
            return entries.versioned(old, entry_id, kind, stamped)

        entry = await change(self._deps.documents, ENTRIES[kind], entry_id, step)
        if entry is None:
            raise NotFound("unknown-entry", "id: no such entry")
        await feed.note(self._deps, kind, entry_id, entry.touched)
        return _json(with_warnings(views.entry(entry), doubts), status=200 if len(entry.versions) > 1 else 201)


def _signed(asked: Asked) -> Asked:
    """Return what is asked for with the name of who asks."""
    return msgspec.structs.replace(asked, by=name_of(asked.by))


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")
