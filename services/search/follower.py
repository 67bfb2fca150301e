"""Keeps the index in step with the archive's and the linker's ordered change feeds.

Events only wake it: what it does follows from the feeds and from the positions kept in the index, so every replica is
complete by itself, a lost or repeated event changes nothing, and an empty index rebuilds itself.
"""

import asyncio

from services.search.case import Case, build_case
from services.search.index import CaseIndex
from services.search.sources import Sources
from shared.errors import Transient
from shared.logs import decided

STUDIES, REPORTS = "studies", "reports"
AT_ONCE = 8
BACKOFF_S = (0.5, 1, 2, 5, 10, 30)


class Follower:
    """Reads both feeds and replaces the cases they name."""

    def __init__(self, index: CaseIndex, sources: Sources, *, poll_s: float, batch: int) -> None:
        self._index = index
        self._sources = sources
        self._poll_s = poll_s
        self._batch = batch
        self._woken = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)

    def wake(self) -> None:
        """Read the feeds now."""
        self._woken.set()

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
        positions = await asyncio.to_thread(self._index.positions)
        studies, studies_at = await self._sources.study_changes(positions.get(STUDIES, 0), self._batch)
        reports, reports_at = await self._sources.case_changes(positions.get(REPORTS, 0), self._batch)
        if not studies and not reports:
            return False
        before = await asyncio.to_thread(
            self._index.holding, [change.report_id for change in reports if change.report_id]
        )
        touched = {*studies, *before, *(case_id for change in reports for case_id in change.case_ids)}
        built = await asyncio.gather(*(self._build(case_id) for case_id in sorted(touched)))
        changed = [case for case in built if case is not None]
        gone = sorted(touched - {case.id for case in changed})
        at = {STUDIES: studies_at, REPORTS: reports_at}
        await asyncio.to_thread(self._index.update, changed, gone, at)
        decided("indexed", service="search", count=len(changed))
        return True

    async def _build(self, case_id: str) -> Case | None:
        """Build a case from what the services say now; None if there is nothing to it any more."""
        async with self._slots:
            if case_id.startswith("report-"):
                found = await self._sources.documents(report=case_id.removeprefix("report-"))
                lone = [report for report in found.reports if not report.studies]
                return build_case("", None, [], lone, found.diagnoses, found.annotations)
            study, series = await self._sources.study(case_id)
            found = await self._sources.documents(study=case_id)
        return build_case(case_id, study, series, found.reports, found.diagnoses, found.annotations)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
