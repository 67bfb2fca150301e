"""Which Studies' images stay at the centre, and which of the others a gateway could deliver again.

A Study stays while it is annotated, pinned by somebody, or in a dataset. Whether it can be recalled is asked of its
gateway before it is evicted, where the archive's policy says so: an answer is believed for some days, for at the
hospital time goes on too.
"""

import msgspec
from aiohttp import web

from services.linker.centre import within_reach
from services.linker.centre.acceptance import check_acts_for, check_gateway
from services.linker.centre.deps import CentreDeps
from services.linker.centre.free_text import warnings, with_warnings
from services.linker.centre.records import ANNOTATIONS, PINS, PROOFS, Pin, Proof, ProofState
from services.linker.centre.withdrawal_records import check_studies
from services.linker.links.bounds import Note, Word
from services.linker.links.manual import decoded
from shared import clock
from shared.dicom.uid import is_uid
from shared.documents import Eq, In, Order
from shared.documents.optimistic import change
from shared.errors import Invalid, NotFound
from shared.web import routing
from shared.web.actor import actor_named
from shared.web.audited import about
from shared.web.routing import json_answer

_LIMIT = 500
MOST_ASKED = 100
_DAY_S = 86_400.0
_AGAIN_DAYS = 1.0
"""How long it is believed that a Study cannot be recalled: a PACS may be set up, or come back, meanwhile."""


class PinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keep a Study's images, or (remove) let them go again. dataset: the name of the dataset that needs them."""

    study_instance_uid: Word
    by: Word = ""
    dataset: Word = ""
    why: Note = ""
    remove: bool = False


class ProofAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a gateway says of a Study. possible: it could deliver all of it again.  reason: by what, or why not."""

    site: Word
    possible: bool
    reason: Word = ""


class StayingRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

    @routing.get("/api/pins")
    async def get_pins(self, request: web.Request) -> web.Response:
        """Return what is pinned, newest first; with study, of that Study."""
        where = [Eq("study_instance_uid", request.query["study"])] if "study" in request.query else []
        order, after = (Order("at", descending=True),), request.query.get("after") or None
        page = await self._deps.documents.find(PINS, *where, order=order, limit=_LIMIT, after=after)
        return json_answer({"pins": [msgspec.to_builtins(each) for each in page.documents], "next": page.next})

    @routing.post("/api/pins")
    async def post_pin(self, request: web.Request) -> web.Response:
        """Pin a Study for a reader or a dataset, or take that back."""
        asked = await decoded(request, PinRequest)
        by = actor_named(asked.by)
        if not is_uid(asked.study_instance_uid):
            raise Invalid("not-a-uid", "study_instance_uid is a UID (PS3.5 9.1)")
        await within_reach.check(self._deps, [asked.study_instance_uid])
        await check_studies(self._deps, asked.study_instance_uid)
        doubts = await warnings(self._deps.check_text, {"why": asked.why, "dataset": asked.dataset})
        pin = Pin(
            id=f"{asked.study_instance_uid}|{asked.dataset.strip()}",
            study_instance_uid=asked.study_instance_uid,
            dataset=asked.dataset.strip(),
            by=by,
            why=asked.why.strip(),
            at=clock.utc_now().isoformat(timespec="milliseconds"),
        )
        about(request, "study", asked.study_instance_uid)
        if not asked.remove:
            await self._deps.documents.put(PINS, pin)
            return json_answer(with_warnings(msgspec.to_builtins(pin), doubts), status=201)
        if not await self._deps.documents.delete(PINS, pin.id):
            raise NotFound("unknown-pin", "the Study is not pinned in this way")
        return json_answer({"removed": pin.id})

    @routing.get("/api/staying")
    async def get_staying(self, request: web.Request) -> web.Response:
        """Say of each Study asked about why it stays, and whether a gateway could deliver it again.

        prove=yes: have gateways asked about those of which nothing is known, or not lately.
        """
        studies = request.query.getall("study", [])
        if not 0 < len(studies) <= MOST_ASKED:
            raise Invalid("too-many-studies", f"study is given from 1 to {MOST_ASKED} times")
        pins = await self._deps.documents.find_all(PINS, In("study_instance_uid", tuple(studies)))
        proofs = await self._deps.documents.get_many(PROOFS, studies)
        found = {}
        for uid in studies:
            reasons = {("dataset" if each.dataset else "pinned") for each in pins if each.study_instance_uid == uid}
            reasons |= {"annotated"} if await self._is_annotated(uid) else set()
            is_proven = self._is_proven(proofs.get(uid))
            if not reasons and not is_proven and request.query.get("prove") == "yes":
                await self._ask(uid, proofs.get(uid))
            found[uid] = {"reasons": sorted(reasons), "recallable": is_proven}
        return json_answer({"studies": found})

    @routing.get("/api/recalls/proofs")
    async def get_proofs(self, request: web.Request) -> web.Response:
        """Return the Studies of which gateways are to say whether they could deliver them again."""
        page = await self._deps.documents.find(
            PROOFS, Eq("state", ProofState.ASKED), order=(Order("asked_at"),), limit=_LIMIT
        )
        return json_answer({"studies": [each.study_instance_uid for each in page.documents]})

    @routing.post("/api/recalls/{study}/proof")
    async def answer_proof(self, request: web.Request) -> web.Response:
        """Take what a gateway says of a Study."""
        check_gateway(request, self._deps)
        answer = await decoded(request, ProofAnswer)
        check_acts_for(request, self._deps, answer.site)

        async def step(old: Proof | None) -> Proof | None:
            if old is None:
                raise NotFound("unknown-study", "nobody asked about this Study")
            state = ProofState.POSSIBLE if answer.possible else ProofState.UNAVAILABLE
            told = msgspec.structs.replace(old, state=state, site=answer.site, reason=answer.reason)
            return msgspec.structs.replace(told, answered_at=clock.now())

        await change(self._deps.documents, PROOFS, request.match_info["study"], step)
        return json_answer({})

    async def _is_annotated(self, study: str) -> bool:
        every = self._deps.documents.every(ANNOTATIONS, Eq("studies", study))
        return any([each.removed != "yes" async for each in every])

    def _is_proven(self, proof: Proof | None) -> bool:
        return proof is not None and proof.state is ProofState.POSSIBLE and not self._is_old(proof)

    def _is_old(self, proof: Proof) -> bool:
        days = self._deps.settings.recall_proof_days
        believed = days if proof.state is ProofState.POSSIBLE else min(days, _AGAIN_DAYS)
        return not 0 <= clock.now() - proof.answered_at <= believed * _DAY_S

    async def _ask(self, study: str, proof: Proof | None) -> None:
        """Have the Study's gateway asked, unless it is asked already or has answered lately."""
        if proof is None or (proof.state is not ProofState.ASKED and self._is_old(proof)):
            asked = Proof(study_instance_uid=study, state=ProofState.ASKED, asked_at=clock.now())
            await self._deps.documents.put(PROOFS, asked)
