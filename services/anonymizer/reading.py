"""Opens the gateway's vault for one reading by a person at the gateway."""

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from services.anonymizer import key_guard, keys
from services.anonymizer.settings import AnonymizerSettings
from services.anonymizer.vault import VAULT, VAULT_READS, VaultRead, reidentify
from shared import settings as settings_reader
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role


async def read_vault(home: Path, pseudonym: str, by: str, second: str, reason: str) -> str:
    """Return the original of a pseudonym, after the reading was recorded.

    Raises Refused, NotFound or Invalid as the vault does, SettingsError if the keys are not here.
    """
    settings = settings_reader.read(AnonymizerSettings, "ANONYMIZER", os.environ)
    folder = home / Role.GATEWAY.value
    ring = keys.load(settings.keys or folder / "keys", key_guard.of(settings))
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    read = VaultRead(str(uuid.uuid4()), pseudonym, by, second, reason, now)
    async with open_ports(port_settings(Role.GATEWAY, os.environ), Role.GATEWAY, folder, (), os.environ) as ports:
        await ports.documents.declare(VAULT, VAULT_READS)
        return await reidentify(ports.documents, ring, read, two_persons=settings.two_persons)
