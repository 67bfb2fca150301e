"""The audit trail of each role that a process hosts: its writer, what keeps it, and who is told of it."""

import asyncio
import getpass
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from shared import settings as settings_reader
from shared.audit.keeping import TIP_FILE, faults_of, note_check, seal_days, trim, write_tip_file
from shared.audit.keys import AuditKeys
from shared.audit.log import AuditLog
from shared.audit.names import named
from shared.audit.record import Happening, Tip, Who
from shared.audit.seals import CHECK_ID, CHECKS, COLLECTIONS, Check
from shared.audit.settings import AuditMode, AuditSettings
from shared.audit.words import Action, AuditClass, EventKind
from shared.documents import Documents
from shared.errors import Unavailable
from shared.lease import leases_of
from shared.logs import decided
from shared.runtime.audit import pages as audit_pages
from shared.runtime.audit.forward import Forwarder
from shared.runtime.state import Host
from shared.service import Place, Role, Running, Service

DAY_S: Final = 86_400.0
KEPT_EVERY_S: Final = 60.0
NOTED_EVERY_S: Final = 1.0
FOLDER: Final = "audit"


def audit_settings(environ: Mapping[str, str]) -> AuditSettings:
    """Read the settings."""
    return AuditSettings(**settings_reader.values(AuditSettings, "JMID", environ))


def folder_of(settings: AuditSettings, home: Path) -> Path:
    """Return where a role's keys of the trail are. home: of the role."""
    return settings.audit_keys or home / FOLDER


def source_of(site: str, role: Role) -> str:
    """Return what this process is called in records: site, role, machine and process."""
    return f"{site}/{role}/{socket.gethostname()}:{os.getpid()}"


@asynccontextmanager
async def writing(settings: AuditSettings, documents: Documents, home: Path, source: str) -> AsyncIterator[AuditLog]:
    """Yield the writer of a role's trail for a command or a process that runs it; what is left is written at the end.

    home: of the role.
    """
    await documents.declare(*COLLECTIONS)
    keys = await asyncio.to_thread(AuditKeys, folder_of(settings, home), settings.audit_key_days * DAY_S)
    log = AuditLog(documents, source, settings, keys.naming)
    if keys.made:
        log.note(Happening(EventKind.AUDIT_KEY, Action.CREATE, reason=keys.made))
    try:
        yield log
    finally:
        await log.flush(every=True)


_OF_COMMANDS: Final = {
    AuditClass.READ: (EventKind.READ, Action.READ),
    AuditClass.EXPORT: (EventKind.EXPORT, Action.READ),
    AuditClass.AUDIT: (EventKind.AUDIT_READ, Action.READ),
    AuditClass.OPERATE: (EventKind.OPERATE, Action.EXECUTE),
    AuditClass.CHANGE: (EventKind.COMMAND, Action.UPDATE),
}


async def record_command(
    documents: Documents,
    role: Role,
    home: Path,
    command: str,
    about: str = "",
    audited: AuditClass = AuditClass.CHANGE,
) -> None:
    """Record what somebody on this machine does by a command. home: of the role.  about: an id of ours.

    Raises Unavailable if records are required and it cannot be written.
    """
    settings = audit_settings(os.environ)
    if settings.audit is AuditMode.OFF:
        return
    user = account_name()
    who = Who(subject=f"user:{user}", name=user, shown="command")
    kind, action = _OF_COMMANDS[audited]
    happened = Happening(kind, action, who, route=f"jmid {command}")
    async with writing(settings, documents, home, source_of("", role)) as log:
        log.note(happened._replace(objects=(named("name", about) or log.keyed("name", about),) if about else ()))
        if not await log.flush(every=True) and log.is_required:
            raise Unavailable("the audit trail cannot be written, so the command is not run")


