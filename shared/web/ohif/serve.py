"""Serve the prepared viewer: files as they are (compressed where the browser takes it), pages for every other path.

Its own routes, such as /viewer/viewer?StudyInstanceUIDs=…, exist only in the browser, so each gets index.html.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from aiohttp import web

from shared.web.ohif.policy import policy_of_page

IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "no-cache"
HASH_DIGITS = 16
TYPES = {".woff2": "font/woff2", ".js": "text/javascript", ".wasm": "application/wasm", ".map": "application/json"}


def routes(where: Path | Callable[[], Path]) -> Sequence[web.AbstractRouteDef]:
    """Return the routes that serve the viewer in a folder. where: or what returns it, or raises while there is none."""

    async def serve(request: web.Request) -> web.StreamResponse:
        root = (where if isinstance(where, Path) else where()).resolve()
        name = request.match_info.get("path", "")
        path = (root / name).resolve()
        if name and path.is_relative_to(root) and path.is_file():
            return _file(path)
        if "." in name.rpartition("/")[2] and not _is_page(request):
            raise web.HTTPNotFound
        return _page(root / "index.html")

    return [web.get("/viewer", serve), web.get("/viewer/{path:.*}", serve)]


def _is_page(request: web.Request) -> bool:
    """A page's path may end in a UID, which has dots; browsers ask for pages with text/html."""
    return "text/html" in request.headers.get("Accept", "")


def _page(path: Path) -> web.StreamResponse:
    response = _file(path)
    if path.is_file():
        response.headers["Content-Security-Policy"] = policy_of_page(path.read_text("utf-8"))
    return response


def _file(path: Path) -> web.FileResponse:
    headers = {"Cache-Control": IMMUTABLE if _hashed(path.name) else FRESH, "X-Content-Type-Options": "nosniff"}
    if path.suffix in TYPES:
        headers["Content-Type"] = TYPES[path.suffix]
    return web.FileResponse(path, headers=headers)


def _hashed(name: str) -> bool:
    """Say whether a file's name holds a digest of its content."""
    return any(len(part) == HASH_DIGITS and set(part) <= set("0123456789abcdef") for part in name.split("."))
