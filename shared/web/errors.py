"""The one error middleware: what a request that fails is answered.

    Invalid      400      Conflict     409
    Refused      403      StorageFull  507, with Retry-After
    NotFound     404      Transient    503, with Retry-After
    anything else: 500, without its text; its class and our own line of code are logged

The form depends on the face: DICOMweb keeps its status and a plain text (PS3.18 8.5), FHIR an OperationOutcome, a
browser on a page gets ``error.html``; everything else gets problem details (RFC 9457).

Source: RFC 9457; PS3.18 8.5; FHIR R4 OperationOutcome.
"""

import enum
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp_jinja2
import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from shared.errors import Conflict, Invalid, JmidError, NotFound, Permanent, Refused, StorageFull, Transient
from shared.fhir.values import operation_outcome
from shared.logs import decided
from shared.supervision import origin
from shared.web import language
from shared.web.language import translatable

PROBLEM = "application/problem+json"
RETRY_AFTER_S = "5"
_OURS = ("Content-Type", "Content-Length")
_OUTCOMES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    409: "conflict",
    500: "exception",
    503: "transient",
}


class Face(enum.Enum):
    """Who calls, and so in which form errors are answered."""

    API = enum.auto()
    PAGE = enum.auto()
    DICOMWEB = enum.auto()
    FHIR = enum.auto()


PAGE_TITLES = {
    400: translatable("This cannot be done as it was asked"),
    401: translatable("Sign in first"),
    403: translatable("This is not allowed"),
    404: translatable("This does not exist"),
    409: translatable("Somebody else changed it meanwhile"),
    410: translatable("This is no longer kept"),
    500: translatable("A fault of the system"),
    503: translatable("Not available now"),
    507: translatable("There is no room"),
}
_FACES = (
    ("/dicom-web", Face.DICOMWEB),
    ("/ingest/dicom-web", Face.DICOMWEB),
    ("/ingest/reports", Face.FHIR),
    ("/api/reports", Face.FHIR),
    ("/api", Face.API),
    ("/ingest", Face.API),
    *((path, Face.PAGE) for path in ("/-/dead", "/-/sign-in", "/-/sign-out", "/-/signed-out")),
    ("/-", Face.API),
)


@dataclass(frozen=True)
class Problem:
    """What went wrong. reason: a stable word.  detail: for a person; never a patient's value."""

    status: int
    reason: str
    detail: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


def problem_of(error: JmidError) -> Problem:
    """Return what an error of ours is answered. Pure."""
    match error:
        case Permanent():
            status = {Invalid: 400, Refused: 403, NotFound: 404}.get(type(error), 400)
            return Problem(status, error.reason, error.detail)
        case Conflict():
            return Problem(409, "conflict", str(error))
        case StorageFull():
            return Problem(507, "storage-full", "there is no room; nothing was stored", {"Retry-After": RETRY_AFTER_S})
        case Transient():
            return Problem(503, "unavailable", "it cannot be done now; try again", {"Retry-After": RETRY_AFTER_S})
        case _:
            return Problem(500, "internal-error")


def face_of(path: str, accept: str) -> Face:
    """Return the face that a path belongs to; a page only for who asks for HTML. Pure."""
    faces = (face for prefix, face in _FACES if path == prefix or path.startswith(f"{prefix}/"))
    face = next(faces, Face.PAGE)
    return Face.API if face is Face.PAGE and "text/html" not in accept else face


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error of a handler in its face's form; an answer that has begun is broken off instead."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400 or _has_its_own_form(request, error):
            raise
        return answer(request, _problem_of_http(error))
    except Exception as error:
        if _is_gone(request):
            raise
        problem = problem_of(error) if isinstance(error, JmidError) else Problem(500, "internal-error")
        _log(request, error, problem)
        if request.writer.output_size > 0:
            _break_off(request)
            raise ConnectionAbortedError from error
        return answer(request, problem)


def answer(request: web.Request, problem: Problem) -> web.Response:
    """Return a problem in the form of the request's face."""
    match face_of(request.path, request.headers.get("Accept", "")):
        case Face.PAGE:
            context = {**language.context(request), "problem": problem, **_words(request, problem)}
            response = aiohttp_jinja2.render_template("error.html", request, context, status=problem.status)
            response.headers.update(problem.headers)
            return response
        case Face.DICOMWEB:
            text = problem.detail or problem.title
            return web.Response(status=problem.status, text=f"{text}\n", headers=problem.headers)
        case Face.FHIR:
            return _json(problem, _operation_outcome(problem), "application/fhir+json")
        case Face.API:
            return _json(problem, _details(problem), PROBLEM)


def _words(request: web.Request, problem: Problem) -> dict[str, str]:
    """Return title and detail in the language of the page; a detail without a translation stays English."""
    title = PAGE_TITLES.get(problem.status, problem.title)
    return {"title": language.translated(request, title), "detail": language.translated(request, problem.detail)}


def _details(problem: Problem) -> dict[str, object]:
    details = {"type": "about:blank", "title": problem.title, "status": problem.status, "reason": problem.reason}
    return details | ({"detail": problem.detail} if problem.detail else {})


def _operation_outcome(problem: Problem) -> dict[str, object]:
    code = _OUTCOMES.get(problem.status, "processing")
    text = f"{problem.reason}: {problem.detail}" if problem.detail else problem.reason
    return operation_outcome(code, text)


def _json(problem: Problem, body: dict[str, object], content_type: str) -> web.Response:
    response = web.Response(status=problem.status, body=orjson.dumps(body), headers=problem.headers)
    response.headers["Content-Type"] = content_type
    return response


def _has_its_own_form(request: web.Request, error: web.HTTPException) -> bool:
    """DICOMweb handlers say themselves what PS3.18 wants; so does whoever gave a body that is not plain text."""
    if face_of(request.path, "") is Face.DICOMWEB:
        return True
    return error.content_type not in ("text/plain", "application/octet-stream")


def _problem_of_http(error: web.HTTPException) -> Problem:
    status = HTTPStatus(error.status)
    text = (error.text or "").strip()
    detail = "" if text == f"{error.status}: {error.reason}" else text
    headers = {name: value for name, value in error.headers.items() if name not in _OURS}
    return Problem(error.status, status.phrase.lower().replace(" ", "-"), detail, headers)


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _break_off(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _log(request: web.Request, error: Exception, problem: Problem) -> None:
    if problem.status < 500:
        return
    resource = request.match_info.route.resource
    kind = type(error).__name__ if isinstance(error, JmidError) else f"{type(error).__module__}.{type(error).__name__}"
    decided(
        "request-failed",
        level="error",
        error=kind,
        origin=origin(error),
        route=resource.canonical if resource is not None else None,
        status=problem.status,
    )
