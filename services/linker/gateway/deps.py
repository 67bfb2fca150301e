"""What the gateway's handlers, routes and tasks work with."""

import asyncio
from dataclasses import dataclass, field
from functools import cached_property

from services.linker.links.policy import Policy
from services.linker.settings import LinkerSettings
from shared.blobs import Blobs
from shared.bus import Bus
from shared.documents import Documents
from shared.retention import RetentionClock
from shared.set_aside import SetAsides
from shared.site.times import SYSTEM_TIME, SiteTime


class WakeUp:
    """Wakes every delivery worker of this process."""

    def __init__(self) -> None:
        self._listeners: list[asyncio.Event] = []

    def listen(self) -> asyncio.Event:
        """Return an event that is set by every ``set``."""
        listener = asyncio.Event()
        self._listeners.append(listener)
        return listener

    def set(self) -> None:
        """Wake all."""
        for listener in self._listeners:
            listener.set()


@dataclass(frozen=True)
class GatewayDeps:
    """The ports, the settings, what hours go by, and the event that wakes the delivery workers."""

    documents: Documents
    blobs: Blobs
    bus: Bus
    settings: LinkerSettings
    policy: Policy
    site: str
    site_time: SiteTime = SYSTEM_TIME
    wake_up: WakeUp = field(default_factory=WakeUp)

    @cached_property
    def retention_clock(self) -> RetentionClock:
        """The time that the release of delivered Instances goes by."""
        return RetentionClock(self.documents, "linker")

    @cached_property
    def set_asides(self) -> SetAsides:
        """What this service's work has set aside."""
        return SetAsides(self.documents, "linker")
