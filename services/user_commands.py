"""``jmid users``: who signs in at the embedded issuer (JMID_ACCESS=embedded), beside the running system or not."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from services.command_line import HomeOption, ports_of, run_work
from services.identity.passwords import Passwords
from services.identity.records import DECLARED, USERS, User
from services.identity.settings import IdentitySettings
from services.identity.users import check_user, disable_user, forget, put_user, sign_out
from services.places import issuer_role
from shared.console import console
from shared.errors import Invalid
from shared.web.access.words import AccessRole

out = console()
users = typer.Typer(help="Users of the embedded issuer.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(help="The user name, such as hanako.", metavar="NAME")]


@users.command("list")
def list_users(home: HomeOption = Path("jmid-home")) -> None:
    """List the users, with their roles and sites."""
    table = Table("user", "roles", "sites", "password")
    for user in run_work(_all(home)):
        state = "disabled" if user.is_disabled else "to be chosen" if user.is_one_time else "chosen"
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
    roles, sites = tuple(dict.fromkeys(each.value for each in role)), tuple(site or ())
    try:
        check_user(name, roles, sites)
    except Invalid as error:
        raise typer.BadParameter(error.detail) from error
    print(run_work(_set(home, name, roles, sites)))


@users.command()
def disable(name: NameArgument, home: HomeOption = Path("jmid-home")) -> None:
    """Let a user in no more, and end their sessions; running processes notice within seconds."""
    _told(run_work(_disable(home, name, is_disabled=True)), name)


@users.command()
def enable(name: NameArgument, home: HomeOption = Path("jmid-home")) -> None:
    """Let a user in again who was disabled."""
    _told(run_work(_disable(home, name, is_disabled=False)), name)


@users.command("remove")
def remove_user(name: NameArgument, home: HomeOption = Path("jmid-home")) -> None:
    """Remove a user, and end their sessions; running processes notice within seconds."""
    _told(run_work(_remove(home, name)), name)


@users.command("end-sessions")
def end_sessions(name: NameArgument, home: HomeOption = Path("jmid-home")) -> None:
    """End a user's sessions and refresh tokens; running processes notice within seconds."""
    count = run_work(_sign_out(home, name))
    if count is None:
        out.print(f"There is no user {name}", markup=False)
        raise typer.Exit(1)
    out.print(f"{count} ended.")


def _told(is_known: bool, name: str) -> None:
    if not is_known:
        out.print(f"There is no user {name}", markup=False)
        raise typer.Exit(1)


async def _disable(home: Path, name: str, *, is_disabled: bool) -> bool:
    async with ports_of(issuer_role(home), home, ()) as ports:
        await ports.documents.declare(*DECLARED)
        user = await ports.documents.get(USERS, name)
        if user is not None:
            await disable_user(ports.documents, user, is_disabled=is_disabled)
        return user is not None


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
