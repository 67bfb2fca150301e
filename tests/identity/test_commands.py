"""``jmid users``: made with a password that is good once, listed without it, removed."""

from pathlib import Path

from typer.testing import CliRunner

from services.user_commands import users


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
