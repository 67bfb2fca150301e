"""``jmid clients``: programs that get tokens of the embedded issuer, beside the running system or not."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.command_line import HomeOption, ports_of, run_work
from services.identity.clients import public_key_of, put_client
from services.identity.records import CLIENTS, COLLECTIONS, Client
from services.places import issuer_role
from shared import clock
from shared.console import console
from shared.web.access.words import AccessRole

out = console()
clients = typer.Typer(help="Programs that get tokens of the embedded issuer.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="The client's name, such as ai-team.", metavar="NAME")]


@clients.command("list")
def list_clients(home: HomeOption = Path("jmid-home")) -> None:
    """List the clients, with what they may do and how they show who they are."""
    table = Table("client", "roles", "sites", "shows", "sends people back to")
    for each in run_work(_all(home)):
        table.add_row(
            each.name, ", ".join(each.roles), ", ".join(each.sites), "key" if each.key else "secret",
            ", ".join(each.redirect_uris),
        )  # fmt: skip
    out.print(table)


@clients.command("add")
def add_client(
    name: NameArgument,
    role: Annotated[list[AccessRole] | None, typer.Option(help="Its own role; may be given several times.")] = None,
    site: Annotated[list[str] | None, typer.Option(help="A site; may be given several times.")] = None,
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="Where it has people sent back to, if they sign in to it.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its public key in PEM, in place of a secret.", exists=True)] = None,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Make a client, or make it anew; its secret is printed, this once."""
    if not name.isprintable() or not 0 < len(name) <= 64 or " " in name or ":" in name:
        raise typer.BadParameter("a name has at most 64 characters, no blanks and no colon", param_hint="NAME")
    if not role and not redirect_uri:
        raise typer.BadParameter("what may it do? Give --role, or --redirect-uri", param_hint="--role")
    client = Client(
        name=name,
        roles=tuple(dict.fromkeys(each.value for each in role or ())),
        sites=tuple(site or ()),
        redirect_uris=tuple(redirect_uri or ()),
        key=public_key_of(key.read_bytes()) if key is not None else "",
        began=clock.now(),
    )
    secret = run_work(_add(home, client))
    if secret:
        print(secret)


@clients.command("remove")
def remove_client(name: NameArgument, home: HomeOption = Path("jmid-home")) -> None:
    """Remove a client; tokens that it has last to their end, ten minutes at most by default."""
    if not run_work(_remove(home, name)):
        out.print(f"There is no client {name}", markup=False)
        raise typer.Exit(1)


async def _all(home: Path) -> list[Client]:
    async with ports_of(issuer_role(home), home, ()) as ports:
        await ports.documents.declare(*COLLECTIONS)
        return sorted([each async for each in ports.documents.every(CLIENTS)], key=lambda each: each.name)


async def _add(home: Path, client: Client) -> str:
    async with ports_of(issuer_role(home), home, ()) as ports:
        await ports.documents.declare(*COLLECTIONS)
        return await put_client(ports.documents, client, has_secret=not client.key)


async def _remove(home: Path, name: str) -> bool:
    async with ports_of(issuer_role(home), home, ()) as ports:
        await ports.documents.declare(*COLLECTIONS)
        return await ports.documents.delete(CLIENTS, name)
