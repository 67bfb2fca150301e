"""What the receiving endpoints work with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from services.ingest.peers.admission import Admission
from services.ingest.reloaded import Reloaded
from services.ingest.room import Room
from services.ingest.rules.rule_file import SETTING, RuleSet, rules_in_force
from services.ingest.settings import IngestSettings
from shared.audit.log import AuditLog
from shared.blobs import Blobs
from shared.bus import Bus
from shared.documents import Documents
from shared.errors import Invalid, TooCostly
from shared.service import Cpu
from shared.set_aside import SetAsides
from shared.site.times import SYSTEM_TIME, SiteTime

P = ParamSpec("P")
R = TypeVar("R")
_SMALL_BYTES: Final = 256 << 10


@dataclass(frozen=True)
class IngestDeps:
    """blobs: the identified store.  scratch: a folder for what is too large for memory.
    cpu: for work whose cost a sender decides.  wake_up: set when something has arrived.
    audit: the audit trail of the gateway; None where nothing is recorded.
    site_time: what hours and days go by."""

    settings: IngestSettings
    documents: Documents
    blobs: Blobs
    bus: Bus
    site: str
    csv_folder: Path
    scratch: Path
    cpu: Cpu
    audit: AuditLog | None = None
    site_time: SiteTime = SYSTEM_TIME
    wake_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, data: bytes, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Have a reader of these bytes work in a thread, for large ones in a worker with limits.

        Parsers in C hold the interpreter, and so the event loop, while they run. Raises what the reader raises, and
        Invalid where it costs too much.
        """
        if len(data) <= _SMALL_BYTES:
            return await asyncio.to_thread(function, *args, **kwargs)
        try:
            return await self.cpu(function, *args, **kwargs)
        except TooCostly as error:
            raise Invalid(error.reason, error.detail) from error

    @cached_property
    def admission(self) -> Admission:
        """Who may connect. Raises SettingsError."""
        return Admission(self.settings)

    @cached_property
    def room(self) -> Room:
        """Whether there is room to take more."""
        return Room(self.scratch, self.settings.floor_bytes)

    @cached_property
    def rules(self) -> Reloaded[RuleSet]:
        """What is collected. Raises SettingsError."""
        own = self.settings
        return Reloaded(SETTING, [own.rules] if own.rules is not None else [], lambda: rules_in_force(own))

    @property
    def has_rules(self) -> bool:
        """Say whether the rules ask about what is received."""
        return self.settings.rules is not None

    @cached_property
    def set_asides(self) -> SetAsides:
        """What the work of ingest has set aside."""
        return SetAsides(self.documents, "ingest")
