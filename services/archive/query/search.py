"""The Search Transaction: QIDO-RS at /studies, /series, /instances and the nested resources.

Source: PS3.18 10.6. What the index cannot answer is compared record by record over what it leaves, never ignored.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import orjson

from services.archive.attributes import search_results
from services.archive.attributes.stored import Record, attributes_of
from services.archive.deps import ArchiveDeps
from services.archive.query.matching import in_range, matches
from services.archive.query.parameters import INSTANCE, LEVELS, SERIES, STUDY, Match, Search, split_range
from services.archive.query.plan import Plan, plan
from services.archive.records import INSTANCES, STUDIES
from services.archive.records import SERIES as SERIES_COLLECTION
from shared.dicom.json_values import Json, attribute, text
from shared.documents import Collection, Condition, In, Order

COLLECTIONS: dict[str, Collection[Any]] = {STUDY: STUDIES, SERIES: SERIES_COLLECTION, INSTANCE: INSTANCES}
ORDER = {STUDY: (Order("study_date", descending=True),), SERIES: (), INSTANCE: ()}
KEY_TAGS = {STUDY: "0020000D", SERIES: "0020000E", INSTANCE: "00080018"}
PAGE = 500
MOST_PARENTS = 20_000


class Found(msgspec.Struct, frozen=True):
    """answers: JSON objects as bytes.  more: the cap cut the list.  broad: a relational key matched too many."""

    answers: list[bytes]
    more: bool = False
    broad: bool = False


async def search(asked: Search, deps: ArchiveDeps, base: str) -> Found:
    """Carry out a search. base: the archive's root as the user agent knows it, for Retrieve URLs."""
    cap = deps.settings.max_results
    limit = cap if asked.limit is None else min(asked.limit, cap)
    conditions, broad = await _conditions(asked, deps)
    if conditions is None:
        return Found([], broad=broad)
    own = tuple(key for key in asked.matches if key.level == asked.level or key.tag == KEY_TAGS[asked.level])
    local, rest = _planned(asked.level, own, asked.fuzzy)
    where = (*conditions, *local.conditions)
    records, more = await _records(deps, asked, where, rest, limit)
    parents = await _parents(deps, asked, records)
    found = [_answer(record, parents, asked, base) for record in records]
    cut = more and (asked.limit is None or asked.limit > cap)
    return Found(found, more=cut, broad=broad)


async def _conditions(asked: Search, deps: ArchiveDeps) -> tuple[list[Condition] | None, bool]:
    """Turn keys of other levels into conditions on this one; None if they match nothing."""
    conditions: list[Condition] = []
    broad = False
    for level in LEVELS:
        keys = tuple(key for key in asked.matches if key.level == level and key.tag != KEY_TAGS[asked.level])
        if level == asked.level or not keys:
            continue
        direct = plan(asked.level, tuple(key for key in keys if key.tag in KEY_TAGS.values()))
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


def _join_field(level: str, other: str) -> str:
    """The field that two levels have in common: the key of the higher one."""
    higher = LEVELS[min(LEVELS.index(level), LEVELS.index(other))]
    return {STUDY: "study_instance_uid", SERIES: "series_instance_uid"}[higher]


async def _related(
    asked: Search, level: str, keys: tuple[Match, ...], deps: ArchiveDeps
) -> tuple[tuple[str, ...], bool]:
    """Return the keys in common of the other level's records that match."""
    field = _join_field(asked.level, level)
    local, rest = _planned(level, keys, asked.fuzzy)
    uids: dict[str, None] = {}
    async for record in _scan(deps, level, local.conditions, rest, asked.fuzzy):
        uids[getattr(record, field)] = None
        if len(uids) > MOST_PARENTS:
            return tuple(uids), True
    return tuple(uids), False


async def _records(
    deps: ArchiveDeps, asked: Search, where: Sequence[Condition], rest: Sequence[Match], limit: int
) -> tuple[list[Any], bool]:
    """Return one page and whether there is more after it."""
    if not rest:
        page = await deps.documents.find(
            COLLECTIONS[asked.level], *where, order=ORDER[asked.level], limit=limit + 1, offset=asked.offset
        )
        return page.documents[:limit], len(page.documents) > limit
    found: list[Any] = []
    skipped = 0
    async for record in _scan(deps, asked.level, where, rest, asked.fuzzy):
        if skipped < asked.offset:
            skipped += 1
        elif len(found) == limit:
            return found, True
        else:
            found.append(record)
    return found, False


