"""Notes which cases come to satisfy a saved query, as the index takes them.

A case that satisfied it before is none. Notes are written before the index takes the cases, under a key of query and
case: a repeated batch, or another replica, notes the same again. What comes while an index is built is noted by none.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from services.search.case import Case
from services.search.index.case_batch import CaseBatch
from services.search.index.case_index import CaseIndex
from services.search.language.query import CaseQuery, parse_query
from services.search.saved.records import MATCHES, SAVED_SEARCHES, Match, SavedSearch
from shared import clock
from shared.documents import Documents, Eq, Order
from shared.errors import Invalid

MOST_MATCHES = 1000
"""How many matches of one saved query are kept; the oldest are left out."""


class Matches:
    """The matches of all saved queries, for one index."""

    def __init__(self, documents: Documents, index: CaseIndex) -> None:
        self._documents = documents
        self._index = index

    async def note(self, changed: Sequence[Case], gone: Sequence[str]) -> None:
        """Note what these cases, which the index does not hold yet in this form, newly satisfy; forget what is gone."""
        searches = [each async for each in self._documents.every(SAVED_SEARCHES)]
        if not searches:
            return
        for case_id in gone:
            for match in await self._documents.find_all(MATCHES, Eq("case_id", case_id)):
                await self._documents.delete(MATCHES, match.id)
        is_complete = await asyncio.to_thread(self._index.is_complete)
        if changed and is_complete:
            for search, case_ids in await asyncio.to_thread(self._new, searches, changed):
                await self._put(search, case_ids)

    async def forget(self, search_id: str) -> None:
        """Delete all matches of a saved query."""
        for match in await self._documents.find_all(MATCHES, Eq("search_id", search_id)):
            await self._documents.delete(MATCHES, match.id)

    def _new(self, searches: Sequence[SavedSearch], changed: Sequence[Case]) -> list[tuple[SavedSearch, set[str]]]:
        batch = CaseBatch(changed)
        new: list[tuple[SavedSearch, set[str]]] = []
        for search in searches:
            query = query_of(search)
            if query is not None and (now := batch.among(query)):
                new.append((search, now - self._index.among(query, sorted(now))))
        return [(search, case_ids) for search, case_ids in new if case_ids]

    async def _put(self, search: SavedSearch, case_ids: set[str]) -> None:
        for case_id in sorted(case_ids):
            key = f"{search.id}/{case_id}"
            if await self._documents.get(MATCHES, key) is None:
                match = Match(id=key, search_id=search.id, case_id=case_id, at=clock.now())
                await self._documents.put(MATCHES, match)
        newest_first = (Order("at", descending=True),)
        old = await self._documents.find(MATCHES, Eq("search_id", search.id), order=newest_first, offset=MOST_MATCHES)
        for match in old.documents:
            await self._documents.delete(MATCHES, match.id)


def query_of(search: SavedSearch) -> CaseQuery | None:
    """Return the query that was saved; None if the language does not read it any more."""
    try:
        query = parse_query(search.parameters)
    except Invalid:
        return None
    return msgspec.structs.replace(query, facets=(), after=None, offset=0)
