"""The Search Transaction (QIDO-RS): plan the keys, read records, compare what the index cannot answer.

Source: PS3.18 10.6.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from services.archive.attributes.stored import Record, attributes_of
from services.archive.deps import ArchiveDeps
from services.archive.query.matching import matches
from services.archive.query.parameters import Level, MatchingKey, Search
from services.archive.query.plan import plan, plan_keys
from services.archive.query.results import parents_of, result_of
from services.archive.records import INSTANCES, SERIES, STUDIES
from shared.dicom.json_values import Json
from shared.documents import Collection, Condition, Eq, In, Order
from shared.web.access import reach
from shared.web.access.reach import Reach

COLLECTIONS: dict[str, Collection[Any]] = {Level.STUDY: STUDIES, Level.SERIES: SERIES, Level.INSTANCE: INSTANCES}
ORDER = {Level.STUDY: (Order("study_date", descending=True),), Level.SERIES: (), Level.INSTANCE: ()}
KEY_TAGS = {Level.STUDY: "0020000D", Level.SERIES: "0020000E", Level.INSTANCE: "00080018"}
PAGE = 500
MOST_PARENTS = 20_000


class SearchResults(msgspec.Struct, frozen=True):
    """results: JSON objects as bytes.  more: the cap cut the list.  broad: a relational key matched too many."""

    results: list[bytes]
    more: bool = False
    broad: bool = False


async def search(asked: Search, deps: ArchiveDeps, base: str) -> SearchResults:
    """Carry out a search, of what is within reach of the request.

    base: the archive's root as the user agent knows it, for Retrieve URLs.
    """
    reached = reach.current()
    cap = deps.settings.max_results
    limit = cap if asked.limit is None else min(asked.limit, cap)
    conditions, broad = await _conditions(asked, deps)
    if conditions is None:
        return SearchResults([], broad=broad)
    own = tuple(key for key in asked.matches if key.level == asked.level or key.tag == KEY_TAGS[asked.level])
    local = plan(asked.level, own, fuzzy=asked.fuzzy)
    where = (*conditions, *local.conditions, *_within(asked.level, reached))
    records, more = await _records(deps, asked, where, local.rest, limit)
    if not reached.is_all and asked.level != Level.STUDY:
        records = await _of_studies_within(reached, records, deps)
    parents = await parents_of(deps, asked, records)
    results = [result_of(record, parents, asked, base) for record in records]
    return SearchResults(results, more=more and (asked.limit is None or asked.limit > cap), broad=broad)


def _within(level: Level, reached: Reach) -> list[Condition]:
    """Return what the index compares so that only what is within reach is found."""
    if reached.is_all:
        return []
    field, sites = "site" if level == Level.INSTANCE else "only_site", tuple(sorted(reached.sites - {""}))
    return [Eq(field, sites[0]) if len(sites) == 1 else In(field, sites)]


async def _of_studies_within(reached: Reach, records: Sequence[Any], deps: ArchiveDeps) -> list[Any]:
    """Leave out what is of a Study of no site: one that holds Instances of several is not shown in parts."""
    studies = await deps.documents.get_many(STUDIES, sorted({each.study_instance_uid for each in records}))
    within = {uid for uid, study in studies.items() if reached.holds(study.only_site)}
    return [each for each in records if each.study_instance_uid in within]


async def _conditions(asked: Search, deps: ArchiveDeps) -> tuple[list[Condition] | None, bool]:
    """Turn keys of other levels into conditions on this one; None if they match nothing."""
    conditions: list[Condition] = []
    broad = False
    for level in Level:
        keys = tuple(key for key in asked.matches if key.level == level and key.tag != KEY_TAGS[asked.level])
        if level == asked.level or not keys:
            continue
        direct = plan_keys(asked.level, tuple(key for key in keys if key.tag in KEY_TAGS.values()))
        conditions += direct.conditions
        others = tuple(key for key in keys if key.tag not in KEY_TAGS.values() or key in direct.rest)
        if not others:
            continue
        uids, too_many = await _related(asked, level, others, deps)
        broad = broad or too_many
        if not uids:
            return None, broad
        conditions.append(In(_join_field(asked.level, level), uids))
    return conditions, broad


def _join_field(level: Level, other: Level) -> str:
    """The field that two levels have in common: the key of the higher one."""
    return "study_instance_uid" if Level.STUDY in (level, other) else "series_instance_uid"


async def _related(
    asked: Search, level: Level, keys: tuple[MatchingKey, ...], deps: ArchiveDeps
) -> tuple[tuple[str, ...], bool]:
    """Return the keys in common of the other level's records that match."""
    field = _join_field(asked.level, level)
    local = plan(level, keys, fuzzy=asked.fuzzy)
    uids: dict[str, None] = {}
    where = (*local.conditions, *_within(level, reach.current()))
    async for record in _scan(deps, level, where, local.rest, asked.fuzzy):
        uids[getattr(record, field)] = None
        if len(uids) > MOST_PARENTS:
            return tuple(uids), True
    return tuple(uids), False


async def _records(
    deps: ArchiveDeps, asked: Search, where: Sequence[Condition], rest: Sequence[MatchingKey], limit: int
) -> tuple[list[Any], bool]:
    """Return one page and whether there is more after it."""
    if not rest:
        page = await deps.documents.find(
            COLLECTIONS[asked.level], *where, order=ORDER[asked.level], limit=limit + 1, offset=asked.offset
        )
        return page.documents[:limit], len(page.documents) > limit
    matching: list[Any] = []
    skipped = 0
    async for record in _scan(deps, asked.level, where, rest, asked.fuzzy):
        if skipped < asked.offset:
            skipped += 1
        elif len(matching) == limit:
            return matching, True
        else:
            matching.append(record)
    return matching, False


async def _scan(
    deps: ArchiveDeps, level: Level, where: Sequence[Condition], rest: Sequence[MatchingKey], fuzzy: bool
) -> AsyncIterator[Any]:
    """Yield the records that satisfy the conditions and all of the rest."""
    after: str | None = None
    while True:
        page = await deps.documents.find(COLLECTIONS[level], *where, order=ORDER[level], limit=PAGE, after=after)
        matching = await asyncio.to_thread(_filtered, page.documents, rest, fuzzy) if rest else page.documents
        for record in matching:
            yield record
        after = page.next
        if after is None:
            return


def _filtered(records: Sequence[Record], rest: Sequence[MatchingKey], fuzzy: bool) -> list[Record]:
    return [record for record in records if _all_match(attributes_of(record), rest, fuzzy)]


def _all_match(attributes: Json, rest: Sequence[MatchingKey], fuzzy: bool) -> bool:
    return all(matches(attributes, key, fuzzy=fuzzy) for key in rest)
