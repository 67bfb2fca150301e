"""Answers a long text of lines while it is read from the documents."""

from collections.abc import AsyncIterable
from typing import Final

from aiohttp import web

_CHUNK: Final = 200  # lines


async def send_lines(
    request: web.Request, response: web.StreamResponse, first: str, lines: AsyncIterable[str]
) -> web.StreamResponse:
    """Send the lines as they come, some at once; return the response, which is whole. first: before them."""
    await response.prepare(request)
    waiting = [first]
    async for line in lines:
        waiting.append(line)
        if len(waiting) > _CHUNK:
            await response.write("".join(waiting).encode())
            waiting = []
    await response.write("".join(waiting).encode())
    await response.write_eof()
    return response
