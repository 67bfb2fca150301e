"""Removes bytes that no record speaks of: what a crash or a lost race left behind.

Bytes are written before their record, so that what has none now may get one soon. Only what is found without a record
twice, a whole interval apart, goes.
"""

from collections.abc import AsyncIterator, Sequence

from services.archive.deps import ArchiveDeps
from services.archive.records import CONFLICTS, INSTANCES, InstanceState
from shared.logs import decided

PAGE = 500


class Orphans:
    """Remembers what the last sweep found."""

    def __init__(self, deps: ArchiveDeps) -> None:
        self._deps = deps
        self._suspects: frozenset[str] = frozenset()

    async def sweep(self) -> int:
        """Delete what was an orphan before and still is; return how many."""
        suspects: set[str] = set()
        deleted = 0
        async for page in self._pages():
            for key in await self._unknown(page):
                if key in self._suspects:
                    deleted += await self._deps.blobs.delete(key)
                else:
                    suspects.add(key)
        self._suspects = frozenset(suspects)
        if deleted:
            decided("orphans-removed", service="archive", count=deleted)
        return deleted

    async def _pages(self) -> AsyncIterator[list[str]]:
        page: list[str] = []
        async for key in self._deps.blobs.keys():
            page.append(key)
            if len(page) == PAGE:
                yield page
                page = []
        if page:
            yield page

    async def _unknown(self, keys: Sequence[str]) -> list[str]:
        uids = {key: key.rpartition("/")[2].rsplit(".", 2)[0] for key in keys if key.startswith("instances/")}
        ids = {key: key.rpartition("/")[2].removesuffix(".dcm") for key in keys if key.startswith("conflicts/")}
        records = await self._deps.documents.get_many(INSTANCES, sorted(set(uids.values())))
        conflicts = await self._deps.documents.get_many(CONFLICTS, sorted(ids.values()))
        known = {record.blob for record in records.values() if record.state == InstanceState.STORED}
        known |= {conflict.blob for conflict in conflicts.values()}
        return [key for key in (*uids, *ids) if key not in known]
