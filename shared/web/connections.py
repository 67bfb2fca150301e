"""Bounds how many HTTP connections a process has, and how many requests at once, in all and of one host.

A connection without a request gives way: where there are too many, the one of the host with most of them that has been
silent longest is closed, so whoever connects gets in and silent connections keep nobody out. Requests beyond the bound
are answered 503 with Retry-After (RFC 9110 15.6.4), but not those for ``/-/``, for which SPARE connections are kept: a
busy process is not taken for a dead one. A connection that comes when every other has a request is closed unanswered.
"""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_protocol import RequestHandler

from shared.logs import decided
from shared.web.identity.proxies import address_of
from shared.web.told import Told

SPARE = 32
"""Connections beyond the bound, for requests that are answered 503 and for those of ``/-/``."""
OWN_FILES = 256
"""Open files that a process needs besides: databases, blobs, the broker, associations."""
RETRY_AFTER_S = 2
_INSIDE = "/-/"


@dataclass(eq=False)
class Connection:
    """An open connection. host: the other end's address.  since: when it last had no request any more; monotonic."""

    transport: asyncio.Transport
    host: str
    since: float
    requests: int = 0


class Connections:
    """The connections of one server. most: requests at once.  most_of_host: of one address."""

    def __init__(self, most: int, most_of_host: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._most_of_host, self._clock = most, most_of_host, clock
        self._open: dict[RequestHandler, Connection] = {}
        self._busy: Counter[str] = Counter()
        self._told = Told(clock)

    def watch(self, server: web.Server) -> None:
        """Have a server tell of its connections; aiohttp has no hook for them but these methods."""
        made_before, lost = server.connection_made, server.connection_lost

        def connection_made(handler: RequestHandler, transport: asyncio.Transport) -> None:
            made_before(handler, transport)
            self._opened(handler, transport)

        def connection_lost(handler: RequestHandler, exc: BaseException | None = None) -> None:
            self._open.pop(handler, None)
            lost(handler, exc)

        server.connection_made = connection_made  # type: ignore[method-assign]
        server.connection_lost = connection_lost  # type: ignore[method-assign]

    @property
    def open_connections(self) -> int:
        """Return how many connections are open."""
        return len(self._open)

    @property
    def middleware(self) -> Middleware:
        """Return what counts requests and answers 503 to those beyond the bounds."""

        @web.middleware
        async def bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
            host = address_of(request)
            if not request.path.startswith(_INSIDE) and self._is_full(host):
                self._told.tell("request-refused", "too-many-requests")
                raise web.HTTPServiceUnavailable(
                    text="too many requests at once; try again\n",
                    headers={"Retry-After": str(RETRY_AFTER_S), "Connection": "close"},
                )
            connection = self._open.get(request.protocol)
            self._begin(host, connection)
            try:
                return await handler(request)
            finally:
                self._end(host, connection)

        return bounded

    def _is_full(self, host: str) -> bool:
        return self._busy.total() >= self._most or self._busy[host] >= self._most_of_host

    def _begin(self, host: str, connection: Connection | None) -> None:
        self._busy[host] += 1
        if connection is not None:
            connection.requests += 1

    def _end(self, host: str, connection: Connection | None) -> None:
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        if connection is not None:
            connection.requests -= 1
            connection.since = self._clock()

    def _opened(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        peer = transport.get_extra_info("peername")
        host = str(peer[0]) if isinstance(peer, tuple) else ""
        new = self._open[handler] = Connection(transport, host, self._clock())
        if sum(each.host == host for each in self._open.values()) > self._most_of_host + SPARE:
            self._close_one([each for each in self._open.values() if each.host == host], new)
        elif len(self._open) > self._most + SPARE:
            self._close_one(list(self._open.values()), new)

    def _close_one(self, among: list[Connection], new: Connection) -> None:
        """Close the connection that gives way, which is the new one if each other has a request."""
        silent = [each for each in among if not each.requests and not each.transport.is_closing() and each is not new]
        counts = Counter(each.host for each in silent)
        most = [each for each in silent if counts[each.host] == max(counts.values())]
        chosen = min(most, key=lambda each: each.since, default=new)
        self._told.tell("connection-closed", "silent" if chosen is not new else "too-many")
        self._open = {handler: each for handler, each in self._open.items() if each is not chosen}
        chosen.transport.abort()


def within_open_files(most: int) -> int:
    """Return the bound, or as much of it as this process may have open files for."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = most if allowed == resource.RLIM_INFINITY else max(SPARE, allowed - OWN_FILES - SPARE)
    if room < most:
        decided("connections-bounded", level="warning", setting="JMID_HOST_CONNECTIONS", count=room)
    return min(most, room)
