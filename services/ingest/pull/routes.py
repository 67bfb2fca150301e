"""How far pulls are, as JSON. No UID, order or patient is named: a Study is its number in the pull."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from services.ingest.deps import IngestDeps
from services.ingest.pull_records import PULLED, PULLS, Pull, PulledStudy, PullState, StudyState
from shared.documents import Documents, Eq, In, Order
from shared.errors import Invalid, NotFound
from shared.web import routing
from shared.web.routing import json_answer
from shared.whole_numbers import whole_number

PAGE = 50
MOST = 500


class PullRoutes(routing.Routes):
    """GET /ingest/pulls and /ingest/pulls/{pull_id}."""

    def __init__(self, deps: IngestDeps) -> None:
        self._documents = deps.documents

    @routing.get("/ingest/pulls")
    async def listed(self, request: web.Request) -> web.Response:
        """Return the newest pulls, with how many of their Studies are in which state."""
        limit = whole_number(request.query.get("limit", str(PAGE)), MOST)
        if limit is None:
            raise Invalid("wrong-parameter", f"limit takes a whole number up to {MOST}")
        page = await self._documents.find(
            PULLS, order=(Order("at", descending=True),), limit=limit, after=request.query.get("after") or None
        )
        return json_answer(
            {"pulls": [await shown(self._documents, each) for each in page.documents], "next": page.next}
        )

    @routing.get("/ingest/pulls/{pull_id}")
    async def one(self, request: web.Request) -> web.Response:
        """Return one pull, with its Studies that failed."""
        pull = await self._documents.get(PULLS, request.match_info["pull_id"])
        if pull is None:
            raise NotFound("not-found", "there is no pull of this id")
        failed = await failed_studies(self._documents, pull)
        return json_answer({**await shown(self._documents, pull), "failed_studies": [_study(each) for each in failed]})


async def failed_studies(documents: Documents, pull: Pull) -> list[PulledStudy]:
    """Return Studies of a pull that failed, some of them if they are many."""
    where = (Eq("pull_id", pull.id), Eq("state", StudyState.FAILED))
    return list((await documents.find(PULLED, *where, order=(Order("number"),), limit=MOST)).documents)


async def shown(documents: Documents, pull: Pull) -> dict[str, Any]:
    """Return a pull and its progress, without the key of its list."""
    own = Eq("pull_id", pull.id)
    counts = {state.value: await documents.count(PULLED, own, Eq("state", state)) for state in StudyState}
    fields: dict[str, Any] = msgspec.to_builtins(pull)
    del fields["blob"]
    return {**fields, "progress": counts}


async def status(documents: Documents) -> Mapping[str, int]:
    """Figures for the operator."""
    return {
        "pulls not done": await documents.count(PULLS, In("state", (PullState.FINDING, PullState.PULLING))),
        "Studies to be pulled": await documents.count(PULLED, In("state", (StudyState.FOUND, StudyState.ASKED))),
        "Studies not pulled": await documents.count(PULLED, Eq("state", StudyState.FAILED)),
    }


def _study(row: PulledStudy) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("number", "reason", "expected", "arrived", "failed", "attempts")}
