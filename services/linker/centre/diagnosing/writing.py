"""Record, change and withdraw confirmed diagnoses; every write brings its case up to date and tells the feed."""

import asyncio
import uuid
from collections.abc import Iterable

import msgspec

from services.linker.centre import archive, feed, within_reach
from services.linker.centre.deps import CentreDeps
from services.linker.centre.records import REPORTS, STUDIES_KNOWN
from services.linker.centre.withdrawal_records import check_studies
from services.linker.diagnoses import request
from services.linker.diagnoses.agreement import check_may_read, standing_of
from services.linker.diagnoses.records import (
    DIAGNOSES,
    DIAGNOSIS_CASES,
    Content,
    Diagnosis,
    DiagnosisCase,
    State,
    cases_of,
)
from services.linker.diagnoses.request import DiagnosisRequest
from shared import clock
from shared.documents import Eq
from shared.documents.optimistic import change, derive
from shared.errors import NotFound
from shared.terms.check import check_code
from shared.web.identity.actor import CURRENT

_REPORT = "report:"


class OtherVersion(Exception):
    """Somebody changed the diagnosis since it was seen. current: as it is now."""

    def __init__(self, current: Diagnosis) -> None:
        super().__init__("another version")
        self.current = current


async def write(deps: CentreDeps, asked: DiagnosisRequest) -> Diagnosis:
    """Carry out a checked request. Raises OtherVersion, Invalid, NotFound, Refused, Unavailable."""
    await within_reach.check(deps, asked.studies, asked.report_id)
    await check_studies(deps, *asked.studies)
    await _check_cases(deps, asked)
    checked = ("", "")
    if asked.code and not asked.remove:
        found = await asyncio.to_thread(check_code, deps.terms, asked.system, asked.code, asked.modifiers)
        checked = (found.version, found.display)
    actor = CURRENT.get()
    author_id, at = actor.subject if actor else "", clock.utc_now().isoformat(timespec="milliseconds")
    content = request.content_of(asked, at=at, author_id=author_id, checked=checked)
    entry = await (_change(deps, asked, content) if asked.id else _create(deps, content))
    for case in cases_of(entry):
        await settle(deps, case)
    await feed.note(deps, "diagnosis", entry.id, entry.touched)
    return await deps.documents.get(DIAGNOSES, entry.id) or entry


async def settle(deps: CentreDeps, case: str) -> DiagnosisCase | None:
    """Bring the state of a case and of each of its diagnoses in line with what they say, and return the case."""

    async def step(old: DiagnosisCase | None) -> DiagnosisCase | None:
        entries = await diagnoses_of(deps, case)
        standing = standing_of(entries)
        for entry in entries:
            await _set_state(deps, entry, standing.states.get(entry.id, entry.state))
        same = old is not None and (old.state, old.readers) == (standing.state, standing.readers)
        at = old.changed_at if old and same else clock.utc_now().isoformat(timespec="milliseconds")
        return DiagnosisCase(case=case, state=standing.state, readers=standing.readers, changed_at=at)

    return await derive(deps.documents, DIAGNOSIS_CASES, case, step)


async def diagnoses_of(deps: CentreDeps, case: str) -> list[Diagnosis]:
    """Return every diagnosis of a case, withdrawn ones too."""
    if case.startswith(_REPORT):
        entries = await deps.documents.find_all(DIAGNOSES, Eq("report_id", case.removeprefix(_REPORT)))
        return [entry for entry in entries if not entry.touched]
    return [entry async for entry in deps.documents.every(DIAGNOSES, Eq("studies", case))]


async def _create(deps: CentreDeps, content: Content) -> Diagnosis:
    entry = request.created(str(uuid.uuid4()), content)
    if content.reading != "single":
        (case,) = cases_of(entry)
        check_may_read(await diagnoses_of(deps, case), content.reading, entry.author)
    await deps.documents.put(DIAGNOSES, entry, if_version=0)
    return entry


async def _change(deps: CentreDeps, asked: DiagnosisRequest, content: Content) -> Diagnosis:
    await within_reach.check_entry(deps, await deps.documents.get(DIAGNOSES, asked.id))

    async def step(old: Diagnosis | None) -> Diagnosis | None:
        if old is None or is_hidden(old, content.author_id or content.by):
            raise NotFound("unknown-entry", "id: no such diagnosis")
        new = content
        if asked.remove:
            new = request.withdrawn(old.content, asked, at=content.at, author_id=content.author_id)
        if request.is_same(old.content, new):
            return None
        if asked.version != len(old.versions):
            raise OtherVersion(old)
        request.check_may_change(old, asked, content.author_id or content.by)
        return request.changed(old, new)

    entry = await change(deps.documents, DIAGNOSES, asked.id, step)
    if entry is None:
        raise NotFound("unknown-entry", "id: no such diagnosis")
    return entry


def is_hidden(entry: Diagnosis, author: str) -> bool:
    """Say whether a diagnosis is a reading that is not the author's, of a case whose readings are not both in."""
    return entry.state is State.READING and entry.author != author


async def _set_state(deps: CentreDeps, entry: Diagnosis, state: State) -> None:
    async def step(old: Diagnosis | None) -> Diagnosis | None:
        return None if old is None else msgspec.structs.replace(old, state=state)

    if entry.state is not state:
        await change(deps.documents, DIAGNOSES, entry.id, step)


async def _check_cases(deps: CentreDeps, asked: DiagnosisRequest) -> None:
    """Raise NotFound for a case that does not exist: a Study that neither was stored nor has a report, a report."""
    missing = await _unknown_studies(deps, asked.studies)
    if missing:
        raise NotFound("unknown-study", "no such Study")
    if asked.report_id:
        report = await deps.documents.get(REPORTS, asked.report_id)
        if report is None or (report.hidden and not asked.studies):
            raise NotFound("unknown-report", "no such report")


async def _unknown_studies(deps: CentreDeps, uids: Iterable[str]) -> set[str]:
    wanted = set(uids)
    wanted -= set(await deps.documents.get_many(STUDIES_KNOWN, sorted(wanted))) if wanted else set()
    for uid in sorted(wanted):
        if (await deps.documents.find(REPORTS, Eq("studies", uid), limit=1)).documents:
            wanted.discard(uid)
    return wanted - set(await archive.sites(deps, wanted)) if wanted else set()
