"""``jmid keys lost``: what a site does whose keys are gone for good."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from services.anonymizer.pseudonyms import key_register, key_wrapping, keys
from services.anonymizer.settings import AnonymizerSettings
from shared import settings as settings_reader
from shared.runtime.home import claimed
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role


def lost(
    home: Annotated[Path, typer.Option(help="The folder that was given to jmid up or run.", envvar="JMID_HOME")] = Path(
        "jmid-home"
    ),
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only say what would be done.")] = False,
) -> None:
    """Give up key versions that the key folder lacks, and make the next one: the last resort, services stopped.

    New pseudonyms match none of the old ones, and what the vault holds under the lost versions cannot be read again.
    """
    with claimed(home.resolve(), alone=True):
        typer.echo(asyncio.run(_lost(home, yes=yes)))


async def _lost(home: Path, *, yes: bool) -> str:
    settings = settings_reader.read(AnonymizerSettings, "ANONYMIZER", os.environ)
    at = home / Role.GATEWAY.value
    folder, guard = settings.keys or at / "keys", key_wrapping.of(settings)
    present = [path.stem for path in folder.glob("k*.key")]
    async with open_ports(port_settings(Role.GATEWAY, os.environ), Role.GATEWAY, at, (), os.environ) as ports:
        await ports.documents.declare(key_register.KEY_VERSIONS)
        known = await key_register.registered(ports.documents)
        gone = sorted(name for name, entry in known.items() if name not in present and not entry.lost_at)
        if not gone:
            return f"{folder} holds every version of this site; nothing is lost."
        if not yes:
            return f"{', '.join(gone)} would be given up and a new version made in {folder}; do it with --yes."
        key_set = await asyncio.to_thread(keys.create, folder, settings.domain, guard=guard, after=sorted(known))
        await key_register.give_up(ports.documents, [*present, key_set.version])
    return f"{', '.join(gone)} given up; {key_set.version} is current. Back up {folder}."
