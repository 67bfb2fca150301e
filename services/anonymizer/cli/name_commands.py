"""``jmid names list``, ``remove`` and ``keep``: the names that headers of this site told."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.anonymizer.cli.home import HomeOption, documents_in
from services.anonymizer.header_names import learned
from services.anonymizer.name_records import HEADER_NAMES, HeaderName, NameState
from services.anonymizer.records import COLLECTIONS
from shared import clock
from shared.console import console
from shared.documents import Eq
from shared.errors import JmidError
from shared.web.actor import actor_named

names = typer.Typer(help="Names of staff and places that this site's headers told.", no_args_is_help=True)
out = console()

StateOption = Annotated[NameState, typer.Option(help="seen: on too few Studies yet; in-force; kept; removed.")]


@names.command("list")
def list_(state: StateOption = NameState.IN_FORCE, home: HomeOption = Path("jmid-home")) -> None:
    """List names with their ids, a line each. The list is for the site alone."""
    rows = asyncio.run(_listed(home, state))
    for each in sorted(rows, key=lambda each: (each.kind, each.name)):
        words = f"{each.id}  {each.kind}  {each.name}  {each.at[:10]}  {each.by}".rstrip()
        out.print(words, soft_wrap=True, markup=False, highlight=False)
    out.print(f"{len(rows)} {state.value}" if rows else "There is no such name.")


@names.command()
def remove(
    key: Annotated[str, typer.Argument(help="The id that jmid names list shows.")],
    by: Annotated[str, typer.Option(help="Who decides it.")],
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Remove a name; every process lets it stand within a minute, and headers do not bring it back."""
    _decide(home, key, NameState.REMOVED, by)


@names.command()
def keep(
    key: Annotated[str, typer.Argument(help="The id that jmid names list shows.")],
    by: Annotated[str, typer.Option(help="Who decides it.")],
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Keep a name that a person looked at, or put one that was removed in force again."""
    _decide(home, key, NameState.KEPT, by)


def _decide(home: Path, key: str, state: NameState, by: str) -> None:
    try:
        asyncio.run(_decided(home, key, state, actor_named(by)))
    except JmidError as error:
        out.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(1) from error
    out.print(f"{key} {state.value}")


async def _listed(home: Path, state: NameState) -> list[HeaderName]:
    async with documents_in(home, *COLLECTIONS) as documents:
        return await documents.find_all(HEADER_NAMES, Eq("state", state.value))


async def _decided(home: Path, key: str, state: NameState, by: str) -> None:
    async with documents_in(home, *COLLECTIONS) as documents:
        await learned.decide(documents, key, state, by, clock.utc_now().isoformat(timespec="milliseconds"))
