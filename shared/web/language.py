"""The language of a page: ``?lang=``, else the cookie, else Accept-Language (RFC 9110, 12.5.4), else English.

Texts are English: in templates ``{{ _("Search") }}``, and in code ``translatable("Search")`` where a template
translates them. Translations stand in ``locale/<language>.po``; ``python -m shared.web.locale`` keeps those in step.
"""

import functools
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from babel.messages.pofile import read_po

from shared.web import theme
from shared.web.identity.actor import actor_of

LANGUAGES = {"en": "English", "ja": "日本語"}
DEFAULT = "en"
COOKIE = "jmid_lang"
LOCALE = Path(__file__).parent / "locale"
_YEAR_S = 365 * 24 * 3600
_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


def translatable(text: str) -> str:
    """Return the text as it is, and mark it for the catalogues."""
    return text


def language_of(request: web.Request) -> str:
    """Return the language that this request asks for."""
    for asked in (request.query.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    return preferred(request.headers.get("Accept-Language", ""))


def preferred(header: str) -> str:
    """Return the language of Accept-Language with the largest weight that there is a catalogue for."""
    weights: dict[str, float] = {}
    for part in header.split(",")[:32]:
        tag, _, parameter = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            weights[language] = max(weights.get(language, 0.0), _weight(parameter))
    best = max(weights, key=lambda language: weights[language], default=DEFAULT)
    return best if weights.get(best) else DEFAULT


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


async def _context(request: web.Request) -> dict[str, Any]:
    return context(request)


def context(request: web.Request) -> dict[str, Any]:
    """Set the language of the page that is rendered next, and return what base.html needs."""
    language = language_of(request)
    _language.set(language)
    return {
        "lang": language,
        "languages": LANGUAGES,
        "theme": theme.theme_of(request),
        "here": request.path_qs,
        "actor": actor_of(request),
    }


def translated(request: web.Request, text: str) -> str:
    """Return a text in the language of the request, for what is not rendered by a template."""
    return catalogue(language_of(request)).get(text, text)


def set_up(application: web.Application, loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Let the application render these templates in the language of each request."""
    environment = aiohttp_jinja2.setup(application, loader=loader, autoescape=True, context_processors=[_context])
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["menu"] = ()
    return environment


def routes() -> list[web.AbstractRouteDef]:
    """Return the switches of the page header."""
    return [web.get("/-/language/{language}", _switch), web.get("/-/theme/{theme}", theme.switch)]


async def _switch(request: web.Request) -> web.Response:
    """Keep the language in a cookie and go back to a path of this host."""
    language = request.match_info["language"]
    if language not in LANGUAGES:
        raise web.HTTPNotFound(text="there is no such language")
    response = web.HTTPSeeOther(theme.back_to(request).without_query_params("lang"))
    response.set_cookie(COOKIE, language, max_age=_YEAR_S, samesite="Lax", httponly=True)
    raise response


@functools.cache
def catalogue(language: str) -> dict[str | tuple[str, int], str]:
    """Return the translations: by text, and by text and plural form of those that count something."""
    with (LOCALE / f"{language}.po").open("rb") as file:
        entries = [entry for entry in read_po(file, locale=language) if entry.id]
    texts: dict[str | tuple[str, int], str] = {}
    for entry in entries:
        if isinstance(entry.id, str):
            texts[entry.id] = str(entry.string or entry.id)
        else:
            texts |= {(entry.id[0], form): text for form, text in enumerate(entry.string or ()) if text}
    return texts


def _gettext(text: str) -> str:
    return catalogue(_language.get()).get(text, text)


def _ngettext(singular: str, plural: str, number: int) -> str:
    language = _language.get()
    form = 0 if language == "ja" or number == 1 else 1  # Japanese has one form (CLDR)
    return catalogue(language).get((singular, form), singular if number == 1 else plural)
