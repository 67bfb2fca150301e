"""Opens the gateway's vault for a person at the gateway."""

import os
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from services.anonymizer.pseudonyms import key_wrapping, keys
from services.anonymizer.pseudonyms.vault import VAULT, VAULT_READS, Original, VaultRead, reidentify, reidentify_all
from services.anonymizer.settings import AnonymizerSettings
from shared import clock
from shared import settings as settings_reader
from shared.documents import Documents
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role


async def read_vault(home: Path, pseudonym: str, by: str, second: str, reason: str) -> str:
    """Return the original of a pseudonym, after the reading was recorded.

    Raises Refused, NotFound or Invalid as the vault does, SettingsError if the keys are not here.
    """
    async with open_vault(home, Asker(by, reason, second)) as vault:
        return await vault.read(pseudonym)


class Asker(NamedTuple):
    """Who asks the vault, why, and who agrees."""

    by: str
    reason: str
    second: str


class OpenVault(NamedTuple):
    """The gateway's vault and keys, for one asker."""

    documents: Documents
    ring: keys.Keyring
    asker: Asker
    two_persons: bool

    async def read(self, pseudonym: str) -> str:
        """Return the original of a pseudonym, after the reading was recorded; raises as ``reidentify`` does."""
        return await reidentify(self.documents, self.ring, self._asked(pseudonym), two_persons=self.two_persons)

    async def read_all(self, pseudonyms: Iterable[str]) -> dict[str, Original]:
        """Return what the vault holds of several pseudonyms, after each reading was recorded."""
        reads = [self._asked(each) for each in pseudonyms]
        return await reidentify_all(self.documents, self.ring, reads, two_persons=self.two_persons)

    def _asked(self, pseudonym: str) -> VaultRead:
        now = clock.utc_now().isoformat(timespec="milliseconds")
        return VaultRead(str(uuid.uuid4()), pseudonym, self.asker.by, self.asker.second, self.asker.reason, now)


@asynccontextmanager
async def open_vault(home: Path, asker: Asker) -> AsyncIterator[OpenVault]:
    """Open the vault of a gateway's home; raise SettingsError if its keys are not here."""
    settings = settings_reader.read(AnonymizerSettings, "ANONYMIZER", os.environ)
    folder = home / Role.GATEWAY.value
    ring = keys.load(settings.keys or folder / "keys", key_wrapping.of(settings))
    async with open_ports(port_settings(Role.GATEWAY, os.environ), Role.GATEWAY, folder, (), os.environ) as ports:
        await ports.documents.declare(VAULT, VAULT_READS)
        yield OpenVault(ports.documents, ring, asker, settings.two_persons)
