"""The gateway's API of merged patients: what was said, by whom, and what a person says of it."""

from typing import Any

import msgspec
from aiohttp import web

from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.merges.take import record
from services.linker.gateway.records import REPORTS_SEEN, STUDIES_SEEN
from services.linker.links.bounds import Note, Word
from services.linker.links.manual import decoded
from services.linker.links.merges import ACTIONS, PATIENT_MERGES, MergeDecision, PatientMerge, merge_id
from shared import clock
from shared.documents import Eq, In
from shared.errors import Invalid, NotFound
from shared.web import routing
from shared.web.actor import actor_named
from shared.web.routing import json_answer

_LIMIT = 200


class MergeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Say that two pseudonyms are one patient's, or (unmerge) that they are not. by: who.  why: needed."""

    replaced: Word
    surviving: Word
    why: Note
    action: Word = "merge"
    by: Word = ""

    def decision(self) -> MergeDecision:
        """Return what to record; Invalid says what is missing."""
        if self.action not in ACTIONS:
            raise Invalid("not-an-action", f"action takes {' or '.join(ACTIONS)}")
        if not (self.replaced and self.surviving) or self.replaced == self.surviving:
            raise Invalid("merge-of-one", "replaced and surviving are two pseudonyms")
        if not self.why.strip():
            raise Invalid("missing-reason", "why is needed")
        at = clock.utc_now().isoformat(timespec="milliseconds")
        return MergeDecision(self.action, self.surviving, at, actor_named(self.by), self.why.strip())


class MergeRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps

    @routing.get("/api/gateway/merges")
    async def get_merges(self, request: web.Request) -> web.Response:
        """Return merges with everything that was said of each. patient: only those of this pseudonym."""
        where = [Eq("patients", request.query["patient"])] if "patient" in request.query else []
        after = request.query.get("after") or None
        page = await self._deps.documents.find(PATIENT_MERGES, *where, limit=_LIMIT, after=after)
        return json_answer({"merges": [shown(each) for each in page.documents], "next": page.next})

    @routing.post("/api/gateway/merges")
    async def post_merge(self, request: web.Request) -> web.Response:
        """Merge by hand, or take a merge back; the last word holds, a hospital's later one too."""
        asked = await decoded(request, MergeRequest)
        decision, pair = asked.decision(), (asked.replaced, asked.surviving)
        await self._check_known(pair)
        await record(self._deps, f"hand/{merge_id(self._deps.site, pair)}", [(pair, decision)])
        merge = await self._deps.documents.get(PATIENT_MERGES, merge_id(self._deps.site, pair))
        return json_answer(shown(merge) if merge else {})

    async def _check_known(self, patients: tuple[str, ...]) -> None:
        documents = self._deps.documents
        if await documents.get(PATIENT_MERGES, merge_id(self._deps.site, patients)) is not None:
            return
        for each in patients:
            is_known = await documents.count(STUDIES_SEEN, Eq("patient_ids", each))
            if not is_known and not await documents.count(REPORTS_SEEN, In("patient_id", (each,))):
                raise NotFound("unknown-patient", "replaced, surviving: no Study or report has this pseudonym")


def shown(merge: PatientMerge) -> dict[str, Any]:
    """Return a merge as a person sees it."""
    return {
        "patients": list(merge.patients),
        "is_merged": merge.stands,
        "surviving": merge.last.surviving if merge.stands else "",
        "decisions": [msgspec.to_builtins(each) for each in merge.decisions],
    }