def account_name() -> str:
    """Return the name of the account that runs this process; its number where it has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@asynccontextmanager
async def auditing(
    host: Host, role: Role, settings: AuditSettings, site: str, environ: Mapping[str, str]
) -> AsyncIterator[None]:
    """Give the host the trail of a role, and what runs for it; nothing where nothing is recorded."""
    if settings.audit is AuditMode.OFF:
        decided("audit-off", level="warning", role=role.value)
        yield
        return
    documents, home = host.ports[role].documents, host.home / role.value
    async with writing(settings, documents, home, source_of(site, role)) as log:
        host.audit[role] = log
        log.note(Happening(EventKind.STARTED, Action.EXECUTE))
        keeper = Keeper(documents, log, settings, home)
        tasks = [log.run, keeper.run, keeper.note_tips]
        if settings.audit_syslog:
            tasks.append(Forwarder(documents, leases_of(documents, environ), settings).run)
        service = Service(name=FOLDER, role=role, opens=_opened)
        host.open.append((service, _running(role, documents, log, tasks)))
        try:
            yield
        finally:
            log.note(Happening(EventKind.STOPPED, Action.EXECUTE))


def _running(
    role: Role, documents: Documents, log: AuditLog, tasks: Sequence[Callable[[], Awaitable[None]]]
) -> Running:
    return Running(
        routes=audit_pages.routes(role, documents, log.naming),
        tasks=tasks,
        menu=audit_pages.MENU[role],
        checks={"written": partial(_is_written, log)},
    )


class Keeper:
    """Signs days, lets old records go, and looks at the chain after each signature. home: of the role."""

    def __init__(self, documents: Documents, log: AuditLog, settings: AuditSettings, home: Path) -> None:
        self._documents, self._log, self._settings, self._home = documents, log, settings, home
        self._tip: Tip | None = None
        self._moved = asyncio.Event()
        log.on_written = self._note

    async def run(self) -> None:
        """Do so again and again until cancelled."""
        while True:
            await self.keep()
            await asyncio.sleep(KEPT_EVERY_S)

    async def keep(self) -> None:
        """Sign, trim and look once."""
        most_age_s = self._settings.audit_key_days * DAY_S
        keys = await asyncio.to_thread(AuditKeys, folder_of(self._settings, self._home), most_age_s)
        if keys.made:
            self._log.note(Happening(EventKind.AUDIT_KEY, Action.CREATE, reason=keys.made))
        if await seal_days(self._documents, keys, self._log) is None and await self._was_checked():
            return
        await trim(self._documents, self._settings.audit_keep_days, self._log)
        async for each in faults_of(self._documents, keys, self._settings.audit_keep_days, self._home / TIP_OF):
            if isinstance(each, Check):
                await note_check(self._documents, each)
            else:
                decided("audit-broken", level="error", count=each.number)

    async def note_tips(self) -> None:
        """Note where the chain ends, beside the documents, until cancelled."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            if self._tip is not None:
                await asyncio.to_thread(write_tip_file, self._home / TIP_OF, self._tip)
            await asyncio.sleep(NOTED_EVERY_S)

    def _note(self, tip: Tip) -> None:
        self._tip = tip
        self._moved.set()

    async def _was_checked(self) -> bool:
        check = await self._documents.get(CHECKS, CHECK_ID)
        return check is not None and bool(check.number or check.fault)


TIP_OF: Final = Path(FOLDER) / TIP_FILE


def log_of(host: Host, owners: Callable[[web.Request], Role | None]) -> Callable[[web.Request], AuditLog]:
    """Return what says to which trail a request belongs. owners: the role of the service whose route it is."""
    common = host.audit[Role.CENTRE if Role.CENTRE in host.audit else Role.GATEWAY]

    def of_request(request: web.Request) -> AuditLog:
        role = owners(request)
        return common if role is None else host.audit[role]

    return of_request


async def _is_written(log: AuditLog) -> str:
    return "records cannot be written" if log.is_failing else "ok"


@asynccontextmanager
async def _opened(_: Place) -> AsyncIterator[Running]:
    yield Running()
