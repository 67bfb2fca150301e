"""Which diagnoses and cases a request sees: lists, a diagnosis with its history, the worklist, everything by pages."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from services.linker.centre import views, within_reach
from services.linker.centre.deps import CentreDeps
from services.linker.centre.diagnosing.writing import is_hidden
from services.linker.centre.records import STUDIES_KNOWN, KnownStudy
from services.linker.diagnoses.records import (
    DIAGNOSES,
    DIAGNOSIS_CASES,
    CaseState,
    Diagnosis,
    DiagnosisCase,
    State,
    cases_of,
)
from shared.documents import Condition, Eq
from shared.errors import Invalid

Json = dict[str, Any]
_PAGE = 200
MOST_LOOKED_AT = 5_000
"""Studies that one request for a worklist goes through; its answer says where to go on."""


async def listed(deps: CentreDeps, asked: Mapping[str, str], author: str, limit: int) -> tuple[list[Json], str | None]:
    """Return the diagnoses of a Study or report (all, if neither is named) that count, and the next page.

    removed: withdrawn ones too.  readings: also the author's own readings, and those of cases where both are in.
    """
    where: list[Condition] = []
    if "study" in asked:
        where.append(Eq("studies", asked["study"]))
    if "report" in asked:
        where.append(Eq("report_id", asked["report"]))
    page = await deps.documents.find(DIAGNOSES, *where, limit=limit, after=asked.get("after") or None)
    seen = await within_reach.entries(deps, page.documents)
    if "removed" not in asked:
        seen = [entry for entry in seen if not entry.is_removed]
    if "readings" not in asked:
        return [views.entry(entry) for entry in seen if entry.state is State.STANDS], page.next
    return [views.entry(entry) for entry in seen if await _may_see(deps, entry, author)], page.next


async def with_history(deps: CentreDeps, entry_id: str, author: str) -> Diagnosis | None:
    """Return a diagnosis that the author may see; None if there is none."""
    entry = await deps.documents.get(DIAGNOSES, entry_id)
    if entry is None or not await within_reach.entries(deps, [entry]):
        return None
    return entry if await _may_see(deps, entry, author) else None


async def worklist(
    deps: CentreDeps, state: str, author: str, *, limit: int, after: str | None
) -> tuple[list[Json], str | None]:
    """Return cases of one state, and the next page. Raises Invalid.

    awaiting: Studies that nobody has diagnosed or read.  one-reading: a second reader is awaited, which whoever read
    it first is not.  disagreed: somebody who has not read it adjudicates.
    """
    if state not in set(CaseState):
        raise Invalid("wrong-parameter", f"state is one of {', '.join(CaseState)}")
    if state == CaseState.AWAITING:
        return await _awaiting(deps, limit, after)
    page = await deps.documents.find(DIAGNOSIS_CASES, Eq("state", state), limit=limit, after=after)
    reached = set(await within_reach.cases(deps, [each.case for each in page.documents]))
    shown = [_case(each, author) for each in page.documents if each.case in reached]
    return shown, page.next


async def standing(deps: CentreDeps, page_size: int = _PAGE) -> AsyncIterator[list[Diagnosis]]:
    """Yield all diagnoses that count and are within reach, by pages."""
    after: str | None = None
    while True:
        page = await deps.documents.find(DIAGNOSES, Eq("state", State.STANDS), limit=page_size, after=after)
        yield [entry for entry in await within_reach.entries(deps, page.documents) if not entry.is_removed]
        after = page.next
        if after is None:
            return


async def patients(deps: CentreDeps, entry: Diagnosis) -> tuple[str, ...]:
    """Return the pseudonyms of the patient of a diagnosis' Studies."""
    known = await deps.documents.get_many(STUDIES_KNOWN, list(entry.studies)) if entry.studies else {}
    return tuple(sorted({each for study in known.values() for each in study.patient_ids if each}))


async def _awaiting(deps: CentreDeps, limit: int, after: str | None) -> tuple[list[Json], str | None]:
    shown: list[Json] = []
    for _ in range(MOST_LOOKED_AT // _PAGE):
        page = await deps.documents.find(STUDIES_KNOWN, limit=min(_PAGE, limit), after=after)
        shown += await _undiagnosed(deps, page.documents)
        after = page.next
        if after is None or len(shown) >= limit:
            break
    return shown, after


async def _undiagnosed(deps: CentreDeps, studies: Sequence[KnownStudy]) -> list[Json]:
    uids = [study.study_instance_uid for study in studies]
    cases = await deps.documents.get_many(DIAGNOSIS_CASES, uids)
    open_ = [uid for uid in uids if uid not in cases or cases[uid].state is CaseState.AWAITING]
    reached = set(await within_reach.cases(deps, open_))
    return [
        {"study_instance_uid": study.study_instance_uid, "study_dates": list(study.study_dates), "state": "awaiting"}
        for study in studies
        if study.study_instance_uid in reached
    ]


async def _may_see(deps: CentreDeps, entry: Diagnosis, author: str) -> bool:
    """Say whether it is shown: readings of others only once both are in."""
    if not is_hidden(entry, author):
        return True
    (case,) = cases_of(entry)
    known = await deps.documents.get(DIAGNOSIS_CASES, case)
    return known is not None and known.state is CaseState.DISAGREED


def _case(case: DiagnosisCase, author: str) -> Json:
    """Return a case without its readers' names: who comes second does not know who came first."""
    is_report = case.case.startswith("report:")
    name = {"report_id": case.case.removeprefix("report:")} if is_report else {"study_instance_uid": case.case}
    return {
        **name,
        "state": case.state,
        "readings": len(case.readers),
        "read_by_you": author in case.readers,
        "since": case.changed_at,
    }
