"""Find the records that a retrieve request is about, and turn our errors into its answers.

Source: PS3.18 10.4.3.1 (status codes of the Retrieve Transaction), 8.5.
"""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NoReturn

import orjson
from aiohttp import web

from services.archive.deps import ArchiveDeps
from services.archive.records import EVICTED, INSTANCES, SERIES, InstanceRecord, SeriesRecord
from shared.documents import Eq
from shared.errors import Invalid, JmidError, NotFound, Refused
from shared.logs import decided

AT_ONCE = 500
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


STARTED = web.RequestKey("answer-started", bool)


def answering(handle: Handle) -> Handle:
    """Answer our errors as PS3.18 8.5 has them; once an answer has begun, break it off, so that it is not taken."""

    @functools.wraps(handle)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handle(request)
        except JmidError as error:
            if not request.get(STARTED):
                _answer(error)
            decided("answer-broken-off", level="error", service="archive", error=type(error).__name__)
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionAbortedError from error

    return answer


def _answer(error: JmidError) -> NoReturn:
    match error:
        case NotFound():
            refuse(web.HTTPNotFound, error.reason, error.detail)
        case Invalid():
            refuse(web.HTTPBadRequest, error.reason, error.detail)
        case Refused():
            refuse(web.HTTPNotAcceptable, error.reason, error.detail)
        case _:
            refuse(web.HTTPServiceUnavailable, "unavailable", "a store does not answer; try again")


def refuse(kind: Callable[..., web.HTTPException], reason: str, detail: str = "") -> NoReturn:
    """Raise the HTTP error with a JSON body that says why."""
    body = orjson.dumps({"reason": reason, "detail": detail}).decode()
    raise kind(text=body, content_type="application/json")


def gone(study_instance_uid: str) -> NoReturn:
    """Say that the bytes were evicted and how they come back (PS3.18 8.5: 410 Gone)."""
    detail = (
        "Evicted to make room; metadata and searches still answer. To have it delivered again: POST "
        f'{{"study_instance_uid": "{study_instance_uid}", "by": "who asks"}} to /api/recalls.'
    )
    refuse(web.HTTPGone, "evicted", detail)


async def instance_of(deps: ArchiveDeps, path: Mapping[str, str]) -> InstanceRecord:
    """Return the Instance that the path names; raise NotFound if it is not in that Series and Study."""
    record = await deps.documents.get(INSTANCES, path["instance"])
    if record is None or record.series_instance_uid != path["series"] or record.study_instance_uid != path["study"]:
        raise NotFound("no-such-instance")
    return record


async def present(deps: ArchiveDeps, path: Mapping[str, str]) -> InstanceRecord:
    """Return the Instance that the path names, with its bytes here; 410 if they were evicted."""
    record = await instance_of(deps, path)
    if record.state == EVICTED:
        gone(record.study_instance_uid)
    return record


async def instances_of(deps: ArchiveDeps, path: Mapping[str, str]) -> list[InstanceRecord]:
    """Return all Instances of the Study, Series or Instance that the path names, in the order for reading.

    Series by number, Instances by number; raise NotFound if there is none.
    """
    if "instance" in path:
        return [await instance_of(deps, path)]
    where = Eq("series_instance_uid", path["series"]) if "series" in path else Eq("study_instance_uid", path["study"])
    found = [record async for record in _all(deps, where) if record.study_instance_uid == path["study"]]
    if not found:
        raise NotFound("no-such-series" if "series" in path else "no-such-study")
    numbers = {} if "series" in path else await _series_numbers(deps, path["study"])
    found.sort(
        key=lambda each: (*numbers.get(each.series_instance_uid, (0, "")), each.instance_number, each.sop_instance_uid)
    )
    return found


async def here(deps: ArchiveDeps, path: Mapping[str, str]) -> list[InstanceRecord]:
    """Return what of the resource has its bytes here; 410 if all were evicted."""
    records = await instances_of(deps, path)
    found = [record for record in records if record.state != EVICTED]
    if not found:
        gone(records[0].study_instance_uid)
    return found


async def _all(deps: ArchiveDeps, where: Eq) -> AsyncIterator[InstanceRecord]:
    after: str | None = None
    while True:
        page = await deps.documents.find(INSTANCES, where, limit=AT_ONCE, after=after)
        for record in page.documents:
            yield record
        after = page.next
        if after is None:
            return


async def _series_numbers(deps: ArchiveDeps, study: str) -> dict[str, tuple[int, str]]:
    found: list[SeriesRecord] = []
    after: str | None = None
    while True:
        page = await deps.documents.find(SERIES, Eq("study_instance_uid", study), limit=AT_ONCE, after=after)
        found += page.documents
        after = page.next
        if after is None:
            return {each.series_instance_uid: (each.series_number, each.series_instance_uid) for each in found}


def query_of(request: web.Request) -> dict[str, str]:
    """Return the query parameters; of a repeated one the first."""
    found: dict[str, Any] = {}
    for name, value in request.query.items():
        found.setdefault(name.lower(), value)
    return found
