"""The one guard against requests that another site's page makes a reader's browser send (CSRF).

A browser names where a request comes from: in Sec-Fetch-Site (Fetch Metadata), or, on plain http to another machine, in
Origin alone. A request that would change something is refused unless it comes from our own page, or from an origin that
the route trusts (CORS). A client that is not a browser sends neither header and passes, unless it shows the session of
a person who signed in: what has that is a browser, or pretends to be one.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from shared.errors import Refused
from shared.web.identity.actor import SHOWN_BY_SESSION, actor_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OWN = frozenset({"same-origin", "none"})
_TRUSTED = "trusted_origins"


def trusting(handler: Callable[..., Any], origins: frozenset[str]) -> None:
    """Let pages of these origins send requests to a handler; * is every origin."""
    setattr(handler, _TRUSTED, origins)


@web.middleware
async def csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a state-changing request that a foreign page had a browser send."""
    fetch_site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if request.method in SAFE or _is_trusted(request, origin):
        return await handler(request)
    if is_foreign(fetch_site, origin, request.host) or (fetch_site is origin is None and _is_by_session(request)):
        raise Refused("cross-site", "this is done on our own pages, not from another site")
    return await handler(request)


def is_foreign(fetch_site: str | None, origin: str | None, host: str) -> bool:
    """Say whether a browser sends it for a page that is not ours. Pure."""
    if fetch_site is not None:
        return fetch_site not in _OWN
    return origin is not None and _host(origin) != host


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # as of a bracket that does not close
        return ""


def _is_by_session(request: web.Request) -> bool:
    actor = actor_of(request)
    return actor is not None and actor.shown == SHOWN_BY_SESSION


def _is_trusted(request: web.Request, origin: str | None) -> bool:
    origins: frozenset[str] = getattr(request.match_info.handler, _TRUSTED, frozenset())
    return origin is not None and ("*" in origins or origin in origins)
