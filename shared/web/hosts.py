"""The names under which this process answers: another site's name that leads here is refused (DNS rebinding).

A page of evil.example whose name is made to lead to 127.0.0.1 is of the same origin as we for the browser; only the
Host header tells. Source: RFC 9110 7.2 (Host), 15.5.20 (421).
"""

from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL


def is_named(host: str, names: frozenset[str]) -> bool:
    """Say whether a Host header names one of these; without the port, in any case. Pure."""
    try:
        name = URL(f"http://{host}").host
    except ValueError:
        return False
    return name is not None and name.lower().rstrip(".") in names


def only(names: Iterable[str]) -> Middleware:
    """Return what answers 421 to requests for other names; a request without Host is of no browser."""
    known = frozenset(name.lower() for name in names)

    @web.middleware
    async def named(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host")
        if host is not None and not is_named(host, known):
            raise web.HTTPMisdirectedRequest(text="this is not served under that name; see JMID_HOST_NAMES\n")
        return await handler(request)

    return named
