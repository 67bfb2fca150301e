"""What the centre's handlers, routes and tasks work with."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property

import aiohttp

from services.linker.settings import LinkerSettings
from shared.bus import Bus
from shared.documents import Documents
from shared.set_aside import SetAsides
from shared.terms.catalogue import Catalogue
from shared.text.free_text import TextFindings
from shared.web.gateway_token import GatewayTokens


@dataclass(frozen=True)
class CentreDeps:
    """The ports, the settings, a session to ask the archive with, and the event that wakes the publisher.

    check_text: looks for names in what a person types.  terms: what codes are checked with.
    gateways: whose tokens are taken.
    """

    documents: Documents
    bus: Bus
    settings: LinkerSettings
    session: aiohttp.ClientSession
    site: str
    check_text: Callable[[str], Awaitable[TextFindings]]
    terms: Catalogue
    gateways: GatewayTokens = field(default_factory=GatewayTokens)
    wake_up: asyncio.Event = field(default_factory=asyncio.Event)

    @cached_property
    def set_asides(self) -> SetAsides:
        """What this service's work has set aside."""
        return SetAsides(self.documents, "linker")
