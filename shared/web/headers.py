"""What each answer tells the browser to allow: no sniffing, no foreign frames, no inline scripts on pages.

What was answered to somebody is kept for nobody else: it is asked for again, by whoever asks (RFC 9111 5.2.2).
What is stored here and answered by the archive may be XML or HTML of anybody's: shown by itself, it may do nothing.
Source: W3C Content Security Policy Level 3; Referrer Policy; WHATWG Fetch 3.6 (X-Content-Type-Options).
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from shared.web.identity.actor import actor_of

POLICY: Final = "Content-Security-Policy"
STORED: Final = "default-src 'none'; sandbox; frame-ancestors 'self'"
PRIVATE: Final = "private, no-cache"
OTHER: Final = "frame-ancestors 'self'"
_STORED_AT: Final = "/dicom-web"


def page_policy(sources: Iterable[str] = (), targets: Iterable[str] = ()) -> str:
    """Return the policy of a page. Pure.

    sources: URLs of other hosts that it reads images and data of.  targets: where its forms lead in the end.
    """
    read, forms = _origins(sources), _origins(targets)
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:{read}; "
        f"connect-src 'self'{read}; object-src 'none'; base-uri 'none'; form-action 'self'{forms}; "
        "frame-ancestors 'none'"
    )


def policy_of(path: str, content_type: str, pages: str) -> str:
    """Return the policy of an answer. Pure. pages: that of pages."""
    if path == _STORED_AT or path.startswith(f"{_STORED_AT}/"):
        return OTHER if content_type == "application/pdf" else STORED  # browsers show no PDF in a sandbox
    return pages if content_type == "text/html" else OTHER


def telling(pages: str) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return what adds the headers to an answer that has none of them yet. pages: the policy of pages."""

    async def tell(request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        if actor_of(request) is not None:
            headers.setdefault("Cache-Control", PRIVATE)
        headers.setdefault(POLICY, policy_of(request.path, response.content_type, pages))

    return tell


def _origins(urls: Iterable[str]) -> str:
    parts = [urlsplit(url) for url in urls]
    return "".join(f" {part.scheme}://{part.netloc}" for part in parts if part.scheme and part.netloc)
