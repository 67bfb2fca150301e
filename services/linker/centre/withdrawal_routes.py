"""The API of withdrawals: a gateway asks, and whoever keeps what the centre gave them follows and acknowledges."""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from services.linker.centre.acceptance import check_acts_for, check_gateway, delivered_by
from services.linker.centre.deps import CentreDeps
from services.linker.centre.withdrawal_records import WITHDRAWALS, Withdrawal, WithdrawalState
from services.linker.links.bounds import Word
from services.linker.links.manual import decoded
from shared import clock
from shared.documents import Order
from shared.documents.optimistic import change
from shared.errors import Conflict, Invalid, NotFound
from shared.pseudonym_digest import digest_of
from shared.web import routing
from shared.web.audited import about
from shared.web.routing import json_answer

_LIMIT = 200
_MOST = 10_000
Names = Annotated[tuple[Word, ...], Meta(max_length=_MOST)]


class WithdrawalRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a gateway asks for. patient_ids: pseudonyms of all key versions.  lifts: the patient takes part again."""

    withdrawal_id: Word
    site: Word
    patient_ids: Names
    study_instance_uids: Names = ()
    report_ids: Names = ()
    lifts: bool = False


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That a recipient has withdrawn too."""

    recipient: Word


class WithdrawalRoutes(routing.Routes):
    """The handlers of the routes."""

    def __init__(self, deps: CentreDeps) -> None:
        self._deps = deps

    @routing.post("/api/withdrawals")
    async def post(self, request: web.Request) -> web.Response:
        """Take a withdrawal, or its lifting; asked again it stays the same, with more Studies if more are named."""
        check_gateway(request, self._deps)
        asked = await decoded(request, WithdrawalRequest)
        if not (asked.withdrawal_id and asked.site):
            raise Invalid("missing-patient", "withdrawal_id, site and patient_ids are needed")
        check_acts_for(request, self._deps, asked.site)

        async def step(old: Withdrawal | None) -> Withdrawal | None:
            if not asked.patient_ids and not (old is not None and old.patients):
                raise Invalid("missing-patient", "patient_ids: by what else would the patient be known?")
            if old is not None and old.site != asked.site:
                raise Conflict("the withdrawal is another site's")
            return _asked(old, asked)

        now = await change(self._deps.documents, WITHDRAWALS, asked.withdrawal_id, step)
        about(request, "withdrawal", asked.withdrawal_id)
        about(request, "study", *asked.study_instance_uids)
        return json_answer(_shown(now) if now else {}, status=202)

    @routing.get("/api/withdrawals")
    async def listed(self, request: web.Request) -> web.Response:
        """Return withdrawals, oldest first: what whoever has copies has to withdraw too."""
        page = await self._deps.documents.find(
            WITHDRAWALS, order=(Order("requested_at"),), limit=_LIMIT, after=request.query.get("after") or None
        )
        of_sites = delivered_by(request, self._deps)
        is_gateway = self._deps.gateways.gateway(request) is not None
        own = (each for each in page.documents if not of_sites or each.site in of_sites)
        shown = [_shown(each, is_gateway=is_gateway) for each in own]
        return json_answer({"withdrawals": shown, "next": page.next})

    @routing.get("/api/withdrawals/{withdrawal}")
    async def one(self, request: web.Request) -> web.Response:
        """Return one withdrawal, and what became of it."""
        found = await self._deps.documents.get(WITHDRAWALS, request.match_info["withdrawal"])
        of_sites = delivered_by(request, self._deps)
        if found is None or (of_sites and found.site not in of_sites):
            raise NotFound("unknown-withdrawal", "no such withdrawal")
        return json_answer(_shown(found))

    @routing.post("/api/withdrawals/{withdrawal}/acknowledged")
    async def acknowledge(self, request: web.Request) -> web.Response:
        """Note that a recipient has withdrawn too."""
        recipient = (await decoded(request, Acknowledgement)).recipient

        async def step(old: Withdrawal | None) -> Withdrawal | None:
            if old is None or recipient not in old.recipients:
                raise NotFound("unknown-recipient", "no such withdrawal, or no such recipient of it")
            at = old.recipients[recipient] or clock.utc_now().isoformat(timespec="milliseconds")
            return msgspec.structs.replace(old, recipients={**old.recipients, recipient: at})

        now = await change(self._deps.documents, WITHDRAWALS, request.match_info["withdrawal"], step)
        return json_answer(_shown(now) if now else {})


def _asked(old: Withdrawal | None, asked: WithdrawalRequest) -> Withdrawal | None:
    """Return the withdrawal as it is now asked for; None if it was carried out as it is asked for."""
    wanted = WithdrawalState.LIFTING if asked.lifts else WithdrawalState.REQUESTED
    done = WithdrawalState.LIFTED if asked.lifts else WithdrawalState.DONE
    if old is not None and old.state is done:
        new = set(asked.study_instance_uids) - {each.study_instance_uid for each in old.studies}
        if asked.lifts or not new:
            return None
    names = (digest_of("patient", each) for each in asked.patient_ids)
    fresh = Withdrawal(id=asked.withdrawal_id, site=asked.site, state=wanted, requested_at="")
    kept = old if old is not None and old.state in (wanted, done) else None
    return msgspec.structs.replace(
        kept or fresh,
        state=wanted,
        requested_at=(kept.requested_at if kept else "") or clock.utc_now().isoformat(timespec="milliseconds"),
        patient_ids=asked.patient_ids,
        patients=tuple(sorted({*(old.patients if old is not None else ()), *names})),
        study_instance_uids=tuple(sorted({*(kept.study_instance_uids if kept else ()), *asked.study_instance_uids})),
        report_ids=tuple(sorted({*(kept.report_ids if kept else ()), *asked.report_ids})),
        studies=old.studies if old is not None else (),
        done_at="",
    )


def _shown(each: Withdrawal, *, is_gateway: bool = False) -> dict[str, object]:
    """Return what others may see: not the pseudonyms that it was asked by; their digests only if a gateway asks."""
    shown: dict[str, object] = msgspec.to_builtins(each)
    for name in ("patient_ids", "report_ids", "study_instance_uids", *(() if is_gateway else ("patients",))):
        shown.pop(name)
    return shown
