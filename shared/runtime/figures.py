"""Figures of each service and queue, for ``jmid status`` and the metrics; what cannot be read hides no other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from shared.documents import Eq
from shared.logs import decided
from shared.metrics import DISK_FREE, DISK_RESERVE, FIGURE, FIGURES_KNOWN, MEMORY, MEMORY_LIMIT, QUEUE
from shared.runtime.home import free_bytes
from shared.runtime.state import Host
from shared.service import Running, Service
from shared.set_aside import SET_ASIDE
from shared.supervision import origin

T = TypeVar("T")
FIGURE_S = 3.0
CGROUP = Path("/sys/fs/cgroup")
SET_ASIDE_FIGURE = "set aside"


async def read_figures(host: Host) -> dict[str, dict[str, int]]:
    """Return the figures by service, and set the gauges. While a store is away, what it keeps is left out."""
    await _within(asyncio.to_thread(_show_machine, host))
    read = await asyncio.gather(*(_of(host, service, running) for service, running in host.open))
    return {f"{service.role}:{service.name}": own for (service, _), own in zip(host.open, read, strict=True)}


async def _of(host: Host, service: Service, running: Running) -> dict[str, int]:
    own: dict[str, int] = {}
    is_known = True
    async for part in _parts(host, service, running):
        is_known = is_known and part is not None
        own |= part or {}
    FIGURES_KNOWN.labels(service.role.value, service.name).set(is_known)
    return own


async def _parts(host: Host, service: Service, running: Running) -> AsyncIterator[Mapping[str, int] | None]:
    """Yield the service's own figures, how many items it set aside, and its queue; None for what cannot be read."""
    ports, role = host.ports[service.role], service.role.value
    if running.status is not None:
        own = await _within(running.status())
        _show(role, service.name, own or {})
        yield own
    count = await _within(ports.documents.count(SET_ASIDE, Eq("service", service.name)))
    figures = {SET_ASIDE_FIGURE: count} if count is not None else None
    _show(role, service.name, figures or {})
    yield figures
    if service.takes:
        depth = await _within(ports.bus.depth(service.name))
        for state in depth.__struct_fields__ if depth else ():
            QUEUE.labels(f"{role}:{service.name}", state).set(getattr(depth, state))
        yield {f"queue {state}": getattr(depth, state) for state in depth.__struct_fields__} if depth else None


def _show_machine(host: Host) -> None:
    """Set the gauges of disk and, in a container (cgroup v2), of memory."""
    DISK_FREE.set(free_bytes(host.home))
    DISK_RESERVE.set(host.reserve_bytes)
    for gauge, name in ((MEMORY, "memory.current"), (MEMORY_LIMIT, "memory.max")):
        with suppress(OSError, ValueError):  # no such file outside a container; "max" is no limit
            gauge.set(int((CGROUP / name).read_text()))


def _show(role: str, service: str, figures: Mapping[str, int]) -> None:
    for name, value in figures.items():
        FIGURE.labels(role, service, name).set(value)


async def _within(figure: Awaitable[T]) -> T | None:
    """Return the figure, or None if it cannot be read in time."""
    try:
        async with asyncio.timeout(FIGURE_S):
            return await figure
    except Exception as error:  # whatever it is, the other figures are wanted all the more
        decided("figure-not-read", level="warning", error=type(error).__name__, origin=origin(error) or None)
        return None
