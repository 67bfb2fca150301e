"""Users: made with a one-time password; at the first start one for each role of a person."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson

from services.identity.grants import forget_refresh_tokens
from services.identity.passkeys import forget_passkeys
from services.identity.passwords import Passwords, one_time_password
from services.identity.records import USERS, User
from shared.certificates import private_files
from shared.documents import Documents, Eq
from shared.documents.optimistic import change
from shared.web.access.words import AccessRole
from shared.web.identity.sessions import end_sessions

FILE: Final = "credentials.json"
PEOPLE: Final = tuple(role for role in AccessRole if role is not AccessRole.SERVICE)


async def put_user(
    documents: Documents, passwords: Passwords, name: str, roles: tuple[str, ...], sites: tuple[str, ...]
) -> str:
    """Make a user, or give one new roles, sites and a new password and no passkeys; return the one-time password."""
    password = one_time_password()
    kept = await passwords.hashed(password)

    async def step(old: User | None) -> User | None:
        subject = old.subject if old is not None else secrets.token_urlsafe(16)
        return User(name=name, subject=subject, roles=roles, sites=sites, password=kept)

    user = await change(documents, USERS, name, step)
    await _forget_what_lets_in(documents, user)
    return password


async def forget(documents: Documents, name: str) -> User | None:
    """Remove a user with all passkeys, and return who it was; None if there was none."""
    known = await documents.get(USERS, name)
    await documents.delete(USERS, name)
    await _forget_what_lets_in(documents, known)
    return known


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
