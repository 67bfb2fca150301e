"""The one aiohttp application of a process: the services' routes, pages, health and metrics."""

import time
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path

import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler

from shared.metrics import REQUEST
from shared.runtime import dead_page, health
from shared.runtime.audit.trail import log_of
from shared.runtime.state import Host
from shared.service import Role, Service
from shared.tracing import spans
from shared.web import headers, hosts, language
from shared.web.audited import Audited
from shared.web.content_coding import content_coding
from shared.web.csrf import csrf
from shared.web.errors import errors
from shared.web.identity.proxies import PROXIES

WEB = Path(__file__).parent.parent / "web"
_OWNERS: web.AppKey[dict[web.AbstractRoute, Service]] = web.AppKey("owners")
MIDDLEWARES = (errors, csrf, content_coding)
MAX_FORM_BYTES = 16 << 20  # of bodies that a handler reads whole; streamed ones have no limit


def build(host: Host, extra: Sequence[web.AbstractRouteDef], every: Sequence[Service] = ()) -> web.Application:
    """Put together what the services declare; raise RouteNotDeclared for a route without a line in the access table.

    every: all services of the system, for what looks at their queues.
    """
    asked = [host.gate.middleware] if host.gate is not None else []
    named = [hosts.only(host.names)] if host.names else []
    owners: dict[web.AbstractRoute, Service] = {}
    audited = Audited(host.access, log_of(host, lambda request: _role(owners, request))) if host.audit else None
    recorded = [audited.middleware] if audited is not None else []
    middlewares = [_measured, errors, *named, *recorded, *asked, *MIDDLEWARES[1:]]
    application = web.Application(client_max_size=MAX_FORM_BYTES, middlewares=middlewares)
    application[PROXIES] = host.proxies
    folders = {s.name: jinja2.FileSystemLoader(r.templates) for s, r in host.open if r.templates}
    loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(WEB / "templates"), jinja2.PrefixLoader(folders)])
    environment = language.set_up(application, loader)
    menu = [
        entry
        for _, running in sorted(host.open, key=lambda pair: (pair[0].role, pair[0].name == "audit"))
        for entry in running.menu
    ]
    environment.globals["menu"] = menu
    if host.gate is not None:
        host.gate.pages = [path for _, path in menu]
    origins = [url for _, running in host.open for url in running.origins]
    application.on_response_prepare.append(headers.telling(headers.page_policy(origins, host.targets)))
    environment.globals |= {"is_open": host.gate is None, "may": host.gate.may if host.gate else _everybody_may}
    if audited is not None:
        application.on_response_prepare.append(audited.note)
    for service, running in host.open:
        owners |= dict.fromkeys(application.add_routes(running.routes), service)
    application[_OWNERS] = owners
    application.add_routes(health.routes(host))
    application.add_routes(dead_page.routes(host, every))
    application.add_routes(language.routes())
    application.add_routes(host.sign_in)
    application.add_routes(extra)
    application.router.add_static("/static", WEB / "static")
    host.access.check(_routes(application))
    return application


def _role(owners: Mapping[web.AbstractRoute, Service], request: web.Request) -> Role | None:
    owner = owners.get(request.match_info.route)
    return owner.role if owner is not None else None


def _everybody_may(_actor: object, _path: str, _method: str = "GET") -> bool:
    return True


def _routes(application: web.Application) -> Iterator[tuple[str, str]]:
    """Yield the method and the path of every route."""
    for route in application.router.routes():
        yield route.method, route.resource.canonical if route.resource is not None else ""


async def _answered(request: web.Request, handler: Handler, answered: MutableMapping[str, int]) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as error:
        answered["status"] = error.status
        raise
    answered["status"] = response.status
    return response


def _traced_route(request: web.Request) -> str:
    """Return a request's route, without its values; empty for what is not traced: probes, metrics and static files."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else ""
    return "" if route.startswith(("/-/", "/static")) else route


@web.middleware
async def _measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    started = time.perf_counter()
    status = 500
    try:
        with spans.serving(request.method, _traced_route(request), request.headers) as answered:
            response = await _answered(request, handler, answered)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        owner = request.app[_OWNERS].get(request.match_info.route)
        REQUEST.labels(owner.name if owner is not None else "runtime", request.method, f"{status // 100}xx").observe(
            time.perf_counter() - started
        )
