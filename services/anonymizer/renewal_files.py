"""Renews the pseudonyms of files on disk, with the gateway's vault and keys; every look into the vault is recorded.

Run again after a kill, it does the same again: what is made depends on the files and keys alone.
"""

import asyncio
import csv
import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress

from services.anonymizer import key_guard, keys, renewal
from services.anonymizer.keys import Keyring
from services.anonymizer.renewal import Originals
from services.anonymizer.settings import AnonymizerSettings
from services.anonymizer.vault import VAULT, VAULT_READS, VaultRead, reidentify
from shared import settings as settings_reader
from shared.documents import Documents
from shared.errors import Invalid, NotFound, Refused
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role


class Row(NamedTuple):
    """One line of the index. sha256: of the output, which is empty where a reason says why there is none."""

    input: str
    output: str
    sha256: str
    reason: str


class Asker(NamedTuple):
    """Who asks the vault, why, and who agrees."""

    by: str
    reason: str
    second: str


class Vault:
    """The gateway's vault for one run: each pseudonym is read, and its reading recorded, once."""

    def __init__(self, documents: Documents, ring: Keyring, asker: Asker, *, two_persons: bool) -> None:
        self._documents, self._asker, self._two_persons = documents, asker, two_persons
        self.ring = ring
        self._known: dict[str, str] = {}

    async def original(self, pseudonym: str) -> str:
        """Return what a pseudonym stands for, empty if the vault has no such entry."""
        if pseudonym and pseudonym not in self._known:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            read = VaultRead(str(uuid.uuid4()), pseudonym, self._asker.by, self._asker.second, self._asker.reason, now)
            try:
                found = await reidentify(self._documents, self.ring, read, two_persons=self._two_persons)
            except NotFound:
                found = ""
            self._known[pseudonym] = found
        return self._known.get(pseudonym, "")


@asynccontextmanager
async def open_vault(home: Path, asker: Asker) -> AsyncIterator[Vault]:
    """Open the vault of a gateway's home; raise SettingsError if its keys are not here."""
    settings = settings_reader.read(AnonymizerSettings, "ANONYMIZER", os.environ)
    folder = home / Role.GATEWAY.value
    ring = keys.load(settings.keys or folder / "keys", key_guard.of(settings))
    async with open_ports(port_settings(Role.GATEWAY, os.environ), Role.GATEWAY, folder, (), os.environ) as ports:
        await ports.documents.declare(VAULT, VAULT_READS)
        yield Vault(ports.documents, ring, asker, two_persons=settings.two_persons)


async def renew_folder(vault: Vault, in_dir: Path, out_dir: Path, site: str, console: Console) -> tuple[int, int]:
    """Renew every Instance below in_dir; return how many were, and how many were not.

    Raises Refused if the vault does not answer this asker.
    """
    paths = await asyncio.to_thread(_found, in_dir, out_dir)
    rows: list[Row] = []
    with Progress(console=console) as bar:
        for path in bar.track(paths, description="Renewing"):
            rows.append(await _one(vault, path, str(path.relative_to(in_dir)), out_dir, site))
    await asyncio.to_thread(_write_index, out_dir, rows)
    done = sum(bool(row.output) for row in rows)
    return done, len(rows) - done


def _found(in_dir: Path, out_dir: Path) -> list[Path]:
    out_dir.mkdir(parents=True, exist_ok=True)
    return sorted(path for path in in_dir.rglob("*") if path.is_file() and path.name != "index.csv")


def _write_index(out_dir: Path, rows: list[Row]) -> None:
    with (out_dir / "index.csv").open("w", encoding="utf-8", newline="") as file:
        index = csv.writer(file)
        index.writerow(Row._fields)
        index.writerows(rows)


async def _one(vault: Vault, path: Path, name: str, out_dir: Path, site: str) -> Row:
    data = await asyncio.to_thread(path.read_bytes)
    try:
        version = renewal.version_of(data)
        if version == vault.ring.current.version:
            return Row(name, "", "", "already-current")
        if version not in [each.version for each in vault.ring.versions]:
            return Row(name, "", "", "unknown-key-version")
        patient, study, order = renewal.pseudonyms_of(data)
        issuer, _, patient_id = (await vault.original(patient)).partition("|")
        if patient and not patient_id:
            return Row(name, "", "", "patient-not-in-vault")
        originals = Originals(issuer, patient_id, await vault.original(study), await vault.original(order))
    except Invalid as error:
        return Row(name, "", "", error.reason)
    except Refused as error:
        if error.reason.startswith("vault-"):
            raise
        return Row(name, "", "", error.reason)
    made = renewal.renewed(data, originals, vault.ring.get(version), vault.ring.current, site)
    digest = hashlib.sha256(made).hexdigest()
    output = f"{renewal.sop_instance_uid(made)}.dcm"
    await asyncio.to_thread((out_dir / output).write_bytes, made)
    return Row(name, output, digest, "")
