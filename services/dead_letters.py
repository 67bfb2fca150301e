"""``jmid dead list|show|replay|drop``: dead letters and items that were set aside, by filters, one or all."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from services.command_line import HomeOption
from shared.bus import Queue
from shared.console import console
from shared.errors import Invalid, JmidError
from shared.runtime import dead
from shared.runtime.dead import Entry, Filter
from shared.runtime.ports import Ports, open_ports, port_settings
from shared.service import Role, Service
from shared.set_aside import SET_ASIDE

QueueArgument = Annotated[str, typer.Argument(help="A service as gateway:anonymizer, or all.")]
IdArgument = Annotated[str, typer.Argument(help="The id, whole, from jmid dead list; or all.")]
QueueOption = Annotated[str, typer.Option(help="Only of this service, such as gateway:anonymizer.")]
ReasonOption = Annotated[str, typer.Option(help="Only those whose error has this in it, in any case.")]
OlderOption = Annotated[str, typer.Option(help="Only those older than, such as 30m, 2h or 3d.")]
NewerOption = Annotated[str, typer.Option(help="Only those not older than.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say which are meant, and change nothing.")]
Act = Callable[[Ports, Sequence[Entry]], Awaitable[int]]
out = console()


def commands(services: Sequence[Service]) -> typer.Typer:
    """Return the commands that look after what does not go on by itself in these services."""
    group = typer.Typer(help="Messages and items that do not go on by themselves.", no_args_is_help=True)

    @group.command("list")
    def list_(
        queue: QueueOption = "all",
        reason: ReasonOption = "",
        older_than: OlderOption = "",
        newer_than: NewerOption = "",
        home: HomeOption = Path("jmid-home"),
    ) -> None:
        """List dead letters, and what services have set aside."""
        _show(_found(services, home, _filter(services, queue, "all", reason, older_than, newer_than)))

    @group.command()
    def show(queue: QueueArgument, id_: IdArgument, home: HomeOption = Path("jmid-home")) -> None:
        """Show one whole, or all; events and items hold no patient's value."""
        entries = _found(services, home, _filter(services, queue, id_))
        for entry in entries:
            out.print(f"{entry.id}  {entry.about}  {entry.error}", soft_wrap=True, markup=False)
            out.print(entry.details.decode("utf-8", "replace"), soft_wrap=True, markup=False)
        _check_any(entries)

    replay = "Put dead letters back into their queues, and have set-aside items tried now."
    group.command("replay", help=replay)(_acting(services, dead.again, "put back"))
    group.command("drop", help="Delete dead letters, and forget set-aside items.")(
        _acting(services, dead.drop, "deleted")
    )
    return group


def _acting(services: Sequence[Service], act: Act, done: str) -> Callable[..., None]:
    """Return a command that acts on what its arguments mean."""

    def command(
        queue: QueueArgument,
        id_: IdArgument,
        reason: ReasonOption = "",
        older_than: OlderOption = "",
        newer_than: NewerOption = "",
        dry_run: DryRunOption = False,
        home: HomeOption = Path("jmid-home"),
    ) -> None:
        wanted = _filter(services, queue, id_, reason, older_than, newer_than)
        _act(services, home, wanted, None if dry_run else act, done)

    return command


def _filter(
    services: Sequence[Service], queue: str, id_: str, reason: str = "", older_than: str = "", newer_than: str = ""
) -> Filter:
    names = sorted(f"{service.role}:{service.name}" for service in services)
    if queue not in ("all", *names):
        raise typer.BadParameter(f"one of all, {', '.join(names)}", param_hint="QUEUE")
    try:
        older_s = dead.seconds(older_than) if older_than else 0.0
        newer_s = dead.seconds(newer_than) if newer_than else float("inf")
    except Invalid as error:
        raise typer.BadParameter(error.detail, param_hint="--older-than, --newer-than") from error
    return Filter(queue, id_, reason, older_s, newer_s)


def _act(services: Sequence[Service], home: Path, wanted: Filter, act: Act | None, done: str) -> None:
    """Act on what is meant; None only lists it."""
    if act is None:
        entries = _found(services, home, wanted)
        _show(entries)
        out.print(f"{len(entries)} would be {done}.")
    else:
        acted = _each_role(services, home, wanted, act)
        count = sum(each for _, each in acted)
        out.print(f"{count} {done}.")
        if any(len(entries) >= dead.MOST for entries, _ in acted):
            out.print("There may be more; run it again.")
        _check_any(count)


def _found(services: Sequence[Service], home: Path, wanted: Filter) -> list[Entry]:
    return [entry for entries, _ in _each_role(services, home, wanted, None) for entry in entries]


def _each_role(
    services: Sequence[Service], home: Path, wanted: Filter, act: Act | None
) -> list[tuple[list[Entry], int]]:
    """Return what is meant of each role that may have it, and on how many it was acted."""
    roles = [role for role in Role if wanted.queue == "all" or wanted.queue.startswith(f"{role}:")]
    return [_in_role(services, role, home, wanted, act) for role in roles]


def _in_role(
    services: Sequence[Service], role: Role, home: Path, wanted: Filter, act: Act | None
) -> tuple[list[Entry], int]:
    async def work() -> tuple[list[Entry], int]:
        settings = port_settings(role, os.environ)
        async with open_ports(settings, role, home / role.value, (), os.environ) as ports:
            await ports.bus.declare(*(Queue(s.name, s.takes) for s in services if s.role is role and s.takes))
            await ports.documents.declare(SET_ASIDE)
            entries = await dead.find(ports, role, services, wanted)
            return entries, await act(ports, entries) if act else 0

    try:
        return asyncio.run(work())
    except JmidError as error:
        out.print(f"Cannot reach the bus or the documents of {role}: {error}", soft_wrap=True, markup=False)
        raise typer.Exit(1) from error


def _show(entries: Sequence[Entry]) -> None:
    """Print a line for each; ids are whole, however narrow the terminal is."""
    if not entries:
        out.print("No dead letters.")
    for each in entries:
        since = f"since {each.since}" if each.since else ""
        row = (each.queue, each.kind, each.id, each.about, each.error, f"attempts {each.attempts}", since)
        out.print("  ".join(row).rstrip(), soft_wrap=True, markup=False)


def _check_any(entries: object) -> None:
    if not entries:
        out.print("There is no such dead letter.")
        raise typer.Exit(1)