async def _scan(
    deps: ArchiveDeps, level: str, where: Sequence[Condition], rest: Sequence[Match], fuzzy: bool
) -> AsyncIterator[Any]:
    """Yield the records that satisfy the conditions and all of the rest."""
    after: str | None = None
    while True:
        page = await deps.documents.find(COLLECTIONS[level], *where, order=ORDER[level], limit=PAGE, after=after)
        good = await asyncio.to_thread(_filtered, page.documents, rest, fuzzy) if rest else page.documents
        for record in good:
            yield record
        after = page.next
        if after is None:
            return


def _filtered(records: Sequence[Record], rest: Sequence[Match], fuzzy: bool) -> list[Record]:
    return [record for record in records if _all_match(attributes_of(record), rest, fuzzy)]


def _all_match(attributes: Json, rest: Sequence[Match], fuzzy: bool) -> bool:
    return all(
        _moment(attributes, key) if key.vr == "combined" else matches(attributes, key, fuzzy=fuzzy) for key in rest
    )


def _planned(level: str, keys: tuple[Match, ...], fuzzy: bool) -> tuple[Plan, tuple[Match, ...]]:
    """Plan the keys, with ranges of a date and its time as one."""
    combined = _combined(keys)
    times = {key.path[1] for key in combined}
    local = plan(level, tuple(key for key in keys if len(key.path) > 1 or key.tag not in times), fuzzy=fuzzy)
    return local, (*local.rest, *combined)


_PAIRS = {"00080020": "00080030", "00080021": "00080031", "00080022": "00080032", "00080023": "00080033"}


def _combined(keys: Sequence[Match]) -> list[Match]:
    """Date and time ranges together are one range of moments (PS3.4 C.2.2.2.5.4); dates alone narrow it first."""
    by_tag = {key.tag: key for key in keys if len(key.path) == 1}
    pairs = ((by_tag.get(date), by_tag.get(time)) for date, time in _PAIRS.items())
    return [
        Match((date.tag, time.tag), "combined", (date.values[0], time.values[0]))
        for date, time in pairs
        if date and time and split_range("DA", date.values[0]) and split_range("TM", time.values[0])
    ]


def _moment(attributes: Json, key: Match) -> bool:
    values = [text(attributes, tag) for tag in key.path]
    dates, times = split_range("DA", key.values[0]) or ("", ""), split_range("TM", key.values[1]) or ("", "")
    low, high = (date and date + time for date, time in zip(dates, times, strict=True))  # an open end has no time
    return in_range("".join(values), "DT", f"{low}-{high}")


async def _parents(deps: ArchiveDeps, asked: Search, records: Sequence[Any]) -> dict[str, Json]:
    """Fetch what relational answers also hold: the Study's and Series' Attributes (PS3.18 10.6.3.3)."""
    fixed = {key.tag for key in asked.matches if key.vr == "UI" and len(key.values) == 1}
    found: dict[str, Json] = {}
    if asked.level != STUDY and "0020000D" not in fixed:
        studies = await deps.documents.get_many(STUDIES, list({r.study_instance_uid for r in records}))
        found |= {uid: orjson.loads(record.answer) for uid, record in studies.items()}
    if asked.level == INSTANCE and "0020000E" not in fixed:
        series = await deps.documents.get_many(SERIES_COLLECTION, list({r.series_instance_uid for r in records}))
        found |= {uid: orjson.loads(record.answer) for uid, record in series.items()}
    return found


def _answer(record: Any, parents: dict[str, Json], asked: Search, base: str) -> bytes:
    """Put one answer together; bytes made at store time are only joined where nothing more is asked."""
    url = f"{base}/studies/{record.study_instance_uid}"
    if asked.level != STUDY:
        url += f"/series/{record.series_instance_uid}"
    if asked.level == INSTANCE:
        url += f"/instances/{record.sop_instance_uid}"
    own: Json = {"00081190": attribute("UR", url)}
    if asked.level != SERIES:
        state = search_results.availability(record) if asked.level == STUDY else search_results.availability_of(record)
        own["00080056"] = attribute("CS", state)
    if not parents and not asked.include and not asked.include_all:
        head: bytes = orjson.dumps(own)
        return head[:-1] + b"," + bytes(record.answer[1:])
    uids = (record.study_instance_uid, getattr(record, "series_instance_uid", ""))
    merged = {tag: value for uid in uids for tag, value in parents.get(uid, {}).items()}
    whole: bytes = orjson.dumps({**merged, **_included(record, asked), **own})
    return whole


def _included(record: Record, asked: Search) -> Json:
    """Return the default Attributes and those asked for; of a path, its whole outermost Sequence."""
    chosen: Json = orjson.loads(record.answer)
    if not asked.include and not asked.include_all:
        return chosen
    everything = attributes_of(record)
    if asked.include_all:
        return chosen | {tag: value for tag, value in everything.items() if "BulkDataURI" not in value}
    return chosen | {path[0]: everything[path[0]] for path in asked.include if path[0] in everything}
