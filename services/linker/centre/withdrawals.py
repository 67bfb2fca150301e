"""Carries out withdrawals: the archive first, then the clinical documents, then the feed that others follow.

What is refused is noted before anything is deleted. Every step may be done again: a kill anywhere goes on where it was.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

import aiohttp
import msgspec

from services.linker.centre import feed
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import (
    ANNOTATIONS,
    PINS,
    PROOFS,
    RECALLS,
    REPORTS,
    STUDIES_KNOWN,
    StoredReport,
)
from services.linker.centre.withdrawal_records import (
    OPEN,
    WITHDRAWALS,
    WITHDRAWN_NAMES,
    GoneStudy,
    Withdrawal,
    WithdrawalState,
    WithdrawnName,
)
from services.linker.diagnoses.records import DIAGNOSES, DIAGNOSIS_CASES, case_of_report
from services.linker.links.merges import PATIENT_MERGES
from services.linker.links.records import LINKS
from shared import clock
from shared.documents import Collection, Delete, Eq, In, Order
from shared.documents.optimistic import change
from shared.errors import Transient, Unavailable
from shared.lease import Lease, LeaseLost
from shared.logs import decided
from shared.pseudonym_digest import digest_of
from shared.web import bearer

WITHDRAWN: Final = "withdrawn"
"""The kind of the feed's row of a Study of which nothing is left."""
_ENTRIES: Final[Mapping[str, Collection[Any]]] = {"diagnosis": DIAGNOSES, "annotation": ANNOTATIONS}
_PLURALS: Final = {"diagnosis": "diagnoses", "annotation": "annotations"}
_PAGE: Final = 200


class _Gone(msgspec.Struct, frozen=True):
    studies: list[GoneStudy]
    others: int = 0


async def carry_out_forever(deps: CentreDeps, lease: Lease) -> None:
    """Carry out what gateways ask for, until cancelled."""
    while True:
        try:
            await carry_out_some(deps, lease)
        except LeaseLost:
            raise
        except Transient as error:
            decided("withdrawal-waits", level="warning", service="linker", error=type(error).__name__)
        await asyncio.sleep(deps.settings.sweep_s)


async def carry_out_some(deps: CentreDeps, lease: Lease) -> int:
    """Carry out every open withdrawal; one that fails is set aside and tried again."""
    await lease.check()
    rows = await deps.documents.find_all(WITHDRAWALS, In("state", OPEN), order=(Order("requested_at"),))
    work = deps.set_asides.of("withdraw")
    return await work.each(rows, lambda row: row.id, partial(_carry_out, deps)) if rows else 0


async def _carry_out(deps: CentreDeps, asked: Withdrawal) -> None:
    names = _names(asked)
    if asked.state is WithdrawalState.LIFTING:
        await _archive(deps, asked)
        every = [each async for each in deps.documents.every(WITHDRAWN_NAMES)]
        own = {each.name for each in every if not asked.patient_ids and each.sites.get(asked.site) == asked.id}
        for name in sorted({*own, *names}):
            await change(deps.documents, WITHDRAWN_NAMES, name, partial(_unnamed, asked.site))
        await _finish(deps, asked, WithdrawalState.LIFTED)
        return
    for name in names:
        await change(deps.documents, WITHDRAWN_NAMES, name, partial(_named, name, asked))
    gone = await _archive(deps, asked)
    studies = {each.study_instance_uid for each in gone.studies}
    for study in studies:
        name = digest_of("study", study)
        await change(deps.documents, WITHDRAWN_NAMES, name, partial(_named, name, asked))
    counts = await _documents(deps, asked, studies)
    counts = {kind: max(count, asked.counts.get(kind, 0)) for kind, count in counts.items()}
    told = msgspec.structs.replace(asked, studies=tuple(gone.studies), counts=counts, others=gone.others)
    for study in sorted(studies):
        await feed.note(deps, WITHDRAWN, study, (study,))
    await _finish(deps, told, WithdrawalState.DONE)


def _names(asked: Withdrawal) -> list[str]:
    kinds = {"patient": asked.patient_ids, "study": asked.study_instance_uids, "report": asked.report_ids}
    studies = [digest_of("study", each.study_instance_uid) for each in asked.studies]
    return [*(digest_of(kind, each) for kind, own in kinds.items() for each in own), *studies]


async def _named(name: str, asked: Withdrawal, old: WithdrawnName | None) -> WithdrawnName | None:
    return WithdrawnName(name=name, sites={**(old.sites if old else {}), asked.site: asked.id})


