"""Renews the pseudonyms of files on disk, with the gateway's vault and keys; every look into the vault is recorded.

Run again after a kill, it does the same again: what is made depends on the files and keys alone.
"""

import asyncio
import csv
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress

from services.anonymizer.pseudonyms.keys import KeySet
from services.anonymizer.pseudonyms.vault import VAULT, Original, Sealed
from services.anonymizer.pseudonyms.vault_access import OpenVault
from services.anonymizer.pseudonyms.vault_entries import Written
from services.anonymizer.rotation import instances, reports
from services.anonymizer.rotation.instances import Renewed, Sent
from services.anonymizer.rotation.reports import RenewedReport, SentReport
from shared.documents import Put
from shared.errors import Invalid, JmidError, Refused
from shared.logs import decided
from shared.supervision import origin


class Row(NamedTuple):
    """One line of the index. input: the file, of several reports in one with ``#`` and which.  sha256: of the output,
    which is empty where a reason says why there is none.  guessed: what is not as if it were sent now: pseudonyms that
    were made from old ones, by kind, and dates and texts that are unsure.
    """

    input: str
    output: str = ""
    sha256: str = ""
    reason: str = ""
    guessed: str = ""


class Lookups:
    """What the vault says, for one run: each pseudonym is read, and its reading recorded, once."""

    def __init__(self, vault: OpenVault) -> None:
        self._vault = vault
        self.ring = vault.ring
        self._known: dict[str, Original | None] = {}
        self._written = Written()

    async def of(self, pseudonyms: Iterable[str]) -> dict[str, Original]:
        """Return what these pseudonyms stand for, without those that the vault does not hold."""
        asked = list(pseudonyms)
        if new := [each for each in asked if each not in self._known]:
            self._known |= dict.fromkeys(new) | await self._vault.read_all(new)
        return {each: original for each in asked if (original := self._known[each]) is not None}

    async def keep(self, sealed: Iterable[Sealed]) -> None:
        """Write the way back from new pseudonyms."""
        missing = self._written.missing(sealed)
        await self._vault.documents.write(*(Put(VAULT, each) for each in missing))
        self._written.note(missing)


async def renew_folder(vault: OpenVault, in_dir: Path, out_dir: Path, site: str, console: Console) -> tuple[int, int]:
    """Renew every Instance and report below in_dir; return how many were, and how many were not.

    Raises Refused if the vault does not answer this asker.
    """
    paths = await asyncio.to_thread(_found, in_dir, out_dir)
    lookups, rows = Lookups(vault), list[Row]()
    with Progress(console=console) as bar:
        for path in bar.track(paths, description="Renewing"):
            rows += await _file_or_why_not(lookups, path, str(path.relative_to(in_dir)), out_dir, site)
    await asyncio.to_thread(_write_index, out_dir, rows)
    done = sum(bool(row.output) for row in rows)
    return done, len(rows) - done


def _found(in_dir: Path, out_dir: Path) -> list[Path]:
    out_dir.mkdir(parents=True, exist_ok=True)
    return sorted(path for path in in_dir.rglob("*") if path.is_file() and path.name != "index.csv")


def _write_index(out_dir: Path, rows: list[Row]) -> None:
    (out_dir / "index.csv").touch(mode=0o600)  # it ties old pseudonyms to new ones
    with (out_dir / "index.csv").open("w", encoding="utf-8", newline="") as file:
        index = csv.writer(file)
        index.writerow(Row._fields)
        index.writerows(rows)


async def _file_or_why_not(lookups: Lookups, path: Path, name: str, out_dir: Path, site: str) -> list[Row]:
    """Renew what is in one file; whatever is wrong with it stops no other. Raises what is the vault's or a port's."""
    try:
        return await _file(lookups, path, name, out_dir, site)
    except JmidError:
        raise
    except Exception as error:
        decided("file-not-handled", level="error", error=type(error).__name__, origin=origin(error) or None)
        return [Row(name, reason="not-handled")]


async def _file(lookups: Lookups, path: Path, name: str, out_dir: Path, site: str) -> list[Row]:
    data = await asyncio.to_thread(path.read_bytes)
    try:
        if data[128:132] == b"DICM" or data.lstrip()[:1] != b"{":
            return [await _one(lookups, instances.read(data), name, out_dir, site)]
        documents = reports.documents_in(data)
    except (Invalid, Refused) as error:
        return [Row(name, reason=_reason(error))]
    rows = []
    for number, document in enumerate(documents, start=1):
        own_name = name if len(documents) == 1 else f"{name}#{number}"
        try:
            rows.append(await _one(lookups, reports.read(document), own_name, out_dir, site))
        except (Invalid, Refused) as error:
            rows.append(Row(own_name, reason=_reason(error)))
    return rows


def _reason(error: Invalid | Refused) -> str:
    if error.reason.startswith("vault-"):
        raise error
    return error.reason


async def _one(lookups: Lookups, sent: Sent | SentReport, name: str, out_dir: Path, site: str) -> Row:
    """Renew one Instance or report. Raises Refused: it cannot be."""
    new = lookups.ring.current
    version = sent.version or _version(await lookups.of(sent.names))
    if version == new.version:
        return Row(name, reason="already-current")
    old = next((each for each in lookups.ring.versions if each.version == version), None)
    if old is None:
        raise Refused("unknown-key-version", "the key folder does not hold the version that made the pseudonyms")
    renewed, stem, suffix = await _renewed(lookups, sent, old, site)
    await lookups.keep(renewed.sealed)
    digest = hashlib.sha256(renewed.data).hexdigest()
    output = await asyncio.to_thread(
        _write, out_dir, (f"{stem}{suffix}", f"{stem}-{digest[:12]}{suffix}"), renewed.data
    )
    guessed = " ".join(f"{kind}:{count}" for kind, count in renewed.guessed.items())
    return Row(name, output, digest, guessed=guessed)


async def _renewed(
    lookups: Lookups, sent: Sent | SentReport, old: KeySet, site: str
) -> tuple[Renewed | RenewedReport, str, str]:
    """Return what it became, and how its file is named and ends."""
    new = lookups.ring.current
    if isinstance(sent, SentReport):
        known = await lookups.of(reports.pseudonyms_in(sent))
        report = reports.renewed(sent, known, old, new, site)
        return report, report.report_id, ".json"
    known = await lookups.of(await asyncio.to_thread(instances.pseudonyms_in, sent, new))
    instance = await asyncio.to_thread(instances.renewed, sent, known, old, new, site)
    return instance, instance.sop_instance_uid, ".dcm"


def _version(known: dict[str, Original]) -> str:
    return next((each.keys_version for each in known.values()), "")


def _write(out_dir: Path, names: Sequence[str], data: bytes) -> str:
    """Write under the first name that is free or holds the same: two versions of one report are two files."""
    for name in names:
        path = out_dir / name
        if not path.exists() or path.read_bytes() == data:
            break
    path.write_bytes(data)
    return name
