"""``jmid users``: who signs in at the embedded issuer (JMID_ACCESS=embedded), beside the running system or not."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.command_line import HomeOption, ports_of, run_work
from services.identity.passwords import Passwords
from services.identity.records import DECLARED, USERS, User
from services.identity.settings import IdentitySettings
from services.identity.users import forget, put_user, sign_out
from services.places import issuer_role
from shared.console import console
from shared.web.access.words import AccessRole

out = console()
users = typer.Typer(help="Users of the embedded issuer.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="The user name, such as hanako.", metavar="NAME")]


@users.command("list")
def list_users(home: HomeOption = Path("jmid-home")) -> None:
    """List the users, with their roles and sites."""
    table = Table("user", "roles", "sites", "password")
    for user in run_work(_all(home)):
        state = "to be chosen" if user.is_one_time else "chosen"
        table.add_row(user.name, ", ".join(user.roles), ", ".join(user.sites), state)
    out.print(table)


@users.command("set")
def set_user(
    name: NameArgument,
    role: Annotated[list[AccessRole], typer.Option(help="A role; may be given several times.")],
    site: Annotated[list[str] | None, typer.Option(help="A site; may be given several times.")] = None,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Make a user, or give one other roles and sites and a new one-time password, which is printed."""
    if not name.isprintable() or not 0 < len(name) <= 64 or " " in name:
        raise typer.BadParameter("a user name has at most 64 characters and no blanks", param_hint="NAME")
    roles, sites = tuple(dict.fromkeys(each.value for each in role)), tuple(site or ())
    print(run_work(_set(home, name, roles, sites)))


@users.command("remove")
def remove_user(name: NameArgument, home: HomeOption = Path("jmid-home")) -> None:
    """Remove a user, and end their sessions; running processes notice within seconds."""
    if not run_work(_remove(home, name)):
        out.print(f"There is no user {name}", markup=False)
        raise typer.Exit(1)


@users.command("end-sessions")
def end_sessions(name: NameArgument, home: HomeOption = Path("jmid-home")) -> None:
    """End a user's sessions and refresh tokens; running processes notice within seconds."""
    count = run_work(_sign_out(home, name))
    if count is None:
        out.print(f"There is no user {name}", markup=False)
        raise typer.Exit(1)
    out.print(f"{count} ended.")


async def _sign_out(home: Path, name: str) -> int | None:
    async with ports_of(issuer_role(home), home, ()) as ports:
        await ports.documents.declare(*DECLARED)
        user = await ports.documents.get(USERS, name)
        return await sign_out(ports.documents, user) if user is not None else None


async def _all(home: Path) -> list[User]:
    async with ports_of(issuer_role(home), home, ()) as ports:
        await ports.documents.declare(*DECLARED)
        return sorted([user async for user in ports.documents.every(USERS)], key=lambda user: user.name)


async def _set(home: Path, name: str, roles: tuple[str, ...], sites: tuple[str, ...]) -> str:
    async with ports_of(issuer_role(home), home, ()) as ports:
        await ports.documents.declare(*DECLARED)
        return await put_user(ports.documents, Passwords(ports.documents, IdentitySettings()), name, roles, sites)


async def _remove(home: Path, name: str) -> bool:
    async with ports_of(issuer_role(home), home, ()) as ports:
        await ports.documents.declare(*DECLARED)
        return await forget(ports.documents, name) is not None