async def _unnamed(site: str, old: WithdrawnName | None) -> WithdrawnName | None:
    if old is None:
        return None
    return msgspec.structs.replace(old, sites={each: own for each, own in old.sites.items() if each != site})


async def _finish(deps: CentreDeps, asked: Withdrawal, state: WithdrawalState) -> None:
    """Write what became of it; the pseudonyms it was asked by are forgotten."""

    async def step(old: Withdrawal | None) -> Withdrawal | None:
        if old is None or old.state is not asked.state or old.requested_at != asked.requested_at:
            return None  # asked for anew meanwhile
        at = clock.utc_now().isoformat(timespec="milliseconds")
        done = msgspec.structs.replace(asked, state=state, done_at=at, recipients=dict.fromkeys(_recipients(deps), ""))
        return msgspec.structs.replace(done, patient_ids=(), report_ids=(), study_instance_uids=())

    await change(deps.documents, WITHDRAWALS, asked.id, step)
    decided(f"withdrawal-{state.value}", level="warning", service="linker", count=len(asked.studies))


def _recipients(deps: CentreDeps) -> tuple[str, ...]:
    return deps.settings.recipients


async def _archive(deps: CentreDeps, asked: Withdrawal) -> _Gone:
    """Have the archive delete the Studies, and return them. Raises Unavailable."""
    body: dict[str, Any] = {
        "withdrawal_id": asked.id,
        "site": asked.site,
        "patient_ids": asked.patient_ids,
        "study_instance_uids": asked.study_instance_uids,
        "lifts": asked.state is WithdrawalState.LIFTING,
    }
    is_known = "Authorization" in deps.session.headers  # as our own service, where everybody is asked
    headers = {} if is_known else bearer.header(deps.gateways.token_of(asked.site))
    url = f"{deps.settings.archive_url}/withdrawals"
    timeout = aiohttp.ClientTimeout(total=deps.settings.request_timeout_s)
    try:
        async with deps.session.post(url, json=body, headers=headers, timeout=timeout) as answer:
            if answer.status != 200:
                raise Unavailable(f"the archive answered {answer.status} to a withdrawal")
            return msgspec.json.decode(await answer.read(), type=_Gone)
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
        raise Unavailable("the archive takes no withdrawal") from error


async def _documents(deps: CentreDeps, asked: Withdrawal, studies: set[str]) -> dict[str, int]:
    """Delete every clinical document of the patient; return how many of each kind."""
    reports = await _reports(deps, asked)
    counted = Counter({"reports": len(reports)})
    for report in reports:
        case = Delete(DIAGNOSIS_CASES, case_of_report(report.report_id))
        await deps.documents.write(Delete(LINKS, report.report_id), Delete(REPORTS, report.report_id), case)
        await feed.note(deps, "report", report.report_id, (*report.touched, *report.studies))
    for kind, collection in _ENTRIES.items():
        entries = await _entries(deps, collection, studies, {each.report_id for each in reports})
        counted[_PLURALS[kind]] = len(entries)
        for entry in entries:
            await deps.documents.write(Delete(collection, entry.id))
            await feed.note(deps, kind, entry.id, entry.touched)
    for merge in await deps.documents.find_all(PATIENT_MERGES, In("patients", asked.patient_ids)):
        if merge.site == asked.site:
            await deps.documents.delete(PATIENT_MERGES, merge.id)
    for study in studies:
        pins = await deps.documents.find_all(PINS, Eq("study_instance_uid", study))
        rows = [Delete(each, study) for each in (STUDIES_KNOWN, RECALLS, PROOFS, DIAGNOSIS_CASES)]
        await deps.documents.write(*rows, *(Delete(PINS, each.id) for each in pins))
    return dict(counted)


async def _reports(deps: CentreDeps, asked: Withdrawal) -> list[StoredReport]:
    """Return the reports of the patient that are this site's, whichever of their versions names the patient."""
    found = await deps.documents.find_all(REPORTS, In("patient_id", asked.patient_ids)) if asked.patient_ids else []
    named = await deps.documents.get_many(REPORTS, list(asked.report_ids)) if asked.report_ids else {}
    every = {each.report_id: each for each in (*found, *named.values())}
    return [each for each in every.values() if each.site in ("", asked.site)]


async def _entries(
    deps: CentreDeps, collection: Collection[Any], studies: Iterable[str], reports: Iterable[str]
) -> list[Any]:
    found: dict[str, Any] = {}
    for field, values in (("studies", sorted(studies)), ("report_id", sorted(reports))):
        for start in range(0, len(values), _PAGE):
            page = In(field, tuple(values[start : start + _PAGE]))
            found |= {each.id: each for each in await deps.documents.find_all(collection, page)}
    return list(found.values())
