"""Bearer tokens: read from requests and compared here, and nowhere else. No I/O.

Source: RFC 6750 2.1 (Authorization: Bearer), 3 (WWW-Authenticate).
"""

import hmac

from aiohttp import web

from shared.web.identity.actor import actor_of


def is_shown(request: web.Request, own: str) -> bool:
    """Say whether a request shows our token, False if it shows none; raise HTTPUnauthorized if it shows another.

    own: the token; empty means that nothing can show it, and no token is wrong. Where the gate has asked who sends the
    request, another token is no error: it has been found to be good.
    """
    token = shown(request)
    if token and own and actor_of(request) is None and not _is_same(token, own):
        raise unauthorized()
    return _is_same(token, own)


def unauthorized(text: str = "the credential is missing or another", error_code: str = "") -> web.HTTPUnauthorized:
    """Return the error that asks for a token. text: what is missing, for a person.  error_code: RFC 6750 3.1."""
    return web.HTTPUnauthorized(text=f"{text}\n", headers={"WWW-Authenticate": challenge(error_code)})


def challenge(error_code: str = "") -> str:
    """Return the value of WWW-Authenticate. error_code: empty where no token was shown (RFC 6750 3.1)."""
    return f'Bearer error="{error_code}"' if error_code else "Bearer"


def header(token: str) -> dict[str, str]:
    """Return the header that shows a token; none for an empty one."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def shown(request: web.Request) -> str:
    """Return the Bearer token of a request; empty if there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_same(one: str, other: str) -> bool:
    """Compare two tokens in a time that says nothing of them; an empty one is like none."""
    return bool(one) and hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(token: str) -> bytes:
    return token.encode("utf-8", "surrogateescape")  # as aiohttp decodes the bytes of a header
