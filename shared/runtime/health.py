"""Health, status and metrics under /-/."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import prometheus_client
from aiohttp import web

from shared.bus import Bus
from shared.metrics import READY, REGISTRY
from shared.runtime.figures import read_figures
from shared.runtime.home import free_bytes
from shared.runtime.state import Host
from shared.service import Check
from shared.web.routing import json_answer

CHECK_S = 3.0
OK = "ok"


def routes(host: Host) -> list[web.AbstractRouteDef]:
    """/-/live: the loop turns.  /-/status and /-/metrics: figures.

    /-/ready: no stop was asked for, every port answers, every consumer is connected, every long-lived task runs, and
    every check of the services passes.
    """

    async def live(_: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def ready(_: web.Request) -> web.Response:
        checks = await _checks(host)
        good = host.ready and all(value == OK for value in checks.values())
        return json_answer({"ready": good, "checks": checks}, status=200 if good else 503)

    async def status(_: web.Request) -> web.Response:
        return json_answer(await read_figures(host), status=200)

    async def metrics(_: web.Request) -> web.Response:
        await asyncio.gather(read_figures(host), _checks(host))  # alerts ask for both as they are now
        text = prometheus_client.generate_latest(REGISTRY)
        return web.Response(body=text, headers={"Content-Type": prometheus_client.CONTENT_TYPE_LATEST})

    return [
        web.get("/-/live", live),
        web.get("/-/ready", ready),
        web.get("/-/status", status),
        web.get("/-/metrics", metrics),
    ]


async def _checks(host: Host) -> dict[str, str]:
    checks = dict(_all_checks(host))
    results = await asyncio.gather(*(_checked(check) for check in checks.values()))
    results_by_name = dict(zip(checks, results, strict=True))
    for name, result in results_by_name.items():
        READY.labels(name).set(result == OK)
    return results_by_name


def _all_checks(host: Host) -> Iterator[tuple[str, Check]]:
    for role, ports in host.ports.items():
        yield f"{role}:bus", partial(_pinged, ports.bus.ping)
        yield f"{role}:documents", partial(_pinged, ports.documents.ping)
        for name, store in ports.blobs.items():
            yield f"{role}:blobs:{name}", partial(_pinged, store.ping)
    for service, running in host.open:
        if running.handlers:
            yield (
                f"{service.role}:{service.name}:consumer",
                partial(_connected, host.ports[service.role].bus, service.name),
            )
        for name, check in running.checks.items():
            yield f"{service.role}:{service.name}:{name}", check
    yield "tasks", partial(_running, host)
    yield "disk", partial(_has_room, host)


async def _checked(check: Check) -> str:
    """Return what a check says; one that cannot run does not pass."""
    try:
        async with asyncio.timeout(CHECK_S):
            return await check()
    except Exception as error:  # a check that fails by any error must not hide the others
        return type(error).__name__


async def _pinged(ping: Callable[[], Awaitable[None]]) -> str:
    await ping()
    return OK


async def _connected(bus: Bus, queue: str) -> str:
    return OK if bus.consumers(queue) else "no consumer"


async def _running(host: Host) -> str:
    faulty = sorted(f"{task.service.role}:{task.service.name}:{task.name}" for task in host.tasks if task.is_faulty)
    return f"not running: {', '.join(faulty)}" if faulty else OK


async def _has_room(host: Host) -> str:
    free = await asyncio.to_thread(free_bytes, host.home)
    return OK if free >= host.reserve_bytes else "less space than the reserve"
