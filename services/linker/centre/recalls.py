"""The centre's API of recalls: Studies asked back from gateways, how far that is, and what became of it.

What changes a recall has its row in the feed of the case, so that who follows it is told.
"""

import uuid
from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from services.linker.centre import feed, within_reach
from services.linker.centre.acceptance import check_acts_for, check_gateway
from services.linker.centre.deps import CentreDeps
from services.linker.centre.free_text import warnings, with_warnings
from services.linker.centre.records import RECALLS, Recall, RecallStep
from services.linker.centre.withdrawal_records import check_studies
from services.linker.links.bounds import Note, Word
from services.linker.links.manual import decoded
from services.linker.links.states import RecallState
from shared import clock
from shared.documents import Eq, Order
from shared.documents.optimistic import Step, change
from shared.errors import Invalid, NotFound
from shared.web import routing
from shared.web.actor import name_of
from shared.web.audited import about
from shared.web.routing import json_answer

RECALL: Final = "recall"
OUTCOMES: Final = (RecallState.REDELIVERED, RecallState.PARTLY, RecallState.UNAVAILABLE)
MOST_REASONS: Final = 50
MOST_STEPS: Final = 50
_LIMIT: Final = 500
Counts = Annotated[dict[Word, Annotated[int, Meta(ge=0)]], Meta(max_length=MOST_REASONS)]


class RecallRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ask for a Study back. site: the hospital that has it; empty asks all."""

    study_instance_uid: Word
    by: Word = ""
    site: Word = ""
    why: Note = ""


class RecallProgress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a recall is at the gateway, as a word."""

    recall_id: Word
    site: Word
    step: Word


class RecallAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a gateway says of a recall; what is counted is as in the record of it."""

    recall_id: Word
    outcome: Word
    site: Word
    missing: Counts = {}
    compared: Counts = {}
    why: Counts = {}
    source: Word = ""


class RecallRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

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
            return json_answer({"recalls": [msgspec.to_builtins(each) for each in shown]})
        state = request.query.get("state", RecallState.REQUESTED)
        order = (Order("requested_at"),)
        page = await self._deps.documents.find(RECALLS, Eq("state", state), order=order, limit=_LIMIT)
        recalls = [msgspec.to_builtins(r) for r in page.documents if not site or r.site in ("", site)]
        return json_answer({"recalls": recalls})

    @routing.post("/api/recalls")
    async def post_recall(self, request: web.Request) -> web.Response:
        """Ask for a Study back; asked again while it is open, it stays the same recall."""
        asked = await decoded(request, RecallRequest)
        by = name_of(asked.by).strip()
        if not by or not asked.study_instance_uid:
            raise Invalid("missing-by", "study_instance_uid and by are needed")
        await within_reach.check(self._deps, [asked.study_instance_uid])
        await check_studies(self._deps, asked.study_instance_uid)
        doubts = await warnings(self._deps.check_text, {"why": asked.why})
        recall = Recall(
            study_instance_uid=asked.study_instance_uid,
            recall_id=str(uuid.uuid4()),
            state=RecallState.REQUESTED,
            requested_by=by,
            requested_at=_now(),
            site=asked.site,
            why=asked.why,
        )

        async def step(old: Recall | None) -> Recall | None:
            return None if old is not None and old.state is RecallState.REQUESTED else recall

        now = await self._changed(asked.study_instance_uid, step)
        about(request, "study", asked.study_instance_uid)
        return json_answer(with_warnings(msgspec.to_builtins(now), doubts), status=201)

    @routing.post("/api/recalls/{study}/progress")
    async def note_progress(self, request: web.Request) -> web.Response:
        """Note how far a gateway is with an open recall; of an older one, or one that is answered, it is 409."""
        check_gateway(request, self._deps)
        told = await decoded(request, RecallProgress)
        check_acts_for(request, self._deps, told.site)
        at = _now()

        async def step(old: Recall | None) -> Recall | None:
            if old is None or not _is_open(old, told.recall_id):
                return None
            steps = (*old.steps, RecallStep(told.step, told.site, at))[-MOST_STEPS:]
            return msgspec.structs.replace(old, steps=steps)

        now = await self._changed(request.match_info["study"], step)
        is_noted = now is not None and _is_open(now, told.recall_id)
        return json_answer({} if now is None else msgspec.to_builtins(now), status=200 if is_noted else 409)

    @routing.post("/api/recalls/{study}/done")
    async def answer_recall(self, request: web.Request) -> web.Response:
        """Take a gateway's answer; an answer to an older recall of the Study is 409."""
        check_gateway(request, self._deps)
        answer = await decoded(request, RecallAnswer)
        check_acts_for(request, self._deps, answer.site)
        if answer.outcome not in OUTCOMES:
            raise Invalid("not-an-outcome", f"outcome takes {' or '.join(OUTCOMES)}")

        async def step(old: Recall | None) -> Recall | None:
            if old is None:
                raise NotFound("unknown-recall", "no such recall")
            if old.recall_id != answer.recall_id or old.state is RecallState.REDELIVERED:
                return None
            return answered(old, answer, _now())

        now = await self._changed(request.match_info["study"], step)
        is_same = now is not None and now.recall_id == answer.recall_id
        return json_answer(msgspec.to_builtins(now), status=200 if is_same else 409)

    async def _changed(self, study: str, step: Step[Recall]) -> Recall | None:
        """Change a recall, and have whoever follows the case be told."""
        now = await change(self._deps.documents, RECALLS, study, step)
        if now is not None:
            await feed.note(self._deps, RECALL, study, [study], now.recall_id)
        return now


def answered(old: Recall, answer: RecallAnswer, at: str) -> Recall:
    """Return a recall with a gateway's answer. at: RFC 3339. Pure."""
    return msgspec.structs.replace(
        old,
        state=RecallState(answer.outcome),
        answered_by=answer.site,
        answered_at=at,
        missing=answer.missing,
        compared=answer.compared,
        changed_by=answer.why,
        source=answer.source,
    )


def _is_open(recall: Recall, recall_id: str) -> bool:
    return recall.recall_id == recall_id and recall.state is RecallState.REQUESTED


def _now() -> str:
    return clock.utc_now().isoformat(timespec="milliseconds")
