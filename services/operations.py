"""What an operator asks: ``jmid status`` and ``jmid dead list|show|replay|drop``."""

import asyncio
import contextlib
import os
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table

from shared.bus import Bus, DeadLetter, Queue
from shared.errors import JmidError
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role, Service

T = TypeVar("T")
ANSWER_S = 10.0
LISTED = 10_000
out = Console(highlight=False)
HomeOption = Annotated[Path, typer.Option(help="The folder that was given to jmid up or run.", envvar="JMID_HOME")]
QueueArgument = Annotated[str, typer.Argument(help="A queue as gateway:anonymizer; see jmid status.")]
IdArgument = Annotated[str, typer.Argument(help="The dead letter's id, from jmid dead list; all for every one.")]


@contextlib.contextmanager
def address_noted(home: Path, name: str, base_url: str) -> Iterator[None]:
    """Keep a note of where a process of this home answers, for ``jmid status``, until the context ends."""
    folder = home / "addresses"
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{name}-{base_url.rpartition(':')[2]}"  # several processes of one service may share a home
    note.write_text(base_url + "\n", encoding="ascii")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def status(
    home: HomeOption = Path("jmid-home"),
    url: Annotated[str, typer.Option(help="Ask this process instead, such as http://127.0.0.1:8080.")] = "",
) -> None:
    """Show what each service has done, what waits, and what was refused."""
    bases = [url] if url else sorted({p.read_text("ascii").strip() for p in (home / "addresses").glob("*")})
    answers = [(base, _figures(base)) for base in bases]
    table = Table("service", "what", "number")
    for service, rows in sorted({k: v for _, found in answers for k, v in (found or {}).items()}.items()):
        for index, (label, number) in enumerate(rows.items()):
            table.add_row(service if index == 0 else "", label, str(number), end_section=index == len(rows) - 1)
    if table.row_count:
        out.print(table)
    for base, found in answers:
        if found is None and (url or not table.row_count):
            out.print(f"No answer from {base}: it is not running")
    if not table.row_count:
        out.print(f"{url or home} is not running; start it with jmid up --home {home}", soft_wrap=True)
        raise typer.Exit(1)


def _figures(base: str) -> dict[str, dict[str, int]] | None:
    try:
        with urllib.request.urlopen(f"{base}/-/status", timeout=ANSWER_S) as answer:  # noqa: S310 - our own address
            found: dict[str, dict[str, int]] = orjson.loads(answer.read())
            return found
    except (urllib.error.URLError, TimeoutError, OSError):
        return None


def dead(services: Sequence[Service]) -> typer.Typer:
    """Return the commands that look after dead letters of these services' queues."""
    commands = typer.Typer(help="Messages that will not be tried again by themselves.", no_args_is_help=True)

    @commands.command("list")
    def list_(home: HomeOption = Path("jmid-home")) -> None:
        """List the dead letters of all queues."""
        table = Table("queue", "id", "topic", "error", "deliveries", "died at")
        for role in Role:
            for service in _of(services, role):
                for letter in _ask(services, role, home, _listing(service.name)):
                    row = (letter.id, letter.topic, letter.error, str(letter.deliveries), letter.died_at)
                    table.add_row(f"{role}:{service.name}", *row)
        out.print(table if table.row_count else "No dead letters.")

    @commands.command()
    def show(queue: QueueArgument, letter_id: IdArgument, home: HomeOption = Path("jmid-home")) -> None:
        """Show one dead letter whole; events hold no patient's value."""
        role, name = _queue(services, queue)
        found = [x for x in _ask(services, role, home, _listing(name)) if letter_id in (x.id, "all")]
        for letter in found:
            out.print(f"{letter.id}  {letter.topic}  {letter.error}")
            out.print(letter.body.decode("utf-8", "replace"), soft_wrap=True)
        _none_found(found)

    @commands.command()
    def replay(queue: QueueArgument, letter_id: IdArgument, home: HomeOption = Path("jmid-home")) -> None:
        """Put a dead letter, or all, back into its queue."""
        _each(services, queue, letter_id, home, lambda bus, name, found: bus.replay(name, found), "put back")

    @commands.command()
    def drop(queue: QueueArgument, letter_id: IdArgument, home: HomeOption = Path("jmid-home")) -> None:
        """Delete a dead letter, or all."""
        _each(services, queue, letter_id, home, lambda bus, name, found: bus.drop(name, found), "deleted")

    return commands


def _listing(name: str) -> Callable[[Bus], Awaitable[list[DeadLetter]]]:
    return lambda bus: bus.dead(name, limit=LISTED)


def _each(
    services: Sequence[Service],
    queue: str,
    letter_id: str,
    home: Path,
    act: Callable[[Bus, str, str], Awaitable[bool]],
    done: str,
) -> None:
    role, name = _queue(services, queue)

    async def work(bus: Bus) -> int:
        letters = await bus.dead(name, limit=LISTED)
        chosen = [letter.id for letter in letters if letter_id in (letter.id, "all")]
        return sum([await act(bus, name, each) for each in chosen])

    count = _ask(services, role, home, work)
    out.print(f"{count} {done}.")
    _none_found(count)


def _none_found(found: object) -> None:
    if not found:
        out.print("There is no such dead letter.")
        raise typer.Exit(1)


def _of(services: Sequence[Service], role: Role) -> list[Service]:
    return [service for service in services if service.role is role and service.takes]


def _queue(services: Sequence[Service], text: str) -> tuple[Role, str]:
    names = {f"{s.role}:{s.name}": (s.role, s.name) for s in services if s.takes}
    if text not in names:
        raise typer.BadParameter(f"one of {', '.join(sorted(names))}", param_hint="QUEUE")
    return names[text]


def _ask(services: Sequence[Service], role: Role, home: Path, question: Callable[[Bus], Awaitable[T]]) -> T:
    async def asked() -> T:
        settings = port_settings(role, os.environ)
        async with open_ports(settings, role, home / role.value, (), os.environ) as ports:
            await ports.bus.declare(*(Queue(s.name, s.takes) for s in _of(services, role)))
            return await question(ports.bus)

    try:
        return asyncio.run(asked())
    except JmidError as error:
        out.print(f"Cannot reach the bus of {role}: {error}")
        raise typer.Exit(1) from error
