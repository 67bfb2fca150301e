"""What the receiving endpoints work with."""

import asyncio
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from services.ingest.settings import IngestSettings
from shared.blobs import Blobs
from shared.bus import Bus
from shared.documents import Documents
from shared.service import Cpu
from shared.set_aside import SetAsides


@dataclass(frozen=True)
class IngestDeps:
    """blobs: the identified store.  scratch: a folder for what is too large for memory.
    cpu: for work whose cost a sender decides.  wake_up: set when something has arrived."""

    settings: IngestSettings
    documents: Documents
    blobs: Blobs
    bus: Bus
    site: str
    csv_folder: Path
    scratch: Path
    cpu: Cpu
    wake_up: asyncio.Event = field(default_factory=asyncio.Event)

    @cached_property
    def set_asides(self) -> SetAsides:
        """What the work of ingest has set aside."""
        return SetAsides(self.documents, "ingest")
