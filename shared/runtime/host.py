"""Hosts services in one process: opens their ports, serves their routes, runs their consumers, and drains at a stop.

A stop goes: not ready → stop accepting → stop consuming → drain → close (design, section 4).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta
from yarl import URL

from shared import settings as settings_reader
from shared.bus import Queue
from shared.certificates.settings import tls_settings
from shared.errors import DamagedStore, Unavailable
from shared.lease import LEASES
from shared.logs import decided
from shared.runtime import app as apps
from shared.runtime import listeners, tls
from shared.runtime.asking import asking, service_token
from shared.runtime.audit.trail import audit_settings, auditing
from shared.runtime.consumers import consume_forever
from shared.runtime.cpu import LIMIT_S, MEMORY_BYTES, cpu_pool
from shared.runtime.databases import check_before_opening, note_made
from shared.runtime.listeners import Listener, Site
from shared.runtime.ports import Ports, open_ports, port_settings
from shared.runtime.state import Host
from shared.runtime.tasks import Task, run_forever
from shared.service import Place, Role, Service
from shared.set_aside import SET_ASIDE
from shared.settings import Bytes, Seconds
from shared.text.free_text import TextCheck, unchecked
from shared.tracing.opening import traced
from shared.web import bearer
from shared.web.access.rules import AccessTable
from shared.web.access.table import TABLE
from shared.web.connections import Connections, within_open_files
from shared.web.identity import embedded
from shared.web.identity.proxies import Proxies
from shared.web.identity.settings import AccessSettings, access_settings, check_address
from shared.web.loopback import LOOPBACK
from shared.web.slow_clients import SlowClients


class HostSettings(msgspec.Struct, frozen=True):
    """One process; read as JMID_HOST_<FIELD>."""

    names: Annotated[
        tuple[str, ...],
        Meta(
            description="Names under which HTTP is answered besides localhost and JMID_ACCESS_PUBLIC_URL's; on an "
            "address that is not loopback, empty is any name."
        ),
    ] = ()
    workers: Annotated[int, Meta(description="Processes for CPU work.", ge=1, le=1024)] = 2
    work_s: Annotated[
        Seconds, Meta(description="How long one piece of CPU work may take before its process is killed.")
    ] = LIMIT_S
    worker_memory_bytes: Annotated[
        Bytes,
        Meta(
            description="How much memory a process for CPU work may hold; work that asks for more fails; 0 is no limit."
        ),
    ] = MEMORY_BYTES
    reserve_bytes: Annotated[
        Bytes, Meta(description="Free space of the home's disk under which the process is not ready.")
    ] = 512 << 20
    start_check_s: Annotated[
        Seconds, Meta(description="How long the pages of an embedded database are looked at before it is opened.")
    ] = 20.0
    keep_alive_s: Annotated[
        Seconds,
        Meta(description="How long an HTTP connection may be without a request, and how long its headers may take."),
    ] = 75.0
    connections: Annotated[
        int, Meta(description="HTTP requests at once; connections beyond make silent ones give way.", ge=1, le=10_000)
    ] = 400
    connections_per_host: Annotated[
        int, Meta(description="Of these, from one address, such as that of an Ingress.", ge=1, le=10_000)
    ] = 200
    client_pause_s: Annotated[
        Seconds, Meta(description="How long an HTTP client may stop sending its body, or reading its answer.")
    ] = 60.0
    body_s: Annotated[Seconds, Meta(description="How long the body of one HTTP request may take.")] = 14_400.0
    drain_s: Annotated[Seconds, Meta(description="How long running work may take at a stop, all in all.")] = 20.0
    grace_s: Annotated[
        Seconds, Meta(description="How long after a stop signal the process is ended, whatever it is at.")
    ] = 50.0


Progress = Callable[[str], None]
T = TypeVar("T")
PATIENCE_S = 60.0
PAUSE_S = 0.5
_LEAST_S = 1.0  # for each step of a stop, however long those before it took


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """What one process hosts, and where.

    every: all services of the system: their queues are declared, so that no event is unroutable while a service is
    down.  site: the hospital's short name.  bind, port: where it serves HTTP; 0 takes a free port.
    text_check: looks for names in what a person types.  access: who may use which route.
    tls: whether that port speaks TLS; then this process reaches itself by another one, on loopback.
    """

    services: Sequence[Service]
    every: Sequence[Service]
    home: Path
    site: str
    bind: str = "127.0.0.1"
    port: int = 0
    environ: Mapping[str, str]
    text_check: TextCheck = unchecked
    access: AccessTable = TABLE
    tls: bool = False


@asynccontextmanager
async def hosted(
    hosting: Hosting, *, extra_routes: Sequence[web.AbstractRouteDef] = (), tell: Progress = lambda _: None
) -> AsyncIterator[Host]:
    """Run the services until the context ends, then drain. Raises SettingsError for a wrong setting or a taken port."""
    services, home, environ = hosting.services, hosting.home, hosting.environ
    settings = settings_reader.read(HostSettings, "HOST", environ)
    access, audit = access_settings(environ), audit_settings(environ)
    check_address(access, hosting.bind)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(traced(environ, "-".join(sorted({service.name for service in services}))))
        cpu = await stack.enter_async_context(cpu_pool(settings.workers, settings.work_s, settings.worker_memory_bytes))
        names = tls.names_of(hosting.bind, access.access_public_url)
        opens_tls = partial(tls.open_tls, tls_settings(environ), home / _first_role(services).value, names)
        opened = await asyncio.to_thread(opens_tls) if hosting.tls else None
        served = listeners.listen_all(hosting.bind, hosting.port, opened)
        stack.callback(listeners.close_all, served)
        host = Host(listeners.address(served[-1].socket), home, settings.reserve_bytes, access=hosting.access)
        host.tls, host.public_url = opened, listeners.address(served[0].socket, hosting.tls)
        has_issuer = any(service.name == "identity" for service in services)
        access = embedded.completed(access, host.base_url, has_issuer=has_issuer)
        host.proxies = Proxies(access.access_trusted_proxies, access.access_forwarded_header)
        host.names = _names(settings, access, hosting.bind)
        token = await service_token(access, home)
        for role in sorted({service.role for service in services}):
            await check_before_opening(port_settings(role, environ), home / role.value, settings.start_check_s)
            await _open_role(stack, host, role, hosting)
            await stack.enter_async_context(auditing(host, role, audit, hosting.site, environ))
        for service in services:
            ports = host.ports[service.role]
            place = Place(
                role=service.role,
                site=hosting.site,
                home=home / service.role.value,
                base_url=host.base_url,
                environ=environ,
                bus=ports.bus,
                documents=ports.documents,
                blobs={name: ports.blobs[name] for name in service.blobs},
                cpu=cpu,
                text_check=hosting.text_check,
                own_headers=bearer.header(token),
                audit=host.audit.get(service.role),
            )
            running = await stack.enter_async_context(service.opens(place))
            host.open.append((service, running))
            tell(f"{service.role}: {service.name} is open")
        await stack.enter_async_context(asking(access, host, hosting.site, token))
        application = apps.build(host, extra_routes, hosting.every)
        async with _serving(application, served, settings), _working(host, settings.drain_s):
            host.ready = True
            decided("ready", count=len(host.open))
            try:
                yield host
            finally:
                host.ready = False
                decided("draining")


def _first_role(services: Sequence[Service]) -> Role:
    """Return whose home has what is the process' own: the centre's, if that is here."""
    return Role.CENTRE if any(each.role is Role.CENTRE for each in services) else Role.GATEWAY


def _names(settings: HostSettings, access: AccessSettings, bind: str) -> frozenset[str]:
    """Return the names to answer under: this machine's and those that are set; empty, on another address, is any."""
    public = URL(access.access_public_url).host if access.access_public_url else None
    given = frozenset(settings.names) | (frozenset({bind}) if bind in LOOPBACK else frozenset())
    return given | LOOPBACK | (frozenset({public}) if public else frozenset()) if given else given


