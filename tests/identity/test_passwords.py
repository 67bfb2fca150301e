"""Who guesses waits, many guesses at once are no way round, and a new password is a new one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.identity.passwords import Locked, Passwords, check_new, delay_s
from services.identity.records import DECLARED, USERS, User
from services.identity.settings import IdentitySettings
from services.identity.users import PEOPLE, first_users, put_user, write_credentials
from shared.documents import Documents
from shared.documents.sqlite import open_sqlite
from shared.errors import Invalid

SETTINGS = IdentitySettings()


@pytest_asyncio.fixture
async def documents(tmp_path: Path) -> AsyncIterator[Documents]:
    async with open_sqlite(tmp_path / "documents.sqlite") as opened:
        await opened.declare(*DECLARED)
        yield opened


@pytest.mark.parametrize(
    ("attempts", "wait_s"), [(1, 0), (2, 0), (3, 1), (4, 2), (6, 8), (12, 512), (13, 900), (10_000, 900)]
)
def test_the_wait_grows_with_each_wrong_password_up_to_a_bound(attempts: int, wait_s: float) -> None:
    assert delay_s(attempts, SETTINGS) == wait_s


async def test_the_right_password_is_taken_and_ends_the_count(documents: Documents) -> None:
    passwords = Passwords(documents, SETTINGS)
    password = await put_user(documents, passwords, "hanako", ("radiologist",), ("tokyo",))

    wrong = await passwords.user("hanako", "wrong")
    right = await passwords.user("hanako", password)

    assert wrong is None
    assert right is not None
    assert (right.attempts, right.locked_until, right.roles) == (0, 0.0, ("radiologist",))


async def test_many_guesses_at_once_are_counted_before_any_is_looked_at(documents: Documents) -> None:
    passwords = Passwords(documents, IdentitySettings(first_delay_s=60))
    password = await put_user(documents, passwords, "hanako", ("radiologist",), ())

    guesses = await asyncio.gather(*(passwords.user("hanako", f"guess{n}") for n in range(8)), return_exceptions=True)
    with pytest.raises(Locked):
        await passwords.user("hanako", password)

    assert sum(isinstance(each, Locked) for each in guesses) == 8 - SETTINGS.free_attempts
    assert guesses.count(None) == SETTINGS.free_attempts


async def test_a_user_that_is_not_there_is_refused_like_a_wrong_password(documents: Documents) -> None:
    assert await Passwords(documents, SETTINGS).user("nobody", "x") is None


async def test_a_password_is_kept_as_argon2id_and_nothing_else_of_it(documents: Documents) -> None:
    passwords = Passwords(documents, SETTINGS)
    password = await put_user(documents, passwords, "hanako", ("radiologist",), ())

    user = await documents.get(USERS, "hanako")

    assert user is not None
    assert user.password.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert password not in str(user)


async def test_a_new_password_is_another_long_enough_and_typed_twice(documents: Documents) -> None:
    passwords = Passwords(documents, SETTINGS)
    old = await put_user(documents, passwords, "hanako", ("radiologist",), ())
    user = await passwords.user("hanako", old)
    assert user is not None

    for password, again in (
        (old, old),
        ("short", "short"),
        ("long enough, but", "not the same"),
        ("Hanako-123456",) * 2,
    ):
        with pytest.raises(Invalid):
            await passwords.choose(user, password, again)
    await passwords.choose(user, "a sentence of mine", "a sentence of mine")

    chosen = await passwords.user("hanako", "a sentence of mine")
    assert chosen is not None
    assert not chosen.is_one_time
    assert await passwords.user("hanako", old) is None


def test_a_password_of_a_megabyte_is_none() -> None:

    user = User(name="hanako", subject="s", roles=(), password="")

    with pytest.raises(Invalid):
        check_new(user, "x" * 1_000_000, "x" * 1_000_000, SETTINGS, is_old=False)


async def test_the_first_start_makes_a_user_for_each_role_of_a_person_and_the_next_none(
    documents: Documents, tmp_path: Path
) -> None:
    passwords = Passwords(documents, SETTINGS)

    first, second = await first_users(documents, passwords, "tokyo"), await first_users(documents, passwords, "tokyo")
    write_credentials(tmp_path, first)

    assert list(first) == [role.value for role in PEOPLE]
    assert second == {}
    assert len(set(first.values())) == len(first)
    assert (tmp_path / "credentials.json").stat().st_mode & 0o777 == 0o600
