"""Bearer tokens: read from requests and compared here, and nowhere else. No I/O.

Source: RFC 6750 2.1 (Authorization: Bearer), 3 (WWW-Authenticate).
"""

import hmac

from aiohttp import web


def is_shown(request: web.Request, own: str) -> bool:
    """Say whether a request shows our token, False if it shows none; raise HTTPUnauthorized if it shows another.

    own: the token; empty means that nothing can show it, and no token is wrong.
    """
    token = _shown(request.headers.get("Authorization", ""))
    if token and own and not _is_same(token, own):
        raise unauthorized()
    return _is_same(token, own)


def unauthorized(text: str = "the credential is missing or another") -> web.HTTPUnauthorized:
    """Return the error that asks for a token. text: what is missing, for a person."""
    return web.HTTPUnauthorized(text=f"{text}\n", headers={"WWW-Authenticate": "Bearer"})


def header(token: str) -> dict[str, str]:
    """Return the header that shows a token; none for an empty one."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def _shown(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_same(one: str, other: str) -> bool:
    """Compare two tokens in a time that says nothing of them; an empty one is like none."""
    return bool(one) and hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogateescape")  # as aiohttp decodes the bytes of a header
