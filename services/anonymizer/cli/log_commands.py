"""``jmid deid log search`` and ``jmid deid log export``: what was done at this gateway, by whom and when."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.anonymizer.audit import export as lines
from services.anonymizer.audit.export import Format
from services.anonymizer.audit.search import Wanted, found, wanted_of
from services.anonymizer.cli.home import HomeOption, documents_in
from services.anonymizer.records import COLLECTIONS
from shared.console import console, written_to
from shared.errors import Invalid

log = typer.Typer(help="What was de-identified, decided and read from the vault.", no_args_is_help=True)
out = console()

SinceOption = Annotated[str, typer.Option(help="From this day or time on, such as 2026-04-01.")]
UntilOption = Annotated[str, typer.Option(help="Until the end of this day, or this time.")]
SubjectOption = Annotated[str, typer.Option(help="A patient's pseudonym; of vault reads, the pseudonym that was read.")]
KindOption = Annotated[str, typer.Option(help="instance, report, decision, rule, site-name or vault-read.")]
ActorOption = Annotated[str, typer.Option(help="Who did it; the service itself is anonymizer.")]


@log.command()
def search(
    since: SinceOption = "",
    until: UntilOption = "",
    subject: SubjectOption = "",
    kind: KindOption = "",
    actor: ActorOption = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """List entries, newest first, a line each."""
    wanted = _wanted(since, until, subject, kind, actor)
    count = asyncio.run(_listed(home, wanted, limit))
    out.print(f"{count} shown" if count else "There is no such entry.")


@log.command("export")
def export_(
    since: SinceOption = "",
    until: UntilOption = "",
    subject: SubjectOption = "",
    kind: KindOption = "",
    actor: ActorOption = "",
    form: Annotated[Format, typer.Option("--format", help="JSON lines or CSV.")] = Format.JSONL,
    file: Annotated[Path | None, typer.Option("--to", help="A new file; else the standard output.")] = None,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Write every entry that is asked for; no patient's value is in it."""
    asyncio.run(_exported(home, _wanted(since, until, subject, kind, actor), form, file))


def _wanted(since: str, until: str, subject: str, kind: str, actor: str) -> Wanted:
    asked = {"since": since, "until": until, "subject": subject, "kind": kind, "actor": actor}
    try:
        return wanted_of(asked)
    except Invalid as error:
        raise typer.BadParameter(error.detail) from error


async def _listed(home: Path, wanted: Wanted, limit: int) -> int:
    count = 0
    async with documents_in(home, *COLLECTIONS) as documents:
        async for entry in found(documents, wanted):
            who = f"{entry.actor} + {entry.second}" if entry.second else entry.actor
            about = (entry.subject, entry.by_rule, entry.reason, entry.why)
            words = (entry.at[:19], entry.kind.value, entry.action, who, *about)
            out.print("  ".join(word for word in words if word), soft_wrap=True, markup=False, highlight=False)
            count += 1
            if count == limit:
                break
    return count


async def _exported(home: Path, wanted: Wanted, form: Format, file: Path | None) -> None:
    with written_to(file) as target:
        target.write(lines.begun(form))
        async with documents_in(home, *COLLECTIONS) as documents:
            async for entry in found(documents, wanted):
                target.write(lines.line(entry, form))
