"""Reads request bodies that come with a Content-Encoding, step by step and no further than a body may grow.

The server decodes nothing by itself (``host`` switches that off), so that what a handler does not read costs nothing.
Source: RFC 9110 8.4 (Content-Encoding), 12.5.3 (Accept-Encoding of a response), 15.5.16 (415).
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Final, cast

from aiohttp import StreamReader, web
from aiohttp.typedefs import Handler

GZIP, DEFLATE, IDENTITY = "gzip", "deflate", "identity"
_WINDOWS: Final = {GZIP: 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, DEFLATE: zlib.MAX_WBITS}
GROWN_ANYWAY: Final = 64 << 20
"""Bytes that a body may grow to whatever its ratio."""
MAX_RATIO: Final = 100
"""Above that, how many bytes for each that came. DICOM files shrink to a tenth at best, JSON and XML to a fiftieth."""
_STEP: Final = 256 << 10


@web.middleware
async def content_coding(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the handler read the decoded body; answer 415 for a coding that is not taken."""
    coding = ", ".join(request.headers.getall("Content-Encoding", [])).strip().lower()
    if coding and coding != IDENTITY:
        if coding not in _WINDOWS or request.content_type == "multipart/form-data":  # which aiohttp reads by itself
            raise web.HTTPUnsupportedMediaType(
                text=f"Content-Encoding takes {GZIP} and {DEFLATE} (RFC 9110 8.4)\n",
                headers={"Accept-Encoding": f"{GZIP}, {DEFLATE}"},
            )
        # aiohttp has no public way to give a request another body, and ``content`` is kept once it was asked for
        request._cache.pop("content", None)
        request._payload = cast("StreamReader", DecodedBody(request._payload, coding))
    return await handler(request)


class DecodedBody:
    """What aiohttp and our handlers use of a body's StreamReader, decoded.

    Reading raises HTTPBadRequest for a body that is not of its coding or ends early, HTTPRequestEntityTooLarge for
    one that grows too much.
    """

    def __init__(self, coded: StreamReader, coding: str) -> None:
        self._coded = coded
        self._window = _WINDOWS[coding]
        self._machine = zlib.decompressobj(self._window)
        self._rest = b""
        self._came = self._grew = 0
        self._ended = False

    async def readany(self) -> bytes:
        """Return the next bytes, at most a few hundred thousand; b"" at the end."""
        while not self._ended:
            self._rest = self._rest or await self._more()
            if data := self._step():
                await asyncio.sleep(0)  # whoever reads a body that is there already must not keep the loop
                return data
        return b""

    async def iter_any(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        while data := await self.readany():
            yield data

    async def read(self, n: int = -1) -> bytes:
        """Return the whole body; some of it if ``n`` is not negative."""
        return b"".join([data async for data in self.iter_any()]) if n < 0 else await self.readany()

    def set_read_chunk_size(self, _: int) -> None:
        """Read in steps of our own."""

    def set_exception(self, error: BaseException, cause: BaseException | None = None) -> None:
        """Take note that the request is over."""
        self._coded.set_exception(error, cause or error)

    @property
    def total_bytes(self) -> int:
        """How many bytes came, as they are coded: what tells a slow client from a busy handler."""
        return self._coded.total_bytes

    @property
    def _size(self) -> int:
        return self._coded._size

    def is_eof(self) -> bool:
        """Say whether the coded body came whole."""
        return self._coded.is_eof()

    def at_eof(self) -> bool:
        """Say whether nothing is left to read."""
        return self._ended

    async def _more(self) -> bytes:
        data = await self._coded.readany()
        self._came += len(data)
        if not data:
            self._ended = True
            if not self._machine.eof:
                raise web.HTTPBadRequest(text="the body ends before its Content-Encoding does\n")
        return data

    def _step(self) -> bytes:
        if self._machine.eof and self._rest:  # another member (RFC 1952 2.2)
            self._machine = zlib.decompressobj(self._window)
        try:
            data = self._machine.decompress(self._rest, _STEP)
        except zlib.error as error:
            raise web.HTTPBadRequest(text="the body is not of its Content-Encoding\n") from error
        self._rest = self._machine.unused_data if self._machine.eof else self._machine.unconsumed_tail
        self._grew += len(data)
        if self._grew > max(GROWN_ANYWAY, self._came * MAX_RATIO):
            raise web.HTTPRequestEntityTooLarge(0, 0, text=f"the body grows to more than {MAX_RATIO} times its size\n")
        return data
