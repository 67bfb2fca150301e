"""Validators: what a client already has is not sent again.

Source: RFC 9110 8.8 (validators), 13.1 (preconditions).
"""

import hashlib
from collections.abc import Iterable

from aiohttp import web


def etag_of(*facts: str) -> str:
    """Return a strong validator of a representation that these facts determine."""
    return f'"{hashlib.sha256("|".join(facts).encode()).hexdigest()[:32]}"'


def etag_of_all(digests: Iterable[str], *facts: str) -> str:
    """Return a strong validator of a representation of many Instances."""
    running = hashlib.sha256("|".join(facts).encode())
    for digest in digests:
        running.update(digest.encode())
    return f'"{running.hexdigest()[:32]}"'


def not_modified(request: web.Request, etag: str) -> web.Response | None:
    """Return the answer 304 or 412 if a precondition says so, else None."""
    wanted = request.headers.get("If-Match")
    if wanted is not None and not _listed(wanted, etag, strong=True):
        raise web.HTTPPreconditionFailed(headers={"ETag": etag})
    known = request.headers.get("If-None-Match")
    if known is not None and _listed(known, etag, strong=False):
        return web.Response(status=304, headers={"ETag": etag})
    return None


def _listed(field: str, etag: str, *, strong: bool) -> bool:
    tags = [tag.strip() for tag in field.split(",")]
    return "*" in tags or etag in tags or (not strong and f"W/{etag}" in tags)
