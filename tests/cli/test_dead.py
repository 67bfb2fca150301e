"""``jmid dead`` finds dead letters and set-aside items by filters, and acts on one or all."""

import asyncio
from pathlib import Path

from typer.testing import CliRunner

from services.__main__ import SERVICES
from services.dead_letters import commands
from shared.documents.sqlite import open_sqlite
from shared.errors import Unavailable
from shared.set_aside import SET_ASIDE, SetAside
from tests.cli.test_cli import die_once, one_line


def dead(*arguments: str) -> tuple[int, str]:
    """Run the command in this process, as its own takes seconds to start; return its exit code and what it says."""
    ended = CliRunner().invoke(commands(SERVICES), arguments, env={"COLUMNS": "80"})
    return ended.exit_code, ended.output


async def set_aside_two(home: Path) -> None:
    """Leave two items that the linker of the gateway has set aside."""
    (home / "gateway").mkdir(parents=True)
    async with open_sqlite(home / "gateway" / "documents.sqlite") as documents:
        await documents.declare(SET_ASIDE)
        work = SetAside(documents, "linker", "announce")
        await work.note("instances/" + "1" * 80, ValueError("a value"))
        await work.note("instances/2", Unavailable("for this one"))


async def again_asked(home: Path) -> list[str]:
    async with open_sqlite(home / "gateway" / "documents.sqlite") as documents:
        await documents.declare(SET_ASIDE)
        return [item.key async for item in documents.every(SET_ASIDE) if item.again]


def test_items_that_were_set_aside_are_found_by_filters_tried_again_and_dropped(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path))
    asyncio.run(set_aside_two(tmp_path))
    asyncio.run(die_once(tmp_path))

    _, listed = dead("list", *home)
    _, by_reason = dead("list", "--reason", "valueerror", *home)
    _, by_age = dead("list", "--older-than", "1h", *home)
    _, dry = dead("replay", "all", "all", "--dry-run", *home)
    untouched = asyncio.run(again_asked(tmp_path))
    _, one = dead("replay", "gateway:linker", "linker/announce/instances/2", *home)
    asked = asyncio.run(again_asked(tmp_path))
    _, dropped = dead("drop", "gateway:linker", "all", "--reason", "ValueError", *home)
    _, rest = dead("list", "--queue", "gateway:linker", *home)
    wrong = dead("list", "--older-than", "soon", *home)

    assert "linker/announce/instances/" + "1" * 80 in listed  # whole, on any terminal
    assert [line.split()[:2] for line in listed.splitlines()] == [
        ["gateway:linker", "item"],
        ["gateway:linker", "item"],
        ["centre:search", "letter"],
    ]
    assert "a value" not in listed
    assert len(by_reason.splitlines()) == 1
    assert by_age.strip() == "No dead letters."
    assert dry.splitlines()[-1] == "3 would be put back."
    assert untouched == []
    assert (one.strip(), asked) == ("1 put back.", ["instances/2"])
    assert dropped.strip() == "1 deleted."
    assert len(rest.splitlines()) == 1
    assert wrong[0] == 2
    assert "2h" in one_line(wrong[1])
