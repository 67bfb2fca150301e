"""Has the PACS asked for a Study, once for each recall or proof, and notes what is said of it.

The row is written first and the event after it, under an id that derives from the row: broken off in between, the same
event is published again. Only the anonymizer knows which Study it is; nobody here does.
"""

import uuid
from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from services.linker.gateway.deps import GatewayDeps
from services.linker.gateway.opt_out_records import OPTED_OUT, WITHDRAWALS
from services.linker.gateway.recalls.records import FETCHES, Fetch, FetchState
from services.linker.gateway.records import STUDIES_SEEN
from shared import clock
from shared.documents import Eq
from shared.documents.optimistic import change
from shared.errors import NotFound
from shared.events import Event, InstancesDeidentified, Purpose, RecallWanted, StudyFetched
from shared.logs import decided


async def asked(deps: GatewayDeps, study: str, recall_id: str, by: str) -> Fetch:
    """Have a Study fetched for a recall, and return how far that is."""
    new = Fetch(id=recall_id, study_instance_uid=study, purpose=Purpose.DELIVER, asked_at=clock.now())
    return await _asked(deps, await deps.documents.get(FETCHES, recall_id) or new, by)


async def looked_for(deps: GatewayDeps, study: str) -> Fetch:
    """Have the PACS asked whether it has a Study, and return how far that is."""
    where = (Eq("study_instance_uid", study), Eq("state", FetchState.OPEN))
    rows = [each for each in await deps.documents.find_all(FETCHES, *where) if each.purpose is Purpose.PROVE]
    new = Fetch(id=str(uuid.uuid4()), study_instance_uid=study, purpose=Purpose.PROVE, asked_at=clock.now())
    return await _asked(deps, rows[0] if rows else new, "")


async def is_open(deps: GatewayDeps, study: str) -> bool:
    """Say whether a Study is being fetched to be delivered."""
    rows = await deps.documents.find_all(FETCHES, Eq("study_instance_uid", study), Eq("state", FetchState.OPEN))
    return any(each.purpose is Purpose.DELIVER for each in rows)


async def want_for_repair(deps: GatewayDeps, study: str) -> None:
    """Note that a Study is to be fetched that the centre lost; the linker that runs asks for it."""
    new = Fetch(id=str(uuid.uuid4()), study_instance_uid=study, purpose=Purpose.DELIVER, asked_at=clock.now())
    await deps.documents.put(FETCHES, msgspec.structs.replace(new, for_repair=True))


async def ask_repairs(deps: GatewayDeps) -> None:
    """Have fetched what repairs want, and was not asked for yet."""
    rows = await deps.documents.find_all(FETCHES, Eq("state", FetchState.OPEN))
    wanted = [each for each in rows if each.for_repair and not each.is_asked]
    asked = partial(_asked, deps, by="reconcile")
    await deps.set_asides.of("recall-repair").each(wanted, lambda each: each.id, asked, is_all=True)


async def _asked(deps: GatewayDeps, fetch: Fetch, by: str) -> Fetch:
    if fetch.is_asked:
        return fetch
    await deps.documents.put(FETCHES, fetch)
    study = await deps.documents.get(STUDIES_SEEN, fetch.study_instance_uid)
    await deps.bus.publish(
        RecallWanted.first(
            fetch.id,
            correlation_id=fetch.id,
            site=deps.site,
            recall_id=fetch.id,
            study_instance_uid=fetch.study_instance_uid,
            purpose=fetch.purpose,
            patient_ids=study.patient_ids if study else (),
            by=by,
        )
    )
    decided("recall-asked", service="linker", correlation_id=fetch.id, reason=fetch.purpose.value)
    return await change(deps.documents, FETCHES, fetch.id, _published) or fetch


async def _published(old: Fetch | None) -> Fetch | None:
    return old and msgspec.structs.replace(old, is_asked=True)


async def take_fetched(event: StudyFetched, deps: GatewayDeps) -> Sequence[Event]:
    """Note how far the asking for a Study is; what is said after the end, or again, changes nothing."""

    async def step(old: Fetch | None) -> Fetch | None:
        if old is None:
            raise NotFound("unknown-recall", "nobody here asked for this Study")
        if old.is_end:
            return None
        return msgspec.structs.replace(
            old,
            outcome=event.outcome,
            is_end=event.is_end,
            instances=event.instances,
            refused=event.refused,
            told_at=clock.now(),
            state=FetchState.ENDED if event.is_end and old.for_repair else old.state,
        )

    await change(deps.documents, FETCHES, event.recall_id, step)
    deps.wake_up.set()
    return ()


async def ended(deps: GatewayDeps, fetch: Fetch) -> None:
    """Note that the centre has been answered."""
    await change(deps.documents, FETCHES, fetch.id, partial(_ended))


async def _ended(old: Fetch | None) -> Fetch | None:
    return old and msgspec.structs.replace(old, state=FetchState.ENDED)


async def recall_of(deps: GatewayDeps, event: InstancesDeidentified) -> str:
    """Return the recall that Instances come for: that of their Study which is open; empty if there is none."""
    where = (Eq("study_instance_uid", event.keys.study_instance_uid), Eq("state", FetchState.OPEN))
    rows = [each for each in await deps.documents.find_all(FETCHES, *where) if each.purpose is Purpose.DELIVER]
    return max(rows, key=lambda each: each.asked_at).id if rows else ""


async def is_of_opted_out(deps: GatewayDeps, study_instance_uid: str) -> bool:
    """Say whether a Study is of a patient who opted out: of such a one nothing is fetched."""
    study = await deps.documents.get(STUDIES_SEEN, study_instance_uid)
    return await is_withdrawn(deps, study.patient_ids if study else (), study_instance_uid)


async def is_withdrawn(deps: GatewayDeps, patient_ids: Iterable[str], name: str) -> bool:
    """Say whether one of the patients opted out, or a withdrawal names the Study or report."""
    patients = sorted({*patient_ids} - {""})
    if patients and await deps.documents.get_many(OPTED_OUT, patients):
        return True
    rows = [each async for each in deps.documents.every(WITHDRAWALS) if not each.lifts]
    return any(name in (*each.study_instance_uids, *each.report_ids) for each in rows)
