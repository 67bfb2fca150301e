"""What the archive's routes and tasks work with."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from services.archive.settings import ArchiveSettings
from services.archive.study_locks import Turns
from shared.blobs import Blobs
from shared.bus import Bus
from shared.documents import Documents
from shared.service import Cpu


@dataclass(frozen=True)
class ArchiveDeps:
    """bell: set when the ledger has something new.  scratch: a folder for parts too large to hold in memory.

    turns: who writes a Study now.  committed: ids of ledger rows whose whole commit this process saw succeed.
    """

    settings: ArchiveSettings
    documents: Documents
    blobs: Blobs
    bus: Bus
    cpu: Cpu
    site: str = ""
    scratch: Path = Path(tempfile.gettempdir())
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    turns: Turns = field(default_factory=Turns)
    committed: set[str] = field(default_factory=set)
