"""What a running process is made of: what the host fills, and what health and application read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from shared.audit.log import AuditLog
from shared.runtime.ports import Ports
from shared.runtime.tasks import Task
from shared.runtime.tls import ServerTls
from shared.service import Role, Running, Service
from shared.web.access.rules import AccessTable
from shared.web.access.table import TABLE
from shared.web.identity.gate import Gate
from shared.web.identity.proxies import Proxies


@dataclass
class Host:
    """A running process. ready: turns False as soon as it is told to stop.  access: who may use which route.
    gate: asks who calls; None where nobody is asked.  sign_in: the routes of signing in and out.
    names: under which it answers; empty is any.  targets: URLs that forms of its pages lead to in the end.
    base_url: as it reaches itself.  public_url: of the bound address.  tls: that this speaks.
    audit: the audit trails; empty where nothing is recorded.  proxies: in front, that are trusted.
    """

    base_url: str
    home: Path = Path()
    reserve_bytes: int = 0
    open: list[tuple[Service, Running]] = field(default_factory=list)
    ports: dict[Role, Ports] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    ready: bool = False
    access: AccessTable = TABLE
    gate: Gate | None = None
    sign_in: Sequence[web.AbstractRouteDef] = ()
    names: frozenset[str] = frozenset()
    targets: Sequence[str] = ()
    public_url: str = ""
    tls: ServerTls | None = None
    audit: dict[Role, AuditLog] = field(default_factory=dict)
    proxies: Proxies = field(default_factory=Proxies)
