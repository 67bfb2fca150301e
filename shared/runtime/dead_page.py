"""``/-/dead``: the page of dead letters and set-aside items, and the same as JSON.

It shows the queues of every service of the roles that this process hosts one of, as any process of a role reaches its
bus and documents. Like all of ``/-/`` it is for the inside: no Ingress leads here.
"""

from collections.abc import Sequence
from typing import Any

import aiohttp_jinja2
import msgspec
import orjson
from aiohttp import web

from shared.errors import Invalid
from shared.logs import decided
from shared.runtime import dead
from shared.runtime.dead import Entry, Filter
from shared.runtime.state import Host
from shared.service import Role, Service

PATH = "/-/dead"
SHOWN = 500
_DONE = {"again": dead.again, "drop": dead.drop}


def routes(host: Host, every: Sequence[Service]) -> list[web.RouteDef]:
    """Return the routes. every: all services of the system."""

    async def page(request: web.Request) -> web.Response:
        entries = await _find(host, every, _filter(request.query))
        context = {"entries": entries[:SHOWN], "count": len(entries), "asked": request.query}
        response = aiohttp_jinja2.render_template("dead.html", request, context)
        response.headers["Cache-Control"] = "no-store"
        return response

    async def listed(request: web.Request) -> web.Response:
        entries = await _find(host, every, _filter(request.query))
        return web.Response(
            body=orjson.dumps({"entries": [_shown(x) for x in entries]}), content_type="application/json"
        )

    async def act(request: web.Request) -> web.Response:
        form = await request.post()
        action, wanted = str(form.get("action", "")), _filter({name: str(value) for name, value in form.items()})
        if action not in _DONE:
            raise Invalid("not-an-action", "action takes again or drop")
        count = 0
        for role, ports in host.ports.items():
            entries = await dead.find(ports, role, every, wanted)
            count += await _DONE[action](ports, entries)
        decided(f"dead-{action}", count=count)
        raise web.HTTPSeeOther(PATH)

    return [web.get(PATH, page), web.post(PATH, act), web.get(f"{PATH}.json", listed)]


async def _find(host: Host, every: Sequence[Service], wanted: Filter) -> list[Entry]:
    return [each for role, ports in host.ports.items() for each in await dead.find(ports, Role(role), every, wanted)]


def _filter(values: Any) -> Filter:
    older, newer = str(values.get("older_than", "")).strip(), str(values.get("newer_than", "")).strip()
    return Filter(
        queue=str(values.get("queue", "")).strip() or "all",
        id=str(values.get("id", "")).strip() or "all",
        reason=str(values.get("reason", "")).strip(),
        older_s=dead.seconds(older) if older else 0.0,
        newer_s=dead.seconds(newer) if newer else float("inf"),
    )


def _shown(entry: Entry) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(entry)
    del shown["details"]
    return shown
