"""What a service is: its name, role, queue, and what runs while it lives.

``services/<name>/service.py`` exports ``SERVICES``, a tuple of these; ``services/__main__.py`` is the only reader.
"""

import enum
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

import msgspec
from aiohttp import web

from shared.audit.log import AuditLog
from shared.blobs import Blobs
from shared.bus import Bus
from shared.documents import Collection, Documents
from shared.events import Event
from shared.text.free_text import TextCheck, unchecked
from shared.web.identity.actor import Credential

P = ParamSpec("P")
R = TypeVar("R")


class Role(enum.StrEnum):
    """Where a service runs; each role has its own bus, documents and blobs."""

    GATEWAY = "gateway"
    CENTRE = "centre"


class Cpu(Protocol):
    """Runs a picklable module-level function in the process pool and returns its result."""

    async def __call__(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...


@dataclass(frozen=True)
class Place:
    """What the runtime gives a service: the ports of its role, and where it stands.

    home: a folder of this role's own for scratch and embedded state.  blobs: the stores that the service named.
    base_url: this process' own address, such as http://127.0.0.1:8080.
    own_headers: show who this process is, in requests to other services of the system.
    environ: read once, by the service's settings, at opening.  text_check: looks for names in what a person types.
    audit: the audit trail of the role; None where nothing is recorded.
    """

    role: Role
    site: str
    home: Path
    base_url: str
    environ: Mapping[str, str]
    bus: Bus
    documents: Documents
    blobs: Mapping[str, Blobs]
    cpu: Cpu
    text_check: TextCheck = unchecked
    own_headers: Mapping[str, str] = field(default_factory=dict)
    audit: AuditLog | None = None


Handler = Callable[[Any], Awaitable[Sequence[Event]]]


Check = Callable[[], Awaitable[str]]


async def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Running:
    """A service that is open.

    routes: with full paths as the outside sees them.  handlers: one per event type taken, already bound to its
    dependencies.  tasks: loops that run until cancelled.  stop_accepting: called first at a stop, before consumers end.
    templates: a folder of Jinja templates, which render as "<service name>/<file>" and extend "base.html".
    menu: pages for the navigation: label, path.
    status: figures for ``jmid status``: label → number; no patient's value.
    origins: URLs of other hosts that its pages read images and data of.
    credentials: tokens of its own settings that the gate takes, and whose they are.
    checks: what must hold for the service to be ready, by name: each returns "ok", or in a few words what does not.
    """

    routes: Sequence[web.AbstractRouteDef] = ()
    handlers: Mapping[type[Event], Handler] = field(default_factory=dict)
    tasks: Sequence[Callable[[], Awaitable[None]]] = ()
    stop_accepting: Callable[[], Awaitable[None]] = nothing
    templates: Path | None = None
    menu: Sequence[tuple[str, str]] = ()
    status: Callable[[], Awaitable[Mapping[str, int]]] | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)
    credentials: Sequence[Credential] = ()
    origins: Sequence[str] = ()


@dataclass(frozen=True)
class Service:
    """The declaration of one service in one role; the runtime does the rest.

    blobs: names of the stores it may open: ``identified``, ``deidentified`` (gateway), ``archive`` (centre).
    opens: given its Place, yields what runs.  settings: the Struct that it reads as JMID_<NAME>_<FIELD>.
    """

    name: str
    role: Role
    opens: Callable[[Place], AbstractAsyncContextManager[Running]]
    takes: tuple[type[Event], ...] = ()
    publishes: tuple[type[Event], ...] = ()
    collections: tuple[Collection[Any], ...] = ()
    blobs: tuple[str, ...] = ()
    prefetch: int = 4
    settings: type[msgspec.Struct] | None = None
