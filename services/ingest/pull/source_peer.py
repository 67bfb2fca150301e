"""What a source is asked, whichever protocol it speaks."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from services.ingest.pull.wanted import Keys
from services.ingest.receipts.receiving import Bytes

Keep = Callable[[Bytes, str], Awaitable[int]]
"""Keeps one Instance, given with its SOP Instance UID or '', and returns its status."""


class Found(msgspec.Struct, frozen=True):
    """A Study that a source has. expected: its Instances, 0 if the source does not say."""

    uid: str
    expected: int = 0


class Retrieved(msgspec.Struct, frozen=True):
    """What a retrieve came to. arrived, failed: Instances.  reason: why it did not come to its end; empty if it did.

    is_ours: whether they came by the receipt of the pull; else, as by C-MOVE, each association has its own.
    """

    arrived: int
    failed: int
    reason: str = ""
    is_ours: bool = True


class SourcePeer(Protocol):
    """A source. Both raise Unavailable while it does not answer."""

    async def find(self, keys: Keys) -> list[Found]:
        """Return the Studies that match. Raises Refused where the source does not take the query."""

    async def retrieve(self, study_instance_uid: str, keep: Keep) -> Retrieved:
        """Have a Study sent."""
