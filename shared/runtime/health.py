"""Health, status and metrics under /-/."""

import asyncio

import orjson
import prometheus_client
from aiohttp import web

from shared.errors import JmidError
from shared.metrics import QUEUE, REGISTRY
from shared.runtime.state import Host

CHECK_S = 3.0


def routes(host: Host) -> list[web.AbstractRouteDef]:
    """/-/live: the loop turns.  /-/ready: every port answers and no stop was asked for.  /-/status, /-/metrics."""

    async def live(_: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def ready(_: web.Request) -> web.Response:
        checks = await _checks(host)
        good = host.ready and all(value == "ok" for value in checks.values())
        return _json({"ready": good, "checks": checks}, 200 if good else 503)

    async def status(_: web.Request) -> web.Response:
        return _json(await _status(host), 200)

    async def metrics(_: web.Request) -> web.Response:
        await _status(host)
        text = prometheus_client.generate_latest(REGISTRY)
        return web.Response(body=text, headers={"Content-Type": prometheus_client.CONTENT_TYPE_LATEST})

    return [
        web.get("/-/live", live),
        web.get("/-/ready", ready),
        web.get("/-/status", status),
        web.get("/-/metrics", metrics),
    ]


async def _checks(host: Host) -> dict[str, str]:
    found: dict[str, str] = {}
    for role, ports in host.ports.items():
        pings = {"bus": ports.bus.ping, "documents": ports.documents.ping}
        pings |= {f"blobs:{name}": store.ping for name, store in ports.blobs.items()}
        for name, ping in pings.items():
            try:
                async with asyncio.timeout(CHECK_S):
                    await ping()
                found[f"{role}:{name}"] = "ok"
            except (JmidError, TimeoutError) as error:
                found[f"{role}:{name}"] = type(error).__name__
    return found


async def _status(host: Host) -> dict[str, dict[str, int]]:
    """Return figures of each service and queue, and set the queue gauges."""
    figures: dict[str, dict[str, int]] = {}
    for service, running in host.open:
        own = figures.setdefault(f"{service.role}:{service.name}", {})
        if running.status is not None:
            own.update(await running.status())
        if service.takes:
            depth = await host.ports[service.role].bus.depth(service.name)
            for state in depth.__struct_fields__:
                value = getattr(depth, state)
                own[f"queue {state}"] = value
                QUEUE.labels(f"{service.role}:{service.name}", state).set(value)
    return figures


def _json(value: object, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")
