"""Passwords: argon2id hashes, and the growing delay after wrong ones.

An attempt is counted before its password is looked at, so that many at once are no way round the delay.
Source: RFC 9106 4 (the second recommended option, 64 MiB); NIST SP 800-63B 5.1.1.2 and 5.2.2.
"""

import asyncio
import secrets
from typing import Final

import msgspec
from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from services.identity.records import USERS, User
from services.identity.settings import IdentitySettings
from shared import clock
from shared.documents import Documents
from shared.documents.optimistic import change
from shared.errors import Invalid
from shared.web.language import translatable

MOST_CHARACTERS: Final = 1024
AT_ONCE: Final = 2
"""How many hashes are computed at once: each takes 64 MiB."""
TOO_SHORT: Final = translatable("The password is too short.")
TOO_CLOSE: Final = translatable("The password must not be the old one, and not hold the user name.")
NOT_THE_SAME: Final = translatable("The two passwords are not the same.")
_HASHER: Final = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


class Locked(Exception):
    """The next attempt has to wait."""


def one_time_password() -> str:
    """Return a random password of 96 bits."""
    return secrets.token_urlsafe(12)


def delay_s(attempts: int, settings: IdentitySettings) -> float:
    """Return the wait after that many wrong passwords in a row. Pure."""
    over = attempts - settings.free_attempts
    return 0.0 if over < 0 else min(settings.first_delay_s * 2.0 ** min(over, 30), settings.longest_delay_s)


def check_new(user: User, password: str, again: str, settings: IdentitySettings, *, is_old: bool) -> None:
    """Raise Invalid that says what is wrong with a new password. Pure."""
    if password != again:
        raise Invalid("new-password", NOT_THE_SAME)
    if not settings.password_characters <= len(password) <= MOST_CHARACTERS:
        raise Invalid("new-password", TOO_SHORT)
    if is_old or user.name.lower() in password.lower():
        raise Invalid("new-password", TOO_CLOSE)


class Passwords:
    """The passwords of the users."""

    def __init__(self, documents: Documents, settings: IdentitySettings) -> None:
        self._documents, self._settings = documents, settings
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobodys = ""

    async def hashed(self, password: str) -> str:
        """Return what is kept of a password."""
        async with self._turns:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def is_of(self, password: str, kept: str) -> bool:
        """Say whether a password is the one that something is kept of."""
        if len(password) > MOST_CHARACTERS:
            return False
        async with self._turns:
            return await asyncio.to_thread(_verified, kept, password)

    async def user(self, name: str, password: str) -> User | None:
        """Return whose name and password these are, None if nobody's; raise Locked if it is too early to try."""
        user = await self._counted(name)
        if user is None:  # takes as long as if there were one
            self._nobodys = self._nobodys or await self.hashed(one_time_password())
            await self.is_of(password, self._nobodys)
            return None
        if not await self.is_of(password, user.password) or user.is_disabled:
            return None  # as after a wrong one: that somebody is disabled is said to nobody

        async def step(old: User | None) -> User | None:
            return None if old is None else msgspec.structs.replace(old, attempts=0, locked_until=0.0)

        return await change(self._documents, USERS, name, step)

    async def choose(self, user: User, password: str, again: str) -> User:
        """Keep a new password instead of the one-time one, and return the user; raise Invalid if it is none."""
        check_new(user, password, again, self._settings, is_old=await self.is_of(password, user.password))
        kept = await self.hashed(password)

        async def step(old: User | None) -> User | None:
            if old is None or old.password != user.password:
                raise Invalid("new-password", NOT_THE_SAME)
            return msgspec.structs.replace(old, password=kept, is_one_time=False)

        return await change(self._documents, USERS, user.name, step) or user

    async def _counted(self, name: str) -> User | None:
        """Return the user with one attempt more."""

        async def step(old: User | None) -> User | None:
            now = clock.now()
            if old is None:
                return None
            if now < old.locked_until:
                raise Locked
            attempts = old.attempts + 1
            until = now + delay_s(attempts, self._settings)
            return msgspec.structs.replace(old, attempts=attempts, locked_until=until)

        return await change(self._documents, USERS, name, step)


def _verified(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
