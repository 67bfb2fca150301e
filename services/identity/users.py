"""Users: made with a one-time password, changed, disabled, removed; at the first start one for each role of a person.

The commands and the page of users do the same by these. The last administrator who can sign in stays.
"""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import orjson

from services.identity.grants import forget_refresh_tokens
from services.identity.passkeys import forget_passkeys
from services.identity.passwords import Passwords, one_time_password
from services.identity.records import USERS, User
from shared.certificates import private_files
from shared.documents import Documents, Eq
from shared.documents.optimistic import change
from shared.errors import Conflict, Invalid, Refused
from shared.web.access.words import AccessRole
from shared.web.identity.sessions import end_sessions
from shared.web.language import translatable

FILE: Final = "credentials.json"
PEOPLE: Final = tuple(role for role in AccessRole if role is not AccessRole.SERVICE)
MOST_NAME: Final = 64
KNOWN: Final = translatable("There is a user of this name.")
BAD_NAME: Final = translatable("A user name has at most 64 characters and no blanks.")
NO_ROLE: Final = translatable("A user has at least one of the roles.")
BAD_SITE: Final = translatable("A site's short name has at most 64 characters, no blanks and no backslash.")
LAST: Final = translatable("This is the last administrator who can sign in.")


async def put_user(
    documents: Documents, passwords: Passwords, name: str, roles: tuple[str, ...], sites: tuple[str, ...]
) -> str:
    """Make a user, or give one new roles, sites and a new password and no passkeys; return the one-time password.

    Raises Invalid for a name, a role or a site that is none, Refused for the last administrator without that role.
    """
    check_user(name, roles, sites)
    password = one_time_password()
    kept = await passwords.hashed(password)

    async def step(old: User | None) -> User | None:
        await _check_last(documents, old, roles)
        subject = old.subject if old is not None else secrets.token_urlsafe(16)
        return User(name=name, subject=subject, roles=roles, sites=sites, password=kept)

    user = await change(documents, USERS, name, step)
    await _forget_what_lets_in(documents, user)
    return password


async def add_user(
    documents: Documents, passwords: Passwords, name: str, roles: tuple[str, ...], sites: tuple[str, ...]
) -> str:
    """Make a user that there is none of, and return the one-time password; raise Conflict if there is one."""
    if await documents.get(USERS, name) is not None:
        raise Conflict(KNOWN)
    return await put_user(documents, passwords, name, roles, sites)


async def reset_user(documents: Documents, passwords: Passwords, user: User) -> str:
    """Give a user a new one-time password and no passkeys; return it. Who is disabled stays so."""
    kept_out = user.is_disabled
    password = await put_user(documents, passwords, user.name, user.roles, user.sites)
    if kept_out:
        await disable_user(documents, user, is_disabled=True)
    return password


async def change_user(documents: Documents, user: User, roles: tuple[str, ...], sites: tuple[str, ...]) -> None:
    """Give a user other roles and sites, and end the sessions that have the old ones. Raises as ``put_user`` does."""
    check_user(user.name, roles, sites)

    async def step(old: User | None) -> User | None:
        await _check_last(documents, old, roles)
        return msgspec.structs.replace(old, roles=roles, sites=sites) if old is not None else None

    await change(documents, USERS, user.name, step)
    await sign_out(documents, user)


async def disable_user(documents: Documents, user: User, *, is_disabled: bool) -> None:
    """Let a user in no more, or again; raise Refused for the last administrator."""

    async def step(old: User | None) -> User | None:
        if is_disabled:
            await _check_last(documents, old, ())
        return msgspec.structs.replace(old, is_disabled=is_disabled) if old is not None else None

    await change(documents, USERS, user.name, step)
    if is_disabled:
        await sign_out(documents, user)


async def forget(documents: Documents, name: str) -> User | None:
    """Remove a user with all passkeys, and return who it was; None if there was none.

    Raises Refused for the last administrator.
    """
    known = await documents.get(USERS, name)
    await _check_last(documents, known, ())
    await documents.delete(USERS, name)
    await _forget_what_lets_in(documents, known)
    return known


def check_user(name: str, roles: Sequence[str], sites: Sequence[str]) -> None:
    """Raise Invalid for what no user can be called, and for roles and sites that are none. Pure."""
    if not name.isprintable() or not 0 < len(name) <= MOST_NAME or " " in name:
        raise Invalid("user-name", BAD_NAME)
    if not roles or not set(roles) <= set(AccessRole):
        raise Invalid("user-role", NO_ROLE)
    if any(not each.isprintable() or not 0 < len(each) <= MOST_NAME or set(each) & set(" \\,") for each in sites):
        raise Invalid("user-site", BAD_SITE)


async def _check_last(documents: Documents, old: User | None, roles: Sequence[str]) -> None:
    """Raise Refused if a user is the only administrator who can sign in, and would be none with these roles."""
    if old is None or AccessRole.ADMINISTRATOR not in old.roles or old.is_disabled or AccessRole.ADMINISTRATOR in roles:
        return
    async for each in documents.every(USERS):
        if each.name != old.name and AccessRole.ADMINISTRATOR in each.roles and not each.is_disabled:
            return
    raise Refused("last-administrator", LAST)


async def sign_out(documents: Documents, user: User) -> int:
    """End a user's sessions and forget the refresh tokens; return how many sessions there were."""
    await forget_refresh_tokens(documents, Eq("user", user.name))
    return await end_sessions(documents, user.subject)


async def _forget_what_lets_in(documents: Documents, user: User | None) -> None:
    """Forget a user's passkeys, refresh tokens and sessions."""
    if user is not None:
        await forget_passkeys(documents, user.name)
        await sign_out(documents, user)


async def first_users(documents: Documents, passwords: Passwords, site: str) -> Mapping[str, str]:
    """Return name → one-time password of the users that were made because there were none."""
    if await documents.count(USERS):
        return {}
    return {role.value: await put_user(documents, passwords, role.value, (role.value,), (site,)) for role in PEOPLE}


def write_credentials(home: Path, passwords: Mapping[str, str]) -> None:
    """Write HOME/credentials.json for its owner alone. It blocks."""
    data = orjson.dumps({"users": dict(passwords)}, option=orjson.OPT_INDENT_2) + b"\n"
    private_files.replaced(home / FILE, data)
