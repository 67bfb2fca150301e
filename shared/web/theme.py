"""Dark or light pages: the choice in the cookie, else what the browser prefers (CSS, prefers-color-scheme)."""

from typing import Final

from aiohttp import web
from yarl import URL

COOKIE: Final = "jmid_theme"
THEMES: Final = frozenset({"auto", "light", "dark"})
_YEAR_S: Final = 365 * 24 * 3600


def theme_of(request: web.Request) -> str:
    """Return the theme that this request chose, or auto."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else "auto"


def back_to(request: web.Request) -> URL:
    """Return where a switch leads back to: a path of this host."""
    target = URL(request.query.get("to", "/"))
    if target.absolute or not target.path.startswith("/") or target.path.startswith(("//", "/\\")):
        return URL("/")
    return target


async def switch(request: web.Request) -> web.Response:
    """Keep the theme in a cookie and go back."""
    theme = request.match_info["theme"]
    if theme not in THEMES:
        raise web.HTTPNotFound(text="there is no such theme")
    response = web.HTTPSeeOther(back_to(request))
    response.set_cookie(COOKIE, theme, max_age=_YEAR_S, samesite="Lax", httponly=True)
    raise response
