"""``jmid keys lost``: what a site does whose keys are gone for good."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from services.anonymizer.cli.home import HomeOption, documents_in
from services.anonymizer.pseudonyms import key_register, key_wrapping, keys
from services.anonymizer.settings import AnonymizerSettings
from shared import settings as settings_reader
from shared.runtime.home import claimed
from shared.service import Role


def lost(
    home: HomeOption = Path("jmid-home"),
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
    async with documents_in(home, key_register.KEY_VERSIONS) as documents:
        known = await key_register.registered(documents)
        gone = sorted(name for name, entry in known.items() if name not in present and not entry.lost_at)
        if not gone:
            return f"{folder} holds every version of this site; nothing is lost."
        if not yes:
            return f"{', '.join(gone)} would be given up and a new version made in {folder}; do it with --yes."
        key_set = await asyncio.to_thread(keys.create, folder, settings.domain, guard=guard, after=sorted(known))
        await key_register.give_up(documents, [*present, key_set.version])
    return f"{', '.join(gone)} given up; {key_set.version} is current. Back up {folder}."
