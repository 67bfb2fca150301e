"""Keeps the index in step with the archive's and the linker's ordered change feeds.

Events only wake it: what it does follows from the feeds and from the positions kept in the index, so every replica is
complete by itself, a lost or repeated event changes nothing, and an empty index rebuilds itself. A case that cannot be
built is set aside, and the others go on.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

from services.search.case import Case, build_case, of_patient
from services.search.follow.awaited import Awaited
from services.search.follow.set_aside import SetAside
from services.search.follow.sources import Sources
from services.search.follow.stated import with_findings
from services.search.index.case_index import CaseIndex
from shared.errors import Transient
from shared.logs import decided
from shared.supervision import origin

STUDIES, REPORTS = "studies", "reports"
AT_ONCE = 8
ALL_FAILED = 3
"""How often in a row every case of a step may meet a service that is away, before they are set aside as well."""
BACKOFF_S = (0.5, 1, 2, 5, 10, 30)


class Matching(Protocol):
    """Told of the cases that the index takes next."""

    async def note(self, changed: Sequence[Case], gone: Sequence[str]) -> None: ...


class Follower:
    """Reads both feeds and replaces the cases they name."""

    def __init__(
        self,
        index: CaseIndex,
        sources: Sources,
        set_aside: SetAside,
        matches: Matching,
        *,
        poll_s: float,
        batch: int,
    ) -> None:
        self._index = index
        self._set_aside = set_aside
        self._matches = matches
        self._all_failed = 0
        self._reached_at = time.monotonic()
        self._sources = sources
        self._poll_s = poll_s
        self._batch = batch
        self._woken = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.awaited = Awaited()

    def wake(self) -> None:
        """Read the feeds now."""
        self._woken.set()

    def silent_s(self) -> float:
        """Return for how many seconds the feeds have not been reached."""
        return time.monotonic() - self._reached_at

    async def follow(self) -> None:
        """Follow until cancelled; while a service is away, wait and try again."""
        failures = 0
        while True:
            self._woken.clear()
            try:
                busy = await self.step()
                failures = 0
            except Transient as error:
                busy = False
                decided("feeds-away", level="warning", service="search", error=type(error).__name__)
                failures += 1
            if not busy:
                wait_s = BACKOFF_S[min(failures, len(BACKOFF_S)) - 1] if failures else self._poll_s
                await self._wait(wait_s)

    async def step(self) -> bool:
        """Take one batch of changes of each feed; say whether there was any."""
        self.awaited.take()
        positions = await asyncio.to_thread(self._index.positions)
        studies, studies_at = await self._sources.study_changes(positions.get(STUDIES, 0), self._batch)
        reports, reports_at = await self._sources.case_changes(positions.get(REPORTS, 0), self._batch)
        self._reached_at = time.monotonic()
        again = self._set_aside.due()
        at_end = max(len(studies), len(reports)) < self._batch
        if not studies and not reports and not again:
            await asyncio.to_thread(self._index.complete)
            await asyncio.to_thread(self._index.rewrite_after_withdrawal)
            self.awaited.end((), self._set_aside.cases, at_end=True)
            return False
        before = await asyncio.to_thread(
            self._index.holding, [change.report_id for change in reports if change.report_id]
        )
        touched = {*studies, *before, *again, *(case_id for change in reports for case_id in change.case_ids)}
        built, failed = await self._build_all(sorted(touched))
        changed = [case for case in built if case is not None]
        gone = sorted(touched - {case.id for case in changed} - failed.keys())
        at = {STUDIES: studies_at, REPORTS: reports_at}
        if any(change.is_withdrawal for change in reports):
            await asyncio.to_thread(self._index.note_withdrawal)  # before the positions: a crash forgets none
        await asyncio.to_thread(self._set_aside.note, failed, set())  # before the positions: a crash forgets none
        await self._matches.note(changed, gone)
        refused = await asyncio.to_thread(self._index.update, changed, gone, at)
        failed |= refused
        await asyncio.to_thread(self._set_aside.note, refused, touched - failed.keys())
        self.awaited.end(touched, self._set_aside.cases, at_end=at_end)
        if at_end:
            await asyncio.to_thread(self._index.complete)
            await asyncio.to_thread(self._index.rewrite_after_withdrawal)
        decided("indexed", service="search", count=len(touched) - len(failed))
        return bool(studies or reports)

    async def _build_all(self, case_ids: Sequence[str]) -> tuple[list[Case | None], dict[str, Exception]]:
        """Build each case by itself; return the built ones, and why the others are not.

        A service may be away for one case only, as when it cannot answer about it: Unavailable is raised while it is
        for all of them, and not for ever.
        """
        outcomes = await asyncio.gather(*map(self._build_stated, case_ids), return_exceptions=True)
        failed: dict[str, Exception] = {}
        for case_id, outcome in zip(case_ids, outcomes, strict=True):
            if isinstance(outcome, Exception):
                failed[case_id] = outcome
            elif isinstance(outcome, BaseException):
                raise outcome
        self._all_failed = self._all_failed + 1 if failed and len(failed) == len(case_ids) else 0
        away = next((error for error in failed.values() if isinstance(error, Transient)), None)
        if away is not None and 0 < self._all_failed < ALL_FAILED:
            raise away
        for error in failed.values():
            kind = type(error).__name__
            decided("case-set-aside", level="error", service="search", error=kind, origin=origin(error))
        return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)], failed

    async def _build_stated(self, case_id: str) -> Case | None:
        """Build a case and look through its reports; that takes a thread, as a text may be long."""
        case = await self._build(case_id)
        return None if case is None else await asyncio.to_thread(with_findings, case)

    async def _build(self, case_id: str) -> Case | None:
        """Build a case from what the services say now; None if there is nothing to it any more."""
        async with self._slots:
            if case_id.startswith("report-"):
                documents = await self._sources.documents(report=case_id.removeprefix("report-"))
                lone = [report for report in documents.reports if not report.studies]
                case = build_case("", None, [], lone, documents.diagnoses, documents.annotations)
                return of_patient(case, documents.patient_id)
            study, series = await self._sources.study(case_id)
            documents = await self._sources.documents(study=case_id)
        case = build_case(case_id, study, series, documents.reports, documents.diagnoses, documents.annotations)
        return of_patient(case, documents.patient_id)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
