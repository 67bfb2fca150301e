"""Ends requests whose client stopped sending its body or reading its answer, or takes too long over the body.

aiohttp limits only the time until a request's headers have come (its keep-alive timeout). Here one task looks at every
open request now and then: nothing is paid per chunk. Who is slow with a body gets 408 (RFC 9110 15.5.9) from whoever
reads the body next; who does not read is cut off.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from shared.logs import decided

_LOOKS = 5  # in the time that a client may pause


class BodyTooSlow(web.HTTPRequestTimeout):
    """408: what is left of the body is not waited for."""

    def __init__(self) -> None:
        super().__init__(text="the body of the request did not come in time\n", headers={"Connection": "close"})


@dataclass(eq=False)
class Progress:
    """How far an open request has come. received_at, sent_at: when that changed last.  unsent_bytes: of the answer."""

    request: web.Request
    began: float
    received_at: float
    sent_at: float
    received_bytes: int = 0
    unsent_bytes: int = 0
    ended: bool = False


class SlowClients:
    """The open requests. pause_s: how long a client may send or read nothing.  body_s: how long a body may take."""

    def __init__(self, pause_s: float, body_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause_s, self._body_s, self._clock = pause_s, body_s, clock
        self._open: set[Progress] = set()

    @property
    def middleware(self) -> Middleware:
        """Return what keeps the list of open requests."""

        @web.middleware
        async def watched(request: web.Request, handler: Handler) -> web.StreamResponse:
            now = self._clock()
            progress = Progress(request, now, now, now)
            self._open.add(progress)
            try:
                return await handler(request)
            finally:
                self._open.remove(progress)

        return watched

    @property
    def open_requests(self) -> int:
        """Return how many requests are open."""
        return len(self._open)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look at the open requests until the context ends."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._pause_s / _LOOKS)
            self.look()

    def look(self) -> None:
        """End what is too slow."""
        now = self._clock()
        for progress in list(self._open):
            if not progress.ended:
                self._look_at_body(progress, now)
                self._look_at_answer(progress, now)

    def _look_at_body(self, progress: Progress, now: float) -> None:
        content = progress.request.content
        if content.is_eof():
            return
        if content.total_bytes != progress.received_bytes or content._size:  # _size: what waits for us
            progress.received_bytes, progress.received_at = content.total_bytes, now
        if now - progress.received_at > self._pause_s or now - progress.began > self._body_s:
            progress.ended = True
            decided("client-too-slow", level="warning", reason="body")
            content.set_exception(BodyTooSlow())

    def _look_at_answer(self, progress: Progress, now: float) -> None:
        transport = progress.request.transport
        if transport is None or transport.is_closing():
            return
        unsent = transport.get_write_buffer_size()
        if not unsent or unsent != progress.unsent_bytes:
            progress.unsent_bytes, progress.sent_at = unsent, now
        elif now - progress.sent_at > self._pause_s:
            progress.ended = True
            decided("client-too-slow", level="warning", reason="answer")
            transport.abort()
