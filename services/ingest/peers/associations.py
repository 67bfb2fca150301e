"""Decides whether a requestor may have one more association. Pure.

Places are reserved for requestors that the settings name, so that unknown ones, however many, do not keep a modality
out.
"""

from collections.abc import Collection
from enum import Enum
from typing import NamedTuple

from services.ingest.peers.recognition import Unknown
from services.ingest.settings import IngestSettings


class Requestor(NamedTuple):
    """Who asks for an association. address: of the host.  title: the calling AE title."""

    address: str
    title: str


class Rejection(Enum):
    """Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 Table 9-21)."""

    NOT_RECOGNISED = (0x01, 0x01, 0x03)  # permanent; service user; calling AE title not recognized
    CALLED_NOT_RECOGNISED = (0x01, 0x01, 0x07)  # permanent; service user; called AE title not recognized
    LIMIT_EXCEEDED = (0x02, 0x03, 0x02)  # transient; service provider, presentation; local limit exceeded


def rejection_of(reason: Unknown) -> Rejection:
    """Return what a caller that is no listed peer is answered: of address and certificate no more than of its title."""
    return Rejection.CALLED_NOT_RECOGNISED if reason is Unknown.CALLED else Rejection.NOT_RECOGNISED


def exceeds_limits(peer: Requestor, present: Collection[Requestor], settings: IngestSettings) -> bool:
    """Say whether there is no place for one more association. present: who has one now."""
    if sum(each == peer for each in present) >= settings.max_associations_per_peer:
        return True
    places = settings.max_associations
    known = settings.known_ae or settings.allowed_ae
    if known and not _is_named(peer, known):
        places -= settings.reserved_associations
    return len(present) >= places


def _is_named(peer: Requestor, names: Collection[str]) -> bool:
    """Say whether a list has the peer, as TITLE or as TITLE@host."""
    return peer.title in names or f"{peer.title}@{peer.address}" in names
