"""What an operator does after an update: ``jmid migrate`` and ``jmid rebuild metadata|answers|index``."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from services.archive.housekeeping.rebuild import Derived, Progress, rebuild
from services.archive.housekeeping.rebuild_records import Restored, rebuild_records
from services.archive.records import STUDIES
from services.command_line import HomeOption, archive_of, ports_of, run_work
from shared.console import console
from shared.documents import Collection, Documents, Migrated
from shared.runtime.home import claimed
from shared.service import Role, Service

out = console()
StudyOption = Annotated[str, typer.Option("--study", help="Only of this Study Instance UID.")]
AgainOption = Annotated[bool, typer.Option("--again", help="Also what the present code has made already.")]
CountOption = Annotated[bool, typer.Option("--dry-run", help="Count what would be done and write nothing.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Try every record and write nothing.")]


def migrate(services: Sequence[Service]) -> Callable[..., None]:
    """Return the command that brings the records of these services' collections to the code's versions."""

    def command(home: HomeOption = Path("jmid-home"), dry_run: DryRunOption = False) -> None:
        """Bring the records at rest to the versions of this release. Stop all services and back up first."""
        with claimed(home.resolve(), alone=True):
            failed = sum(run_work(_migrate_role(services, role, home, dry_run)) for role in Role)
        if failed:
            out.print(f"{failed} records could not be migrated and are as they were; the lines above say why.")
            raise typer.Exit(1)

    return command


def rebuilding() -> typer.Typer:
    """Return the commands that make derived data again."""
    commands = typer.Typer(help="Make again what is derived from stored bytes and records.", no_args_is_help=True)

    @commands.command()
    def metadata(home: HomeOption = Path("jmid-home"), study: StudyOption = "", again: AgainOption = False) -> None:
        """Make the archive's metadata and search answers again from the stored Instances."""
        _rebuild(home, Derived.METADATA, study, again)

    @commands.command()
    def answers(home: HomeOption = Path("jmid-home"), study: StudyOption = "", again: AgainOption = False) -> None:
        """Make the archive's search answers again from its metadata, of evicted Instances too."""
        _rebuild(home, Derived.ANSWERS, study, again)

    @commands.command()
    def records(home: HomeOption = Path("jmid-home"), dry_run: CountOption = False) -> None:
        """Make the archive's records again from the stored Instances that none names, as after a restore."""
        restored = run_work(_rebuild_records(home, dry_run))
        out.print(_restored(restored, dry_run))
        if restored.failed:
            raise typer.Exit(1)

    @commands.command()
    def index(home: HomeOption = Path("jmid-home"), study: StudyOption = "") -> None:
        """Make search read everything again, or one Study: of all, its index is deleted, and it must be stopped."""
        if study:
            run_work(_announce(home, study))
            return
        with claimed(home.resolve(), alone=True):
            shutil.rmtree(home / Role.CENTRE.value / "search", ignore_errors=True)
        out.print("The index is deleted; search makes it again from the change feeds when it starts.")

    return commands


async def _migrate_role(services: Sequence[Service], role: Role, home: Path, dry_run: bool) -> int:
    """Return how many records failed."""
    own = {each.name: each for service in services if service.role is role for each in service.collections}
    failed = 0
    async with ports_of(role, home, ()) as ports:
        for collection in own.values():
            failed += await _migrate_collection(ports.documents, role, collection, dry_run)
    return failed


async def _migrate_collection(documents: Documents, role: Role, collection: Collection[Any], dry_run: bool) -> int:
    name, last = f"{role}: {collection.name}", Migrated(collection.version, 0, 0)
    async for last in documents.migrate(collection, dry_run=dry_run):
        _progress(f"{name}: {last.records} records to version {last.version}")
    verb = "would be brought" if dry_run else "brought"
    if last.records or last.failed:
        out.print(f"{name}: {last.records} records {verb} to version {last.version}, {last.failed} failed")
    else:
        out.print(f"{name}: version {collection.version}, nothing to do")
    return last.failed


def _rebuild(home: Path, derived: Derived, study: str, again: bool) -> None:
    progress = run_work(_rebuild_in(home, derived, study, again))
    out.print(_figures(progress))
    if progress.failed:
        raise typer.Exit(1)


async def _rebuild_records(home: Path, dry_run: bool) -> Restored:
    restored = Restored()
    async with archive_of(home) as deps:
        async for restored in rebuild_records(deps, dry_run=dry_run):
            _progress(_restored(restored, dry_run))
    return restored


async def _rebuild_in(home: Path, derived: Derived, study: str, again: bool) -> Progress:
    progress = Progress()
    async with archive_of(home) as deps:
        async for progress in rebuild(deps, derived, study=study, again=again):
            _progress(_figures(progress))
    return progress


async def _announce(home: Path, study: str) -> None:
    """Write the Study's record as it is: the change feed then has it again, for every search that follows."""
    async with ports_of(Role.CENTRE, home, ()) as ports:
        await ports.documents.declare(STUDIES)
        versioned = await ports.documents.get_versioned(STUDIES, study)
        if versioned is None:
            out.print("The archive has no such Study.")
            raise typer.Exit(1)
        await ports.documents.put(STUDIES, versioned[0], if_version=versioned[1])
    out.print("The Study is in the change feed again; search reads it in seconds.")


def _figures(progress: Progress) -> str:
    return (
        f"{progress.studies} Studies: {progress.made} Instances made again, {progress.current} up to date, "
        f"{progress.evicted} evicted, {progress.failed} failed"
    )


def _restored(restored: Restored, dry_run: bool) -> str:
    verb = "would get a record" if dry_run else "got a record"
    return (
        f"{restored.seen} blobs seen: {restored.made} Instances {verb}, {restored.deleted} left as deleted, "
        f"{restored.superseded} superseded, {restored.failed} failed"
    )


def _progress(line: str) -> None:
    if out.is_terminal:
        out.print(line, end="\r")
