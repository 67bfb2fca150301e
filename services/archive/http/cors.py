"""Let browsers of configured origins call the archive.

Source: WHATWG Fetch, CORS protocol; PS3.18 8.4 leaves it to the server.
"""

import functools
from collections.abc import Iterable, Sequence

from aiohttp import web

from services.archive.http.responses import Handle
from shared.web.csrf import trusting

EXPOSED = "Content-Location, Content-Range, ETag, Link, Location, Warning, X-Total-Count"
METHODS = "GET, HEAD, POST, DELETE, OPTIONS"
MAX_AGE_S = "3600"
ALLOWED = web.RequestKey("cors-origin", str) if hasattr(web, "RequestKey") else "cors-origin"


def sharing(routes: Iterable[web.AbstractRouteDef], origins: Sequence[str]) -> list[web.AbstractRouteDef]:
    """Return the routes with CORS fields in their answers, and a preflight answer for every path."""
    given = list(routes)
    if not origins:
        return given
    shared: list[web.AbstractRouteDef] = []
    taken = {route.path for route in given if isinstance(route, web.RouteDef) and route.method == "OPTIONS"}
    for route in given:
        if isinstance(route, web.RouteDef):
            handler = _shared(route.handler, frozenset(origins))
            shared.append(web.RouteDef(route.method, route.path, handler, route.kwargs))
            if route.path not in taken:
                taken.add(route.path)
                shared.append(web.options(route.path, _shared(_preflight, frozenset(origins))))
        else:
            shared.append(route)
    return shared


def _shared(handle: Handle, origins: frozenset[str]) -> Handle:
    @functools.wraps(handle)
    async def share(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin", "")
        if not origin or not ("*" in origins or origin in origins):
            return await handle(request)
        request[ALLOWED] = origin
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response: web.StreamResponse = await _preflight(request)
        else:
            try:
                response = await handle(request)
            except web.HTTPException as error:
                error.headers.update(fields(request))
                raise
        if not response.prepared:
            response.headers.update(fields(request))
        return response

    trusting(share, origins)
    return share


def fields(request: web.Request) -> dict[str, str]:
    """Return the CORS fields of an answer that is streamed; none where the origin is not allowed."""
    origin = request.get(ALLOWED)
    if origin is None:
        return {}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED, "Vary": "Accept, Origin"}


async def _preflight(request: web.Request) -> web.StreamResponse:
    asked = request.headers.get("Access-Control-Request-Headers", "Accept, Content-Type")
    answer = {"Access-Control-Allow-Methods": METHODS, "Access-Control-Allow-Headers": asked}
    return web.Response(status=204, headers={**answer, "Access-Control-Max-Age": MAX_AGE_S})
