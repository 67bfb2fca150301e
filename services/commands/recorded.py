"""What each command is recorded as in the audit trail, and who records it: a command without a line does not start.

A command is recorded before it runs, under the account of the machine, in the trail of each place that it is about; one
that makes the place, after it. What works on files beside any home has no trail to be recorded in.
Source: PS3.15 A.5.3; NIST SP 800-92 2.1.2.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import typer
import typer.main

from services.command_line import ports_of, run_work
from services.places import issuer_role
from shared.audit.words import AuditClass
from shared.errors import RouteNotDeclared
from shared.runtime.audit.trail import audit_settings, record_command
from shared.runtime.databases import embedded
from shared.runtime.ports import port_settings
from shared.service import Role


class Line(NamedTuple):
    """audited: as what.  places: in whose trail; none is that of the issuer.  about: the parameter with the id.

    after: it makes or migrates the place.  itself: it records more than its call tells, by ``record_command``.
    """

    audited: AuditClass
    places: tuple[Role, ...] = ()
    about: str = ""
    after: bool = False
    itself: bool = False


_GATEWAY, _CENTRE, _EACH = (Role.GATEWAY,), (Role.CENTRE,), tuple(Role)
_NONE: Final = Line(AuditClass.NONE)

COMMANDS: Final[Mapping[str, Line]] = {
    "up": _NONE,  # the process records its start and its stop
    "run": _NONE,
    "enrol": Line(AuditClass.CHANGE, _GATEWAY, after=True),
    "migrate": Line(AuditClass.OPERATE, _EACH, after=True),
    "check": _NONE,  # counts and digests
    "status": _NONE,
    "token": Line(AuditClass.CHANGE),
    "backup": Line(AuditClass.EXPORT, _EACH),
    "restore": Line(AuditClass.CHANGE, _EACH, itself=True),
    "deid instances": Line(AuditClass.EXPORT, _GATEWAY),
    "deid reports": Line(AuditClass.EXPORT, _GATEWAY),
    "deid deface": Line(AuditClass.EXPORT, _GATEWAY),
    "deid verify": Line(AuditClass.READ, _GATEWAY),
    "deid log search": Line(AuditClass.AUDIT, _GATEWAY),
    "deid log export": Line(AuditClass.AUDIT, _GATEWAY),
    "keys new": Line(AuditClass.CHANGE, _GATEWAY),
    "keys rotate": Line(AuditClass.CHANGE, _GATEWAY),
    "keys wrap": Line(AuditClass.CHANGE, _GATEWAY),
    "keys list": Line(AuditClass.READ, _GATEWAY),
    "keys lost": Line(AuditClass.CHANGE, _GATEWAY),
    "keys consortium": Line(AuditClass.CHANGE, _GATEWAY),
    "keys reidentify": Line(AuditClass.READ, _GATEWAY, "pseudonym"),
    "keys renew": Line(AuditClass.EXPORT, _GATEWAY),
    "profile show": _NONE,  # what the program can do, without data
    "profile diff": _NONE,
    "profile explain": _NONE,
    "audit verify": _NONE,  # numbers and digests
    "audit search": Line(AuditClass.AUDIT, _EACH),
    "audit export": Line(AuditClass.AUDIT, _EACH),
    "audit rotate": Line(AuditClass.CHANGE, _EACH, itself=True),
    "names list": Line(AuditClass.READ, _GATEWAY),
    "names remove": Line(AuditClass.CHANGE, _GATEWAY, "key"),
    "names keep": Line(AuditClass.CHANGE, _GATEWAY, "key"),
    "opt-out add": Line(AuditClass.CHANGE, _GATEWAY, itself=True),
    "opt-out remove": Line(AuditClass.CHANGE, _GATEWAY, itself=True),
    "opt-out again": Line(AuditClass.CHANGE, _GATEWAY, itself=True),
    "opt-out list": Line(AuditClass.READ, _GATEWAY),
    "opt-out status": Line(AuditClass.READ, _GATEWAY, "key"),
    "opt-out verify": _NONE,  # a signature of a file
    "opt-out proof": Line(AuditClass.EXPORT, _GATEWAY, "key"),
    "users list": Line(AuditClass.READ),
    "users set": Line(AuditClass.CHANGE, about="name"),
    "users disable": Line(AuditClass.CHANGE, about="name"),
    "users enable": Line(AuditClass.CHANGE, about="name"),
    "users remove": Line(AuditClass.CHANGE, about="name"),
    "users end-sessions": Line(AuditClass.CHANGE, about="name"),
    "sites invite": Line(AuditClass.CHANGE, _CENTRE, "site"),
    "sites list": Line(AuditClass.READ, _CENTRE),
    "sites revoke": Line(AuditClass.CHANGE, _CENTRE, "site"),
    "sites accept": Line(AuditClass.CHANGE, _CENTRE, "site"),
    "clients list": Line(AuditClass.READ),
    "clients add": Line(AuditClass.CHANGE, about="name"),
    "clients remove": Line(AuditClass.CHANGE, about="name"),
    "dead list": Line(AuditClass.OPERATE, _EACH),
    "dead show": Line(AuditClass.OPERATE, _EACH),
    "dead replay": Line(AuditClass.OPERATE, _EACH),
    "dead drop": Line(AuditClass.OPERATE, _EACH),
    "rebuild metadata": Line(AuditClass.OPERATE, _CENTRE, "study"),
    "rebuild answers": Line(AuditClass.OPERATE, _CENTRE, "study"),
    "rebuild records": Line(AuditClass.OPERATE, _CENTRE),
    "rebuild index": Line(AuditClass.OPERATE, _CENTRE, "study"),
    "reconcile": Line(AuditClass.OPERATE, _GATEWAY, itself=True),  # reads, or with --repair operates
    "reconcile gateway": Line(AuditClass.OPERATE, _GATEWAY),
    "reconcile centre": Line(AuditClass.OPERATE, _CENTRE),
    "rules show": _NONE,  # a file of rules
    "rules try": Line(AuditClass.READ, _GATEWAY),
    "pull start": Line(AuditClass.OPERATE, _GATEWAY),
    "pull list": Line(AuditClass.READ, _GATEWAY),
    "pull show": Line(AuditClass.READ, _GATEWAY, "pull_id"),
    "pull stop": Line(AuditClass.OPERATE, _GATEWAY, "pull_id"),
    "pull again": Line(AuditClass.OPERATE, _GATEWAY, "pull_id"),
    "terms load": Line(AuditClass.CHANGE, _CENTRE),
    "terms list": _NONE,  # editions of terminologies
    "terms use": Line(AuditClass.CHANGE, _CENTRE),
    "terms lookup": _NONE,
}
"""By the words of the command. none: nothing of a patient, of who may do what, or of the system is read or changed."""

_FOLDERS: Final = ("home", "folder", "keys", "path")
"""Parameters that lead to the home of a place: it, or a folder in it."""


def commands(app: typer.Typer) -> dict[str, Any]:
    """Return each command of the program by its words."""
    return dict(_leaves(typer.main.get_command(app), ()))


def recorded(app: typer.Typer) -> Any:  # the class of typer's groups is not public
    """Return the program as one command, each command of which is recorded; raise RouteNotDeclared for one without."""
    whole = typer.main.get_command(app)
    every = dict(_leaves(whole, ()))
    if missing := sorted(every.keys() - COMMANDS.keys()):
        raise RouteNotDeclared(f"without a line in services/commands/recorded.py: {', '.join(missing)}")
    for words, command in every.items():
        line = COMMANDS[words]
        if line.audited is not AuditClass.NONE and not line.itself:
            command.callback = recording(words, line, command.callback)
    return whole


def recording(words: str, line: Line, callback: Callable[..., Any]) -> Callable[..., Any]:
    """Return what records a command and runs it. callback: its function, called by the names of its parameters."""

    def run(**parameters: Any) -> Any:
        home = home_of(parameters)
        before = () if home is None or line.after else _there(home, line)
        _record(home, before, words, line, parameters)
        result = callback(**parameters)
        after = tuple(role for role in _there(home, line) if role not in before) if home is not None else ()
        _record(home, after, words, line, parameters)
        return result

    return run


def home_of(parameters: Mapping[str, Any]) -> Path | None:
    """Return the home that a command is about: its own, that of a folder in it, else JMID_HOME; None if there is none.

    None too where nothing is recorded at all.
    """
    if audit_settings(os.environ).audit.value == "off":
        return None
    if parameters.get("home"):
        return Path(parameters["home"])
    for name in _FOLDERS[1:]:
        given = parameters.get(name)
        for folder in Path(str(given)).resolve().parents if given else ():
            if folder.name in set(Role):
                return folder.parent
    return Path(os.environ["JMID_HOME"]) if os.environ.get("JMID_HOME") else None


def _leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(words), command
        return
    if words and command.invoke_without_command:  # it does something of its own; such a one records itself
        yield " ".join(words), command
    for name, each in inner.items():
        yield from _leaves(each, (*words, name))


def _record(home: Path | None, places: Sequence[Role], words: str, line: Line, parameters: Mapping[str, Any]) -> None:
    about = str(parameters.get(line.about) or "") if line.about else ""
    if home is not None:
        for role in places:
            run_work(_recorded(home, role, words, line.audited, about))


async def _recorded(home: Path, role: Role, words: str, audited: AuditClass, about: str) -> None:
    async with ports_of(role, home, ()) as ports:
        await record_command(ports.documents, role, home / role.value, words, about, audited)


def _there(home: Path, line: Line) -> tuple[Role, ...]:
    """Return the places of a line that there are: a folder of the home, or documents of a server."""
    places = line.places or (issuer_role(home),)
    return tuple(role for role in places if (home / role.value).is_dir() or not _is_embedded(home, role))


def _is_embedded(home: Path, role: Role) -> bool:
    return bool(list(embedded(port_settings(role, os.environ), home / role.value)))
