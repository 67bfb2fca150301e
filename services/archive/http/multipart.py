"""Write multipart/related answers and single bodies, streamed with back-pressure in constant memory.

Source: PS3.18 8.6.1.2 (multipart payloads); RFC 2046 5.1; RFC 2387.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
from aiohttp import web

from services.archive.http import cors
from services.archive.http.conditional import not_modified
from services.archive.http.responses import STARTED
from shared.web.content_digest import content_digest

T = TypeVar("T")


class Part(msgspec.Struct, frozen=True):
    """One part. body: opens its bytes.  size: in bytes, or None if it is known only at its end.

    name: of the part's media type with its parameters.  location: Content-Location, or empty.
    """

    name: str
    body: Callable[[], AsyncIterator[bytes]]
    size: int | None = None
    location: str = ""


async def once(data: bytes) -> AsyncIterator[bytes]:
    """Yield these bytes."""
    yield data


def whole(name: str, data: bytes, location: str = "") -> Part:
    """Return a part whose bytes are at hand."""
    return Part(name, lambda: once(data), len(data), location)


def boundary_for(etag: str) -> str:
    """Return a boundary; the same for the same ETag in every replica, so that the body is the same too.

    Stored bytes cannot be made to hold it: an ETag is a digest of the digests of the whole files that the answer is
    made of, so a file that holds the boundary would have to hold a digest of itself.
    """
    seed = etag.encode() if etag else secrets.token_bytes(16)
    return "jmid-" + hashlib.blake2b(seed, person=b"jmid-boundary", digest_size=16).hexdigest()


NO_HEADERS: Mapping[str, str] = {}


async def begin(request: web.Request, response: web.StreamResponse) -> None:
    """Send the header of an answer that is streamed; from now on an error can only break the connection."""
    response.headers.update(cors.fields(request))
    request[STARTED] = True
    await response.prepare(request)


async def send_multipart(
    request: web.Request,
    kind: str,
    parts: Sequence[Part] | AsyncIterator[Part],
    etag: str = "",
    status: int = 200,
) -> web.StreamResponse:
    """Answer with multipart/related of parts of one kind. Content-Length is given where every size is known.

    The beginning of the first part is there before the header goes, so that what cannot be made is still refused.
    """
    if etag and (unchanged := not_modified(request, etag)):
        return unchanged
    boundary = boundary_for(etag)
    media_type = f'multipart/related; type="{kind}"; boundary={boundary}'
    response = web.StreamResponse(status=status, headers={"Content-Type": media_type})
    if etag:
        response.headers["ETag"] = etag
    if not isinstance(parts, AsyncIterator):
        response.content_length = _length(parts, boundary)
    if request.method == "HEAD":
        await begin(request, response)
        return response
    bodies = await _primed(_opened(parts))
    await begin(request, response)
    before = b""
    async for part, body in bodies:
        await response.write(before + _head(part, boundary))
        before = b"\r\n"
        async for chunk in body:
            await response.write(chunk)  # not joined: the transport sends the buffers as they are
    await response.write_eof(before + _tail(boundary))
    return response


async def send_single(
    request: web.Request,
    part: Part,
    etag: str = "",
    sha256: str = "",
    more: Mapping[str, str] = NO_HEADERS,
    status: int = 200,
) -> web.StreamResponse:
    """Answer with one body.

    sha256: of it, hexadecimal, for Repr-Digest (RFC 9530 section 3); empty leaves it out.  more: further headers.
    """
    if etag and (unchanged := not_modified(request, etag)):
        return unchanged
    response = web.StreamResponse(status=status, headers={"Content-Type": part.name, **more})
    response.content_length = part.size
    digest = content_digest(sha256) if sha256 else ""
    for name, value in (("ETag", etag), ("Content-Location", part.location), ("Repr-Digest", digest)):
        if value:
            response.headers[name] = value
    body = await _primed(part.body()) if request.method != "HEAD" else None
    await begin(request, response)
    if body is not None:
        async for chunk in body:
            await response.write(chunk)
        await response.write_eof()
    return response


async def _opened(parts: Sequence[Part] | AsyncIterator[Part]) -> AsyncIterator[tuple[Part, AsyncIterator[bytes]]]:
    """Yield each part with its bytes, of which the first are there; the next part is read while one is sent."""
    if isinstance(parts, AsyncIterator):
        async for part in parts:
            yield part, await _primed(part.body())
        return
    following = asyncio.ensure_future(_primed(parts[0].body())) if parts else None
    try:
        for number, part in enumerate(parts, start=1):
            assert following is not None
            body = await following
            following = asyncio.ensure_future(_primed(parts[number].body())) if number < len(parts) else None
            yield part, body
    finally:
        if following is not None:
            following.cancel()


async def _primed(source: AsyncIterator[T]) -> AsyncIterator[T]:
    """Wait for the first item, so that an error shows; return an iterator over it and the rest."""
    try:
        first = await anext(source)
    except StopAsyncIteration:
        return source
    return _after(first, source)


async def _after(first: T, rest: AsyncIterator[T]) -> AsyncIterator[T]:
    yield first
    async for item in rest:
        yield item


def _head(part: Part, boundary: str) -> bytes:
    lines = [f"--{boundary}", f"Content-Type: {part.name}"]
    if part.location:
        lines.append(f"Content-Location: {part.location}")
    if part.size is not None:
        lines.append(f"Content-Length: {part.size}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _tail(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode("ascii")


def _length(parts: Iterable[Part], boundary: str) -> int | None:
    total = len(_tail(boundary))
    for part in parts:
        if part.size is None:
            return None
        total += len(_head(part, boundary)) + part.size + 2
    return total