async def _open_role(stack: AsyncExitStack, host: Host, role: Role, hosting: Hosting) -> None:
    home, environ = hosting.home, hosting.environ
    settings = port_settings(role, environ)
    own = [service for service in hosting.services if service.role is role]
    stores = {name for service in own for name in service.blobs}
    queues = [Queue(s.name, s.takes) for s in hosting.every if s.role is role and s.takes]
    collections = [each for service in own for each in service.collections]

    async def opened() -> Ports:
        return await stack.enter_async_context(open_ports(settings, role, home / role.value, stores, environ))

    ports = host.ports[role] = await _patiently(opened)
    await _patiently(partial(ports.bus.declare, *queues))
    await _patiently(partial(ports.documents.declare, LEASES, SET_ASIDE, *collections))
    await note_made(settings, home / role.value)


async def _patiently(step: Callable[[], Awaitable[T]]) -> T:
    """Take a step of the start; servers may come up after us, and processes of one home get in each other's way."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await step()
        except Unavailable as error:
            if isinstance(error, DamagedStore) or time.monotonic() > deadline:
                raise
            decided("start-waits", level="warning", error=type(error).__name__)
            await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def _serving(
    application: web.Application, served: Sequence[Listener], settings: HostSettings
) -> AsyncIterator[None]:
    slow = SlowClients(settings.client_pause_s, settings.body_s)
    connections = Connections(within_open_files(settings.connections), settings.connections_per_host)
    application.middlewares.insert(0, slow.middleware)
    application.middlewares.insert(0, connections.middleware)
    runner = web.AppRunner(
        application,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=10,
        keepalive_timeout=settings.keep_alive_s,
        auto_decompress=False,  # content_coding decodes, within bounds
    )
    await runner.setup()
    assert runner.server is not None
    connections.watch(runner.server)
    for listener in served:
        await Site(runner, listener).start()
    try:
        async with slow.watching(), tls.kept(served[0].tls):
            yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _working(host: Host, drain_s: float) -> AsyncIterator[None]:
    """Run consumers and tasks; at the end stop accepting, then stop consuming, each bounded."""
    consumers: list[asyncio.Task[None]] = []
    tasks: list[asyncio.Task[None]] = []
    for service, running in host.open:
        if running.handlers:
            bus = host.ports[service.role].bus
            watched = _watched(host, service, "consumer")
            consumers.append(asyncio.create_task(consume_forever(bus, service, running.handlers, watched)))
        for run in running.tasks:
            watched = _watched(host, service, getattr(run, "__name__", "task"))
            tasks.append(asyncio.create_task(run_forever(watched, run)))
    try:
        yield
    finally:
        deadline = time.monotonic() + drain_s
        await _bounded([running.stop_accepting() for _, running in host.open], drain_s)
        for group in (consumers, tasks):
            for task in group:
                task.cancel()
            if group:
                await asyncio.wait(group, timeout=max(_LEAST_S, deadline - time.monotonic()))


def _watched(host: Host, service: Service, name: str) -> Task:
    task = Task(service, name)
    host.tasks.append(task)
    return task


async def _bounded(waits: Sequence[Awaitable[None]], timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await asyncio.gather(*waits)
    except TimeoutError:
        decided("drain-timeout", level="warning")
