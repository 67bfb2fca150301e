"""Reads a multipart/related body as it arrives, in constant memory whatever the size of body and parts.

Source: RFC 2046 5.1.1 (delimiters), RFC 2387 (multipart/related); PS3.18 8.6.1.2.
A boundary inside a part counts only after CRLF, so pixel data may hold its text.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from email.message import Message
from typing import Protocol

from shared.errors import Invalid

MAX_HEADER = 16 << 10
MAX_PARTS = 20_000
"""Of one body, if nobody says otherwise: as many Instances as the largest Studies have. Empty parts cost no bytes."""
MAX_BOUNDARY = 70
_MISSES = 256  # what begins like a delimiter and is none, between two turns of others


class Stream(Protocol):
    """Where the body comes from; aiohttp's request.content is one."""

    async def readany(self) -> bytes:
        """Return what has arrived; b"" at the end."""


def content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return the media type, lower-case, and its parameters, unquoted (RFC 9110 8.3)."""
    message = Message()
    message["content-type"] = value
    parameters = {name.lower(): text for name, text in message.get_params([], unquote=True)[1:]}
    return message.get_content_type() if "/" in value else "", parameters


def boundary_of(value: str) -> bytes:
    """Return the boundary of a multipart Content-Type; raise Invalid if there is none or it breaks RFC 2046 5.1.1."""
    boundary = content_type(value)[1].get("boundary", "")
    if not 0 < len(boundary) <= MAX_BOUNDARY or not boundary.isascii() or boundary != boundary.rstrip():
        raise Invalid("no-boundary", "Content-Type has no good boundary parameter (RFC 2046 5.1.1)")
    return boundary.encode("ascii")


class Part:
    """One part. headers: names in lower case. Its chunks must be read, or skipped, before the next part."""

    def __init__(self, reader: "MultipartReader", headers: Mapping[str, str]) -> None:
        self.headers = headers
        self._reader = reader

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the part; raise Invalid if the body ends before the part does."""
        while True:
            chunk, last = await self._reader.take()
            if chunk:
                yield chunk
            if last:
                return

    async def read(self, most: int) -> tuple[bytes, bool]:
        """Return the whole part, or about ``most`` bytes of it and True if there is more."""
        gathered: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            gathered.append(chunk)
            size += len(chunk)
            if size > most:
                return b"".join(gathered), not self._reader.at_part_end
        return b"".join(gathered), False


class MultipartReader:
    """Iterates over the parts of a body."""

    def __init__(self, stream: Stream, boundary: bytes, most_parts: int = MAX_PARTS) -> None:
        self._stream = stream
        self._most_parts = most_parts
        self._delimiter = b"\r\n--" + boundary
        self._buffer = bytearray(b"\r\n")  # so that a delimiter at the very beginning is found like any other
        self._scanned = 0
        self._misses = 0
        self._ended = False
        self._closed = False
        self.at_part_end = True

    async def __aiter__(self) -> AsyncIterator[Part]:
        await self._skip_part()  # the preamble
        for count in itertools.count():
            if self._closed:
                return
            if count == self._most_parts:
                raise Invalid("too-many-parts", f"the body has more than {self._most_parts} parts; send it in several")
            await asyncio.sleep(0)  # many small parts are at hand at once: others get their turns between them
            self.at_part_end = False
            yield Part(self, await self._headers())
            if not self.at_part_end:
                await self._skip_part()

    async def take(self) -> tuple[bytes, bool]:
        """Return the next bytes of the part and whether it ends with them."""
        if self.at_part_end:
            return b"", True
        while True:
            at = self._buffer.find(self._delimiter, self._scanned)
            if at >= 0 and await self._is_delimiter(at):
                chunk = bytes(memoryview(self._buffer)[:at])
                await self._leave(at)
                return chunk, True
            if at >= 0:
                self._scanned = at + 1
                self._misses += 1
                if self._misses % _MISSES == 0:
                    await asyncio.sleep(0)
                continue
            safe = len(self._buffer) - len(self._delimiter) + 1
            if safe > 0 and safe > self._scanned:
                chunk = bytes(memoryview(self._buffer)[:safe])
                del self._buffer[:safe]
                self._scanned = 0
                return chunk, False
            await self._more()

    async def _skip_part(self) -> None:
        self.at_part_end = False
        last = False
        while not last:
            _, last = await self.take()

    async def _is_delimiter(self, at: int) -> bool:
        """A delimiter line holds nothing but the boundary, "--" if it is the last, and white space."""
        end = at + len(self._delimiter)
        while len(self._buffer) < end + 2:
            if not await self._fill():
                break
        following = bytes(self._buffer[end : end + 2])
        return following in (b"\r\n", b"--") or following[:1] in (b" ", b"\t")

    async def _leave(self, at: int) -> None:
        del self._buffer[: at + len(self._delimiter)]
        self._scanned = 0
        self.at_part_end = True
        self._closed = self._buffer.startswith(b"--")
        if not self._closed:
            end = await self._find(b"\r\n", MAX_HEADER)
            del self._buffer[:end]  # the CRLF stays: headers may be missing altogether

    async def _headers(self) -> dict[str, str]:
        """Read the header lines; the buffer begins with the CRLF that ends the delimiter line."""
        end = await self._find(b"\r\n\r\n", MAX_HEADER)
        lines = bytes(self._buffer[2:end]).decode("latin-1").split("\r\n") if end > 2 else []
        del self._buffer[: end + 4]
        named = (line.partition(":") for line in lines if ":" in line)
        return {name.strip().lower(): value.strip() for name, _, value in named}

    async def _find(self, what: bytes, most: int) -> int:
        while (at := self._buffer.find(what)) < 0:
            if len(self._buffer) > most:
                raise Invalid("bad-multipart", "the header of a part is too long")
            await self._more()
        return at

    async def _more(self) -> None:
        if not await self._fill():
            raise Invalid("truncated-body", "the body ends before its closing boundary (RFC 2046 5.1.1)")

    async def _fill(self) -> bool:
        if self._ended:
            return False
        await asyncio.sleep(0)  # what is at hand is read without waiting
        chunk = await self._stream.readany()
        self._ended = not chunk
        self._buffer += chunk
        return bool(chunk)
