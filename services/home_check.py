"""What ``jmid check`` looks at: databases, records, keys, the search index, the viewer, stored bytes."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from services.anonymizer.pseudonyms import key_register, key_wrapping, keys
from services.anonymizer.pseudonyms.vault import VAULT
from services.anonymizer.settings import AnonymizerSettings
from services.archive.housekeeping.scrub import is_right
from services.archive.records import INSTANCES, InstanceState
from services.search.index.files import damaged_file
from shared import sqlite_check
from shared.blobs import Blobs
from shared.blobs.digest import sha256_of
from shared.documents import Documents
from shared.errors import IncompatibleData, SettingsError
from shared.runtime.databases import embedded
from shared.runtime.ports import Ports, PortSettings
from shared.service import Role, Service
from shared.settings import read
from shared.supervision import origin
from shared.web.ohif import digests

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Finding(NamedTuple):
    """One thing that is not as it should be. runbook: its heading in docs/operations.md, Damage."""

    where: str
    what: str
    runbook: str
    is_damage: bool = True


def databases(settings: PortSettings, home: Path) -> Iterator[Finding]:
    """Yield what is wrong with a role's embedded databases. It blocks: it reads all their pages."""
    for path in embedded(settings, home):
        for finding in sqlite_check.check(path, thorough=True):
            yield Finding(str(path), f"{finding.fault}: {finding.detail}", "Databases", finding.is_damage)


async def records(services: Sequence[Service], role: Role, documents: Documents) -> AsyncIterator[Finding]:
    """Yield collections whose records are of another version, or of which one cannot be read."""
    own = {each.name: each for service in services if service.role is role for each in service.collections}
    for collection in own.values():
        try:
            await documents.declare(collection)
            async for _ in documents.every(collection):
                pass
        except IncompatibleData as error:
            yield Finding(f"{role}: {collection.name}", str(error), "Records")
        except Exception as error:  # whatever it is, the others are looked at too
            what = f"a record cannot be read: {type(error).__name__} at {origin(error)}"
            yield Finding(f"{role}: {collection.name}", what, "Records")


async def key_versions(home: Path, documents: Documents) -> AsyncIterator[Finding]:
    """Yield what is wrong with the keys of a gateway that has used some."""
    settings = read(AnonymizerSettings, "ANONYMIZER", os.environ)
    folder = settings.keys or home / "keys"
    await documents.declare(key_register.KEY_VERSIONS, VAULT)
    if not await key_register.registered(documents) and not folder.is_dir():
        return  # nothing was de-identified here yet
    try:
        ring = await asyncio.to_thread(keys.load, folder, key_wrapping.of(settings))
        await key_register.confirm(documents, ring)
    except SettingsError as error:
        yield Finding(str(folder), str(error), "Keys")


def disposable(home: Path) -> Iterator[Finding]:
    """Yield what is damaged and made again by itself at the next start."""
    indexes = home / Role.CENTRE.value / "search" / "index"
    slots = [slot for slot in sorted(indexes.glob("[0-9]*")) if slot.is_dir()]
    if indexes.is_dir() and not any(any(slot.iterdir()) for slot in slots):
        yield Finding(str(indexes), "the index is gone; it is made again at the next start", "Index", False)
    for slot in slots:
        if name := damaged_file(slot):
            yield Finding(
                str(slot), f"{name} is damaged or gone; the index is made again at the next start", "Index", False
            )
    for folder in sorted((home / "viewer").glob("ohif-*")):
        if folder.is_dir() and not digests.is_whole(folder):
            yield Finding(str(folder), "a file changed; the viewer is fetched again at the next start", "Index", False)


async def archived_bytes(ports: Ports, *, whole: bool) -> AsyncIterator[Finding]:
    """Yield Instances of the archive whose bytes are not those that came. whole: read all, not only their lengths."""
    blobs = ports.blobs["archive"]
    await ports.documents.declare(INSTANCES)
    async for record in ports.documents.every(INSTANCES):
        where = f"archive: Instance {record.sop_instance_uid}"
        if record.state is InstanceState.DAMAGED:
            yield Finding(where, "its bytes were found damaged before", "Stored bytes")
        elif record.is_here:
            size = await blobs.size(record.blob)
            if size != record.size_bytes:
                what = "its bytes are gone" if size is None else "its bytes were cut short"
                yield Finding(where, what, "Stored bytes")
            elif whole and not await is_right(blobs, record):
                yield Finding(where, "its bytes are of another SHA-256", "Stored bytes")


async def identified_bytes(blobs: Blobs) -> AsyncIterator[Finding]:
    """Yield identified blobs whose bytes are not those that their key, a SHA-256, says. All are read."""
    async for key in blobs.keys():
        name = key.rpartition("/")[2]
        if _SHA256.fullmatch(name) is None:
            continue
        if (await sha256_of(blobs, key))[0] != name:
            yield Finding(f"identified: {key}", "its bytes are not those that came", "Stored bytes")
