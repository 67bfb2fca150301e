"""What the archive's routes and tasks work with."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from services.archive.recently_checked import RecentlyChecked
from services.archive.settings import ArchiveSettings
from services.archive.study_locks import StudyLocks
from shared.blobs import Blobs
from shared.bus import Bus
from shared.documents import Documents
from shared.service import Cpu
from shared.set_aside import SetAsides
from shared.text.free_text import TextCheck, unchecked
from shared.web.gateway_token import GatewayTokens


@dataclass(frozen=True)
class ArchiveDeps:
    """wake_up: set when the change ledger has a new row.  scratch: a folder for parts too large to hold in memory.

    text_check: looks for names in what a person typed into an object.  gateways: whose tokens are taken.
    study_locks: one writer of a Study at a time.  checked: blobs whose digest was compared a moment ago.
    """

    settings: ArchiveSettings
    documents: Documents
    blobs: Blobs
    bus: Bus
    cpu: Cpu
    site: str = ""
    scratch: Path = Path(tempfile.gettempdir())
    text_check: TextCheck = unchecked
    gateways: GatewayTokens = field(default_factory=GatewayTokens)
    wake_up: asyncio.Event = field(default_factory=asyncio.Event)
    study_locks: StudyLocks = field(default_factory=StudyLocks)
    checked: RecentlyChecked = field(default_factory=RecentlyChecked)

    @cached_property
    def set_asides(self) -> SetAsides:
        """What the archive's work has set aside."""
        return SetAsides(self.documents, "archive")
