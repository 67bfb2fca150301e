"""The embedded databases of a role's home: which there are, and that they are whole before they are opened."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from shared import sqlite_check
from shared.errors import Damaged
from shared.logs import decided
from shared.runtime.ports import PortSettings


def embedded(settings: PortSettings, home: Path) -> Iterator[Path]:
    """Yield the files of the embedded ports in this folder of a role."""
    if settings.documents == "embedded":
        yield home / "documents.sqlite"
    if settings.bus == "embedded":
        yield home / "bus.sqlite"


async def check_before_opening(settings: PortSettings, home: Path, seconds: float) -> None:
    """Raise Damaged for a database that lost something; log what may be harmless. seconds: for the pages of each."""
    for path in embedded(settings, home):
        for finding in await asyncio.to_thread(sqlite_check.check, path, seconds=seconds):
            if finding.is_damage:
                raise Damaged("damaged-database", f"{path}: {finding.fault}: {finding.detail}; see: jmid check")
            decided("database-check", level="warning", reason=finding.fault.value)


async def note_made(settings: PortSettings, home: Path) -> None:
    """Remember that these databases are in use from now on."""
    for path in embedded(settings, home):
        await asyncio.to_thread(sqlite_check.note_made, path)
