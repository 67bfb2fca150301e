"""``jmid check``: says what of a home is damaged, and which page of the runbook is for it."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services import home_check
from services.audit_commands import faults_and_check, trail_of
from services.command_line import HomeOption
from services.home_check import Finding
from shared import logs, sqlite_check
from shared.console import console
from shared.runtime.databases import embedded
from shared.runtime.home import claimed
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role, Service
from shared.sqlite_check import Fault

out = console()
_STORES = {Role.GATEWAY: ("identified",), Role.CENTRE: ("archive",)}
BytesOption = Annotated[bool, typer.Option("--bytes", help="Also read all stored bytes and compare their SHA-256.")]
LossOption = Annotated[
    bool,
    typer.Option(
        "--accept-loss",
        help="Go on without what a damaged log or a lost database held; all services stopped, after a copy was made.",
    ),
]


def checking(services: Sequence[Service]) -> Callable[..., None]:
    """Return the command that looks at a home of these services."""

    def command(home: HomeOption = Path("jmid-home"), whole: BytesOption = False, accept: LossOption = False) -> None:
        """Look for damage: databases, records, audit trail, keys, index, viewer, bytes. Exit code 1 if there is any.

        Services may run meanwhile. Nothing is changed, but with --accept-loss.
        """
        logs.configure()
        if accept:
            with claimed(home.resolve(), alone=True):
                for role in Role:
                    _accept(role, home / role.value)
        findings = asyncio.run(_all(services, home, whole=whole))
        _show(findings)
        if any(each.is_damage for each in findings):
            raise typer.Exit(1)

    return command


async def _all(services: Sequence[Service], home: Path, *, whole: bool) -> list[Finding]:
    findings = [finding for role in Role async for finding in _of_role(services, role, home / role.value, whole=whole)]
    return findings + await asyncio.to_thread(lambda: list(home_check.disposable(home)))


async def _of_role(services: Sequence[Service], role: Role, home: Path, *, whole: bool) -> AsyncIterator[Finding]:
    settings = port_settings(role, os.environ)
    if list(embedded(settings, home)) and not await asyncio.to_thread(home.is_dir):
        return  # this role was never here
    broken = await asyncio.to_thread(lambda: list(home_check.databases(settings, home)))
    for finding in broken:
        yield finding
    if any(each.is_damage for each in broken):
        return  # to open them would cut off what is damaged
    async with open_ports(settings, role, home, _STORES[role], os.environ) as ports:
        async for finding in home_check.records(services, role, ports.documents):
            yield finding
        for fault in (await faults_and_check(await trail_of(role, ports.documents, home)))[0]:
            yield Finding(f"{role}: audit trail", fault.what, "Audit trail")
        if role is Role.GATEWAY:
            async for finding in home_check.key_versions(home, ports.documents):
                yield finding
        else:
            async for finding in home_check.archived_bytes(ports, whole=whole):
                yield finding
        if role is Role.GATEWAY and whole:
            async for finding in home_check.identified_bytes(ports.blobs["identified"]):
                yield finding


def _accept(role: Role, home: Path) -> None:
    """Let SQLite cut a damaged log where it is damaged, and let a lost database begin anew."""
    for path in embedded(port_settings(role, os.environ), home):
        for finding in sqlite_check.check(path):
            if finding.fault is Fault.LOST:
                path.with_name(path.name + sqlite_check.MADE).unlink()
                out.print(f"{path} begins anew.")
            elif finding.fault is Fault.LOG:
                connection = sqlite3.connect(path)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.close()
                out.print(f"{path}: {finding.detail}; what stood before that is kept.")


def _show(findings: Sequence[Finding]) -> None:
    if not findings:
        out.print("Nothing is damaged.")
        return
    table = Table("where", "what", "docs/operations.md, Damage")
    for each in findings:
        table.add_row(each.where, each.what, each.runbook)
    out.print(table)
