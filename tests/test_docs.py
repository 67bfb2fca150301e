"""Docs and code in step: what a document names exists, and what a person can set is documented."""

import importlib
import re
from pathlib import Path

import typer.main

from services.__main__ import app

ROOT = Path(__file__).parents[1]
generate = importlib.import_module("docs.generate")  # a script: outside what mypy checks
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("services", "shared", "tests", "bench")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != Path(__file__)
)
PER_ROLE = re.compile(r"^JMID_(GATEWAY|CENTRE)_")
VARIABLE = re.compile(r"\bJMID_[A-Z0-9_]*[A-Z0-9]\b")
ROUTE = re.compile(r"(?:web|routing)\.(?:get|post|put|delete)\(\s*f?\"(/[^\"]*)\"")


def test_every_variable_that_a_document_names_exists() -> None:
    known = set(VARIABLE.findall(generate.settings())) | set(VARIABLE.findall(CODE))

    named = {PER_ROLE.sub("JMID_", name) for name in VARIABLE.findall(TEXT)} - {"JMID_GATEWAY", "JMID_CENTRE"}

    assert named - known == set()


def test_every_setting_is_named_in_a_document() -> None:
    settings = set(VARIABLE.findall(generate.settings()))

    assert settings - set(VARIABLE.findall(TEXT)) == set()


def test_every_command_that_a_document_names_exists() -> None:
    known = _commands()

    named = re.findall(r"(?:`|^|\$ )jmid ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", TEXT, re.MULTILINE)

    assert [words for words in named if words[0] not in known] == []
    assert [words for words in named if known[words[0]] and words[1] and words[1] not in known[words[0]]] == []


def test_every_command_is_named_in_a_document() -> None:
    commands = {f"jmid {name}" for name in _commands()}

    assert {command for command in commands if command not in TEXT} == set()


def test_every_route_stands_under_a_path_that_a_document_names() -> None:
    routes = {re.sub(r"\{.*", "", path).rstrip("/") for path in ROUTE.findall(CODE)} - {""}

    assert {path for path in routes if path not in TEXT and path.startswith(("/api", "/ingest", "/gateway"))} == set()


def _commands() -> dict[str, set[str]]:
    """Return the commands, each with its own subcommands."""
    root = typer.main.get_command(app)
    return {name: set(getattr(command, "commands", {})) for name, command in root.commands.items()}  # type: ignore[attr-defined]


def test_every_place_that_the_architecture_names_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    named = set(re.findall(r"`((?:services|shared)/[a-z0-9_/]+)`", text))

    assert {place for place in named if not (ROOT / place).exists()} == set()
    assert len(named) > 30


def test_every_room_says_what_it_is_for() -> None:
    rooms = [path for top in ("services", "shared") for path in (ROOT / top).rglob("__init__.py")]

    assert [
        str(path.relative_to(ROOT)) for path in rooms if not path.read_text(encoding="utf-8").startswith('"""')
    ] == []


def test_every_service_has_a_readme() -> None:
    services = [path.parent for path in (ROOT / "services").glob("*/service.py")]

    assert [path.name for path in services if not (path / "README.md").exists()] == []


def test_every_decision_has_a_status_and_stands_in_the_index() -> None:
    decisions = [p for p in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")) if not p.name.startswith("0000")]
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")

    assert [p.name for p in decisions if not re.search(r"^Status: \w+", p.read_text(encoding="utf-8"), re.M)] == []
    assert [p.name for p in decisions if f"]({p.name})" not in index] == []
