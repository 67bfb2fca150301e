"""Renews the pseudonyms of files on disk, with the gateway's vault and keys; every look into the vault is recorded.

Run again after a kill, it does the same again: what is made depends on the files and keys alone.
"""

import asyncio
import csv
import hashlib
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress

from services.anonymizer import renewal
from services.anonymizer.reading import OpenVault
from shared.errors import Invalid, NotFound, Refused


class Row(NamedTuple):
    """One line of the index. sha256: of the output, which is empty where a reason says why there is none."""

    input: str
    output: str
    sha256: str
    reason: str


class Lookups:
    """What the vault says, for one run: each pseudonym is read, and its reading recorded, once."""

    def __init__(self, vault: OpenVault) -> None:
        self._vault = vault
        self.ring = vault.ring
        self._known: dict[str, str] = {}

    async def of(self, pseudonym: str) -> str:
        """Return what a pseudonym stands for, empty if the vault has no such entry."""
        if pseudonym and pseudonym not in self._known:
            try:
                self._known[pseudonym] = await self._vault.read(pseudonym)
            except NotFound:
                self._known[pseudonym] = ""
        return self._known.get(pseudonym, "")


async def renew_folder(vault: OpenVault, in_dir: Path, out_dir: Path, site: str, console: Console) -> tuple[int, int]:
    """Renew every Instance below in_dir; return how many were, and how many were not.

    Raises Refused if the vault does not answer this asker.
    """
    paths = await asyncio.to_thread(_found, in_dir, out_dir)
    lookups, rows = Lookups(vault), list[Row]()
    with Progress(console=console) as bar:
        for path in bar.track(paths, description="Renewing"):
            rows.append(await _one(lookups, path, str(path.relative_to(in_dir)), out_dir, site))
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


async def _one(vault: Lookups, path: Path, name: str, out_dir: Path, site: str) -> Row:
    data = await asyncio.to_thread(path.read_bytes)
    try:
        version = renewal.version_of(data)
        if version == vault.ring.current.version:
            return Row(name, "", "", "already-current")
        if version not in [each.version for each in vault.ring.versions]:
            return Row(name, "", "", "unknown-key-version")
        patient, study, order = renewal.pseudonyms_of(data)
        issuer, _, patient_id = (await vault.of(patient)).partition("|")
        if patient and not patient_id:
            return Row(name, "", "", "patient-not-in-vault")
        originals = renewal.Originals(issuer, patient_id, await vault.of(study), await vault.of(order))
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
