"""``jmid pull``: has the gateway fetch Studies from a source; the services carry it out, now or when they run again.

Exit code 2: the call, the list of sources, or a file of what is asked for is wrong.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.command_line import HomeOption, ports_of, run_work
from services.ingest.pull import begin
from services.ingest.pull.routes import failed_studies, shown
from services.ingest.pull.sources import read_sources
from services.ingest.pull.wanted import Wanted, by_accession_numbers, by_query, by_uids
from services.ingest.pull_records import PULLED, PULLS, Pull
from services.ingest.settings import IngestSettings
from shared.console import console
from shared.documents import Order
from shared.errors import NotFound, SettingsError
from shared.runtime.ports import Ports
from shared.service import Role
from shared.settings import read

out = console()
IdArgument = Annotated[str, typer.Argument(help="The id of a pull.")]


def pulling() -> typer.Typer:
    """Return the commands."""
    commands = typer.Typer(help="Fetch Studies from a PACS or a DICOMweb server.", no_args_is_help=True)

    @commands.command()
    def start(
        source: Annotated[str, typer.Argument(help="Its name in JMID_INGEST_SOURCES.")],
        query: Annotated[list[str] | None, typer.Option(help="KEYWORD=VALUE; several are one query.")] = None,
        uids: Annotated[Path | None, typer.Option(help="A file of Study Instance UIDs, one a line.")] = None,
        accessions: Annotated[Path | None, typer.Option(help="A CSV file of accession numbers.")] = None,
        priority: Annotated[
            bool | None,
            typer.Option(
                "--priority/--no-priority",
                help="Deliver what comes before the bulk; without either, what a list or CSV names is.",
            ),
        ] = None,
        home: HomeOption = Path("jmid-home"),
    ) -> None:
        """Begin a pull, by a query, a list or a CSV."""
        if source not in read_sources(read(IngestSettings, "INGEST", os.environ)):
            raise SettingsError(f"JMID_INGEST_SOURCES lists no source {source}")
        is_urgent = not query if priority is None else priority
        out.print(run_work(_start(home, source, _wanted(query, uids, accessions), is_urgent)).id)

    @commands.command("list")
    def listed(home: HomeOption = Path("jmid-home")) -> None:
        """Show the pulls, the newest first, and how far each is."""
        run_work(_list(home))

    @commands.command()
    def show(pull_id: IdArgument, home: HomeOption = Path("jmid-home")) -> None:
        """Show one pull, and why Studies of it failed."""
        run_work(_show(home, pull_id))

    @commands.command()
    def stop(pull_id: IdArgument, home: HomeOption = Path("jmid-home")) -> None:
        """Stop a pull for good; what came stays."""
        run_work(_stop(home, pull_id))

    @commands.command()
    def again(pull_id: IdArgument, home: HomeOption = Path("jmid-home")) -> None:
        """Ask again for the Studies of a pull that failed."""
        out.print(f"{run_work(_again(home, pull_id))} Studies are asked for again")

    return commands


def _wanted(query: list[str] | None, uids: Path | None, accessions: Path | None) -> Wanted:
    given = [each for each in (query, uids, accessions) if each]
    if len(given) != 1:
        raise typer.BadParameter("give one of --query, --uids and --accessions")
    if query:
        return by_query(query)
    return by_uids(_text(uids)) if uids else by_accession_numbers(_text(accessions))


def _text(path: Path | None) -> str:
    assert path is not None
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no file of UTF-8 text that can be read") from error


@asynccontextmanager
async def _gateway(home: Path) -> AsyncIterator[Ports]:
    async with ports_of(Role.GATEWAY, home, ("identified",)) as ports:
        await ports.documents.declare(PULLS, PULLED)
        yield ports


async def _start(home: Path, source: str, wanted: Wanted, is_urgent: bool) -> Pull:
    async with _gateway(home) as ports:
        return await begin.begin(ports.documents, ports.blobs["identified"], source, wanted, priority=is_urgent)


async def _list(home: Path) -> None:
    table = Table("pull", "source", "state", "waits for", "Studies", "arrived", "failed")
    async with _gateway(home) as ports:
        for pull in await ports.documents.find_all(PULLS, order=(Order("at", descending=True),)):
            progress = (await shown(ports.documents, pull))["progress"]
            counts = (str(pull.studies), str(progress["arrived"]), str(progress["failed"]))
            table.add_row(pull.id, pull.source, pull.state.value, pull.reason, *counts)
    out.print(table)


async def _show(home: Path, pull_id: str) -> None:
    async with _gateway(home) as ports:
        pull = await ports.documents.get(PULLS, pull_id)
        if pull is None:
            raise NotFound("no-such-pull", "there is no pull of this id")
        progress = (await shown(ports.documents, pull))["progress"]
        out.print(f"{pull.state.value} {pull.reason}".strip(), *(f"{n} {state}" for state, n in progress.items()))
        table = Table("Study", "reason", "arrived", "expected", "attempts")
        for row in await failed_studies(ports.documents, pull):
            numbers = (str(row.number + 1), row.reason, str(row.arrived), str(row.expected), str(row.attempts))
            table.add_row(*numbers)
    if table.row_count:
        out.print(table)


async def _stop(home: Path, pull_id: str) -> None:
    async with _gateway(home) as ports:
        await begin.stop(ports.documents, ports.blobs["identified"], pull_id)


async def _again(home: Path, pull_id: str) -> int:
    async with _gateway(home) as ports:
        return await begin.repeat_failed(ports.documents, pull_id)
