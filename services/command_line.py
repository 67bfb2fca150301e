"""How the command ``jmid`` starts, opens a home, and fails: every error is one line on stderr, never a traceback.

Exit code 2: the call, a setting, or what it names is wrong. 1: it could not be done.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import typer.main

from services.archive.deps import ArchiveDeps
from services.archive.records import COLLECTIONS
from services.archive.settings import ArchiveSettings
from shared import logs
from shared.errors import Damaged, IncompatibleData, JmidError, SettingsError
from shared.runtime.cpu import CpuPool
from shared.runtime.ports import Ports, open_ports, port_settings
from shared.service import Role
from shared.settings import read
from shared.supervision import origin

T = TypeVar("T")
HomeOption = Annotated[Path, typer.Option(help="The folder that was given to jmid up or run.", envvar="JMID_HOME")]

_UsageError = typer.BadParameter.__base__ or typer.BadParameter


def run_command(program: Callable[..., object]) -> NoReturn:
    """Run the command that the process was called with, and exit. program: of typer, or what records its commands."""
    try:
        code = program(standalone_mode=False)
    except (SettingsError, IncompatibleData, Damaged) as error:
        _fail(f"Cannot start: {error}", 2)
    except JmidError as error:
        _fail(f"Cannot go on: {error}", 1)
    except typer.Abort:
        _fail("Stopped.", 130)
    except Exception as error:
        if isinstance(error, _UsageError):
            _fail_usage(error)
        _fail(f"Cannot go on: {type(error).__name__} at {origin(error)}", 1)
    sys.exit(code if isinstance(code, int) else 0)


def option_variables(app: typer.Typer) -> list[str]:
    """Return the environment variables that options of any command read."""
    variables: set[str] = set()
    waiting = [typer.main.get_command(app)]
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        for parameter in command.params:
            names = parameter.envvar or ()
            variables |= {names} if isinstance(names, str) else set(names)
    return sorted(variables)


def run_work(work: Coroutine[Any, Any, T]) -> T:
    """Run the work of a command that is no service, with our logs."""
    logs.configure()
    return asyncio.run(work)


@asynccontextmanager
async def ports_of(role: Role, home: Path, stores: Iterable[str]) -> AsyncIterator[Ports]:
    """Yield the ports of a role of this home, or of the servers that the environment names. stores: blobs to open."""
    async with open_ports(port_settings(role, os.environ), role, home / role.value, stores, os.environ) as ports:
        yield ports


@asynccontextmanager
async def archive_of(home: Path) -> AsyncIterator[ArchiveDeps]:
    """Yield what the archive's work works with in this home, beside the service or without it."""
    async with ports_of(Role.CENTRE, home, ("archive",)) as ports:
        await ports.documents.declare(*COLLECTIONS)
        settings = read(ArchiveSettings, "ARCHIVE", os.environ)
        yield ArchiveDeps(settings, ports.documents, ports.blobs["archive"], ports.bus, CpuPool(1))


def _fail_usage(error: Exception) -> NoReturn:
    context = getattr(error, "ctx", None)
    text = getattr(error, "format_message", str)() or "the arguments are not complete"
    if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
        print(context.get_help())
        sys.exit(2)
    hint = f" See {context.command_path} --help." if context is not None else ""
    _fail(f"Wrong call: {text.rstrip('.')}.{hint}", 2)


def _fail(text: str, code: int) -> NoReturn:
    print(" ".join(text.split()), file=sys.stderr)
    sys.exit(code)
