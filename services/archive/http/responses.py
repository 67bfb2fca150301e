"""Turn errors into the responses of the DICOMweb services, and requests into what they ask for.

Source: PS3.18 8.5 (status codes), 8.7 (negotiation), 10.4.3.1 (status codes of the Retrieve Transaction).
"""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NoReturn

import orjson
from aiohttp import web

from services.archive.http.negotiate import Chosen, Offer, choose
from services.archive.records import InstanceRecord, InstanceState
from shared.errors import Damaged, Invalid, JmidError, NotFound, Refused
from shared.logs import decided
from shared.web.gone_reason import DELETED, GONE_REASON, WITHDRAWN

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOT_KEPT = {"Cache-Control": "no-store"}
"""Of a 410: else a browser may keep it for ever (RFC 9110 15.5.11), and would never see what a recall brings back."""
STARTED = web.RequestKey("answer-started", bool)


def answering_errors(handle: Handle) -> Handle:
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
        case Damaged():
            refuse(web.HTTPInternalServerError, error.reason, error.detail)
        case _:
            refuse(web.HTTPServiceUnavailable, "unavailable", "a store does not answer; try again")


def refuse(
    kind: Callable[..., web.HTTPException], reason: str, detail: str = "", headers: Mapping[str, str] | None = None
) -> NoReturn:
    """Raise the HTTP error with a JSON body that says why."""
    body = orjson.dumps({"reason": reason, "detail": detail}).decode()
    raise kind(text=body, content_type="application/json", headers=headers)


def answer_gone(study_instance_uid: str, state: InstanceState) -> NoReturn:
    """Say why the bytes are not here and how they come back (PS3.18 8.5: 410 Gone)."""
    why = "Damaged at rest" if state is InstanceState.DAMAGED else "Evicted to make room"
    detail = (
        f"{why}; metadata and searches still answer. To have it delivered again: POST "
        f'{{"study_instance_uid": "{study_instance_uid}", "by": "who asks"}} to /api/recalls.'
    )
    refuse(web.HTTPGone, state.value, detail, _gone(state.value))


class GoneForGood(web.HTTPGone):
    """It was withdrawn or deleted: nothing is here any more, and nothing is to be asked for again."""


def answer_withdrawn() -> NoReturn:
    """Say that a Study is gone for good (PS3.18 8.5: 410 Gone)."""
    detail = "Its patient opted out; it is not kept, and no recall brings it back."
    refuse(GoneForGood, WITHDRAWN, detail, _gone(WITHDRAWN))


def answer_deleted() -> NoReturn:
    """Say that an administrator deleted it (PS3.18 8.5: 410 Gone)."""
    refuse(GoneForGood, DELETED, "An administrator deleted it; it is here again once it is stored.", _gone(DELETED))


def _gone(reason: str) -> Mapping[str, str]:
    return {**NOT_KEPT, GONE_REASON: reason}


def query_of(request: web.Request) -> dict[str, str]:
    """Return the query parameters; of a repeated one the first."""
    first: dict[str, str] = {}
    for name, value in request.query.items():
        first.setdefault(name.lower(), value)
    return first


def negotiated(request: web.Request, choices: Sequence[Offer], stored: frozenset[str] = frozenset()) -> Chosen:
    """Return what to answer with; 406 when nothing of what is acceptable is on offer."""
    query = query_of(request).get("accept")
    chosen = choose(choices, header=_accept(request), query=query, stored=stored)
    if chosen is None:
        names = sorted({f"multipart/related; type={o.name}" if o.multipart else o.name for o in choices})
        refuse(web.HTTPNotAcceptable, "not-acceptable", f"on offer: {', '.join(names)}")
    return chosen


def _accept(request: web.Request) -> str | None:
    fields = request.headers.getall("Accept", [])
    return ", ".join(fields) if fields else None


def base_url(request: web.Request, public_root: str) -> str:
    """Return the archive's root as the user agent knows it."""
    return public_root if "://" in public_root else f"{request.url.origin()}{public_root}"


def instance_url(root: str, record: InstanceRecord) -> str:
    """Return the URL of an Instance. root: that of the archive."""
    return (
        f"{root}/studies/{record.study_instance_uid}/series/{record.series_instance_uid}"
        f"/instances/{record.sop_instance_uid}"
    )
