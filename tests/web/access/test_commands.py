"""Each command of the program is in the table of what is recorded, and what is to be recorded is."""

import asyncio
from pathlib import Path

import pytest
import typer

from services.__main__ import app
from services.commands.recorded import COMMANDS, commands, home_of, recorded, recording
from shared.audit.record import AuditRecord
from shared.audit.seals import COLLECTIONS, LOG
from shared.audit.words import AuditClass, EventKind
from shared.documents.sqlite import open_sqlite
from shared.errors import RouteNotDeclared, Unavailable
from shared.service import Role

RECORDED = [words for words, line in COMMANDS.items() if line.audited is not AuditClass.NONE and not line.itself]


def jmid(*arguments: str) -> None:
    recorded(app)(list(arguments), standalone_mode=False)


async def records(home: Path, role: str = "centre") -> list[AuditRecord]:
    async with open_sqlite(home / role / "documents.sqlite") as documents:
        await documents.declare(*COLLECTIONS)
        return sorted([each async for each in documents.every(LOG)], key=lambda each: each.key)


def routes(home: Path, role: str = "centre") -> list[str]:
    return [each.route for each in asyncio.run(records(home, role)) if each.route]


def test_each_command_has_a_line_and_each_line_a_command() -> None:
    assert commands(app).keys() == COMMANDS.keys()


def test_a_program_with_a_command_without_a_line_does_not_start() -> None:
    own = typer.Typer()
    own.command("up")(lambda: None)
    own.command("leak")(lambda: None)

    with pytest.raises(RouteNotDeclared, match="leak"):
        recorded(own)


def test_what_is_about_one_thing_names_a_parameter_that_the_command_has() -> None:
    for words, command in commands(app).items():
        names = {each.name for each in command.params}
        assert COMMANDS[words].about in {"", *names}, words


@pytest.mark.parametrize("words", RECORDED)
def test_a_command_that_is_to_be_recorded_is_before_it_runs(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("gateway", "centre"):
        (tmp_path / role).mkdir()
    monkeypatch.setenv("JMID_HOME", str(tmp_path))
    line, before = COMMANDS[words], list[bool]()

    def run(**_: object) -> None:
        before.append(bool(recorded_in(tmp_path, "gateway") + recorded_in(tmp_path, "centre")))

    recording(words, line, run)()

    places = {role.value for role in line.places or (Role.CENTRE,)}
    assert {role.value: recorded_in(tmp_path, role.value) for role in Role} == {
        role.value: [f"jmid {words}"] if role.value in places else [] for role in Role
    }
    assert before == [not line.after]


def recorded_in(home: Path, role: str) -> list[str]:
    return routes(home, role) if (home / role / "documents.sqlite").exists() else []


def test_a_command_is_recorded_with_who_and_about_what(tmp_path: Path) -> None:
    jmid("users", "set", "hanako", "--role", "radiologist", "--home", str(tmp_path))
    jmid("users", "list", "--home", str(tmp_path))

    changed, read = [each for each in asyncio.run(records(tmp_path)) if each.route]
    assert (changed.route, changed.objects, changed.shown) == ("jmid users set", ("name:hanako",), "command")
    assert changed.subject.startswith("user:")
    assert (read.kind, read.route) == (EventKind.READ, "jmid users list")


def test_what_cannot_be_recorded_is_not_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jmid("users", "set", "hanako", "--role", "radiologist", "--home", str(tmp_path))
    monkeypatch.setenv("JMID_AUDIT_WRITE_S", "0.000001")
    with pytest.raises(Unavailable, match="audit trail"):
        jmid("users", "remove", "hanako", "--home", str(tmp_path))
    monkeypatch.delenv("JMID_AUDIT_WRITE_S")

    jmid("users", "remove", "hanako", "--home", str(tmp_path))  # else it would exit with 1

    assert routes(tmp_path).count("jmid users remove") == 1


def test_keys_in_a_home_are_recorded_there_and_others_nowhere(tmp_path: Path) -> None:
    (tmp_path / "home" / "gateway").mkdir(parents=True)

    jmid("keys", "new", str(tmp_path / "home" / "gateway" / "keys"))
    jmid("keys", "new", str(tmp_path / "keys"))

    assert routes(tmp_path / "home", "gateway") == ["jmid keys new"]
    assert home_of({"folder": str(tmp_path / "keys")}) is None
