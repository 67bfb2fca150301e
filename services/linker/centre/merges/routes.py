"""The centre's API of merged patients: gateways tell them, and whoever reads cases asks."""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from services.linker.centre.acceptance import check_acts_for, check_gateway
from services.linker.centre.deps import CentreDeps
from services.linker.centre.merges.shown import is_known, patient_of, within_reach
from services.linker.centre.merges.take import record
from services.linker.links.bounds import Word
from services.linker.links.manual import decoded
from services.linker.links.merges import ACTIONS, MergeDecision
from shared.errors import Invalid, NotFound
from shared.web import routing
from shared.web.routing import json_answer

_MOST_MERGES = 100
_MOST_DECISIONS = 1000


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    action: Word
    surviving: Word
    at: Word


class _Merge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patients: Annotated[tuple[Word, ...], Meta(min_length=2, max_length=2)]
    decisions: Annotated[tuple[_Said, ...], Meta(min_length=1, max_length=_MOST_DECISIONS)]


class MergesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a gateway says of pairs of its pseudonyms; all of it each time."""

    site: Annotated[str, Meta(min_length=1, max_length=64)]
    merges: Annotated[tuple[_Merge, ...], Meta(max_length=_MOST_MERGES)]

    def check(self) -> None:
        """Raise Invalid: a decision that is none, or of other pseudonyms."""
        for merge in self.merges:
            if len(set(merge.patients) - {""}) != 2:
                raise Invalid("merge-of-one", "patients are two pseudonyms")
            for each in merge.decisions:
                if each.action not in ACTIONS or each.surviving not in merge.patients or not each.at:
                    raise Invalid("not-a-merge", "decisions: action, surviving (one of patients) and at are needed")


class MergeRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

    @routing.post("/api/merges")
    async def post_merges(self, request: web.Request) -> web.Response:
        """Take what a gateway says of its site's patients."""
        check_gateway(request, self._deps)
        asked = await decoded(request, MergesRequest)
        check_acts_for(request, self._deps, asked.site)
        asked.check()
        for merge in asked.merges:
            said = [MergeDecision(each.action, each.surviving, each.at) for each in merge.decisions]
            await record(self._deps, asked.site, merge.patients, said)
        return json_answer({"merges": len(asked.merges)})

    @routing.get("/api/patients/{patient_id}")
    async def get_patient(self, request: web.Request) -> web.Response:
        """Return the pseudonym that stays for this one, and all that are the same patient's."""
        patient_id = request.match_info["patient_id"]
        merges = await within_reach(self._deps, [patient_id])
        if not merges and not await is_known(self._deps, patient_id):
            raise NotFound("unknown-patient", "no such patient")
        return json_answer(patient_of(patient_id, merges))
