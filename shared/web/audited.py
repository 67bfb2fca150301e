"""The hook of the audit trail: every request of a route that is not public is recorded, as the access table classes it.

It stands around the gate, so that refusals are seen, and inside of what answers errors. Reads are noted when the answer
begins, before a byte of it goes; changes that were done are recorded before they are answered at all.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from shared.audit.log import AuditLog
from shared.audit.names import MOST, UIDS, is_pseudonymous, named
from shared.audit.record import Happening, Who
from shared.audit.words import CHANGING, Action, AuditClass, EventKind, Outcome
from shared.errors import Permanent
from shared.web.access.rules import AccessTable, Rule
from shared.web.access.words import Permission
from shared.web.identity.actor import CALLER, REFUSAL, Actor
from shared.web.identity.proxies import address_of

REASON: Final = web.RequestKey("audit reason", str)
ABOUT: Final = web.RequestKey("audit objects", list)
_OPEN: Final = web.RequestKey("audit", tuple)
_KINDS: Final = {AuditClass.AUDIT: EventKind.AUDIT_READ}
_ACTIONS: Final = {
    EventKind.IMPORT: Action.CREATE,
    EventKind.CHANGE: Action.UPDATE,
    EventKind.DELETE: Action.DELETE,
    EventKind.QUERY: Action.EXECUTE,
    EventKind.SIGN_IN: Action.EXECUTE,
    EventKind.SIGN_OUT: Action.EXECUTE,
}
_OF_PATH: Final = {
    "study": "study",
    "case_id": "case",
    "report_id": "report",
    "receipt_id": "receipt",
    "pull_id": "pull",
    "blob": "blob",
}
_OF_DELETION: Final = {"series": "series", "instance": "instance"}
_OF_QUERY: Final = ("StudyInstanceUID", "studyUID", "0020000D")
_TRACE: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C Trace Context 3.2
_SAFE: Final = frozenset({"GET", "HEAD"})
_REFUSED: Final = frozenset({401, 403, 421, 429})


def about(request: web.Request, kind: str, *values: str) -> None:
    """Have the record of this request name objects that stand in its body; of more than MOST it says how many.

    values: ids of ours, empty ones apart; a UID that was not made here is named by keyed hash.
    """
    request.setdefault(ABOUT, []).extend((kind, value) for value in values if value)


def by(request: web.Request, actor: Actor) -> None:
    """Have the record of this request name who signed in, or out."""
    request[CALLER] = actor


class Audited:
    """The middleware and the signal. log_of: the trail of the place that a request belongs to."""

    def __init__(self, table: AccessTable, log_of: Callable[[web.Request], AuditLog]) -> None:
        self._table, self._log_of = table, log_of

    @property
    def middleware(self) -> Middleware:
        """Return what refuses while nothing can be recorded, and records changes before they are answered."""

        @web.middleware
        async def audited(request: web.Request, handler: Handler) -> web.StreamResponse:
            resource = request.match_info.route.resource
            rule = self._table.rule_of(request.method, resource.canonical) if resource is not None else None
            if rule is None or (rule.audit is AuditClass.NONE and rule.is_public):
                return await handler(request)
            log = self._log_of(request)
            request[_OPEN] = (rule, log)
            if rule.audit is not AuditClass.NONE:
                log.check()
            try:
                response = await handler(request)
            except Permanent as error:
                request.setdefault(REASON, error.reason)
                raise
            except web.HTTPException as error:
                await self._done(request, error.status)
                raise
            await self._done(request, response.status)
            return response

        return audited

    async def note(self, request: web.Request, response: web.StreamResponse) -> None:
        """Note a request whose answer begins; a signal of the application."""
        if _OPEN in request:
            self._noted(request, response.status)

    async def _done(self, request: web.Request, status: int) -> None:
        """Record a change that was done, at once."""
        rule, log = request.get(_OPEN, (None, None))
        if rule is None or status >= 400 or REFUSAL in request or not _is_change(rule, request.method):
            return
        del request[_OPEN]
        await log.record(_happening(request, rule, log, status))

    def _noted(self, request: web.Request, status: int) -> None:
        rule, log = request[_OPEN]
        del request[_OPEN]
        if rule.audit is not AuditClass.NONE or status in _REFUSED or REFUSAL in request:
            log.note(_happening(request, rule, log, status))


def _is_change(rule: Rule, method: str) -> bool:
    if method in _SAFE:
        return rule.audit is AuditClass.SIGN_IN
    return rule.audit in CHANGING or rule.audit is AuditClass.OPERATE


def _happening(request: web.Request, rule: Rule, log: AuditLog, status: int) -> Happening:
    outcome, reason = _outcome(request, status)
    objects = () if outcome is Outcome.REFUSED and CALLER not in request else _objects(request, rule, log, status)
    kind = _kind(rule, request, objects)
    resource = request.match_info.route.resource
    return Happening(
        kind,
        _ACTIONS.get(kind, Action.EXECUTE if request.method == "POST" else Action.READ),
        _who(request),
        outcome,
        reason,
        rule.permission.value,
        f"{request.method} {resource.canonical if resource is not None else ''}",
        objects,
        _correlation(request.headers),
    )


def _kind(rule: Rule, request: web.Request, objects: tuple[str, ...]) -> EventKind:
    if rule.audit is AuditClass.SIGN_IN and request.path.endswith("sign-out"):
        return EventKind.SIGN_OUT
    if (rule.audit is AuditClass.QUERY and objects) or (rule.audit is AuditClass.CHANGE and request.method in _SAFE):
        return EventKind.READ
    if rule.audit is AuditClass.NONE:
        return EventKind.OPERATE
    return _KINDS.get(rule.audit) or EventKind(rule.audit.value)


def _outcome(request: web.Request, status: int) -> tuple[Outcome, str]:
    refusal = request.get(REFUSAL, "")
    if refusal or status in _REFUSED:
        return Outcome.REFUSED, refusal or request.get(REASON) or f"http-{status}"
    if status >= 400:
        return Outcome.FAILED, request.get(REASON) or f"http-{status}"
    return Outcome.SUCCESS, ""


def _who(request: web.Request) -> Who:
    actor, address = request.get(CALLER), address_of(request)
    if actor is None:
        return Who(address=address)
    return Who(actor.subject, actor.name, tuple(sorted(actor.roles)), address, actor.shown)


def _objects(request: web.Request, rule: Rule, log: AuditLog, status: int) -> tuple[str, ...]:
    """Return the names of what a request is about; of those not found, or the hospital's own, by keyed hash."""
    names = [
        _named(kind, request.match_info[part], rule, log, status)
        for part, kind in ({**_OF_PATH, **_OF_DELETION} if rule.audit is AuditClass.DELETE else _OF_PATH).items()
        if part in request.match_info
    ]
    if request.query_string:
        names += [
            _named("study", request.query[name], rule, log, status) for name in _OF_QUERY if name in request.query
        ]
    names += [_of_body(kind, value, log) for kind, value in request.get(ABOUT, ())]
    unique = tuple(dict.fromkeys(names))
    return unique if len(unique) <= MOST else (*unique[: MOST - 1], f"more:{len(unique) - MOST + 1}")


def _of_body(kind: str, value: str, log: AuditLog) -> str:
    """Return the name of an object that a body names, which may be a UID of the hospital or of nobody."""
    is_ours = kind not in UIDS or is_pseudonymous(value)
    return (named(kind, value) if is_ours else "") or log.keyed(kind, value)


def _named(kind: str, value: str, rule: Rule, log: AuditLog, status: int) -> str:
    """Return the name of an object that whoever asks names. A search is answered though there is no such object."""
    is_there = status < 400 and rule.permission is not Permission.SEND
    if rule.audit is AuditClass.QUERY and kind == "study":
        is_there = is_there and is_pseudonymous(value)
    return (named(kind, value) if is_there else "") or log.keyed(kind, value)


def _correlation(headers: Mapping[str, str]) -> str:
    given = headers.get("traceparent")
    trace = _TRACE.fullmatch(given) if given is not None else None
    return trace[1] if trace is not None else ""
