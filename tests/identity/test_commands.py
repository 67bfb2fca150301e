"""``jmid users``: made with a password that is good once, listed without it, removed."""

import asyncio
from pathlib import Path

from typer.testing import CliRunner

from services.identity.records import DECLARED, USERS
from services.user_commands import users
from shared.documents.sqlite import open_sqlite
from shared.web.identity.sessions import SESSIONS, Session


def jmid_users(home: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(users, [*arguments, "--home", str(home)], env={"COLUMNS": "120"})
    return done.exit_code, done.output


def test_a_user_is_made_listed_given_a_new_password_and_removed(tmp_path: Path) -> None:
    code, first = jmid_users(tmp_path, "set", "hanako", "--role", "radiologist", "--site", "tokyo")
    _, second = jmid_users(tmp_path, "set", "hanako", "--role", "radiologist", "--role", "operator")
    _, listed = jmid_users(tmp_path, "list")
    removed, _ = jmid_users(tmp_path, "remove", "hanako")
    again, _ = jmid_users(tmp_path, "remove", "hanako")

    assert (code, removed, again) == (0, 0, 1)
    assert first != second
    assert len(first.strip()) >= 16
    assert "radiologist, operator" in listed
    assert "tokyo" not in listed
    assert second.strip() not in listed


def test_a_role_or_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    assert jmid_users(tmp_path, "set", "hanako", "--role", "owner")[0] == 2
    assert jmid_users(tmp_path, "set", "ha nako", "--role", "operator")[0] == 2


def test_sessions_of_a_user_end_by_command_by_removal_and_by_a_new_password(tmp_path: Path) -> None:
    jmid_users(tmp_path, "set", "hanako", "--role", "radiologist")
    outcomes = []
    for command in (("end-sessions", "hanako"), ("set", "hanako", "--role", "radiologist"), ("remove", "hanako")):
        outcomes.append((asyncio.run(begun(tmp_path)), jmid_users(tmp_path, *command)[0], asyncio.run(count(tmp_path))))
    nobody, _ = jmid_users(tmp_path, "end-sessions", "hanako")

    assert outcomes == [(2, 0, 1)] * 3  # the other's session stays
    assert nobody == 1


async def begun(home: Path) -> int:
    """Begin a session of hanako beside one of somebody else; return how many there are."""
    async with open_sqlite(home / "centre" / "documents.sqlite") as documents:
        await documents.declare(*DECLARED)
        user = await documents.get(USERS, "hanako")
        assert user is not None
        for subject in (user.subject, "other"):
            await documents.put(SESSIONS, Session(id=subject, subject=subject, name="x", began=0.0, seen=0.0))
        return await documents.count(SESSIONS)


async def count(home: Path) -> int:
    async with open_sqlite(home / "centre" / "documents.sqlite") as documents:
        await documents.declare(*DECLARED)
        return await documents.count(SESSIONS)
